"""A real server and its webhooks: how soon the first agent starts, how many are acknowledged."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path

from orchestrate.cli.client import Address, Client
from orchestrate.cli.failure import Failure

SECRET = "a secret of the benchmark"  # noqa: S105 - of nobody
TURNS = 40
FLOOD = 5_000
SENDERS = 16
FLOOD_S_MAX = 10.0
WAIT_S = 30.0
WATCHERS = 20
"""Pipelines that look at each event, and are not started by it."""


def main() -> None:
    """Print one line per figure."""
    home = Path(tempfile.mkdtemp(prefix="bench-", dir=Path.cwd()))
    environ = {
        **os.environ,
        "ORCHESTRATE_HOME": str(home / "data"),
        "ORCHESTRATE_WEBHOOK_SECRET_GITHUB": SECRET,
    }
    words = [sys.executable, "-m", "orchestrate", "serve", "--port", "0"]
    server = subprocess.Popen(words, cwd=home, env=environ, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        port = int(next(each for each in server.stderr if "http://" in each).rpartition(":")[2])
        threading.Thread(target=server.stderr.read, daemon=True).start()
        _figures(home, port, server.pid)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(WAIT_S)
        shutil.rmtree(home, ignore_errors=True)


def _figures(home: Path, port: int, pid: int) -> None:
    client = Client(Address(socket=home / "data" / "api.sock"))
    trigger = "triggers: [{event: push, branches: BRANCH, paths: 'src/**'}]\n"
    stages = "stages: [{name: first, run: 'true'}]\n"
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            client.get("/readyz")
            break
        except Failure:
            if time.monotonic() > deadline:
                raise
    for number in range(WATCHERS):
        text = f"name: p{number}\n{trigger.replace('BRANCH', f'branch-{number}')}{stages}"
        client.post("/api/pipelines", {"definition": text})
    soon = [_first_agent_s(home, port, number) for number in range(TURNS)]
    print(f"webhook to first agent                p50 {statistics.median(soon) * 1e3:6.2f} ms")
    print(f"webhook to first agent                p95 {_share(soon, 0.95) * 1e3:6.2f} ms")
    before = _processor_s(pid)
    taken, each = _flood(port)
    worked_s = _processor_s(pid) - before
    said = "" if taken <= FLOOD_S_MAX else f"  (more than {FLOOD_S_MAX:.0f} s)"
    print(f"{FLOOD:,} webhooks acknowledged            {taken:6.2f} s{said}")
    print(
        f"one of them, of {SENDERS} senders             p50 {statistics.median(each) * 1e3:6.2f} ms"
    )
    print(f"one of them, of {SENDERS} senders             p99 {_share(each, 0.99) * 1e3:6.2f} ms")
    print(f"one of them, time of the processor        {worked_s / FLOOD * 1e3:6.2f} ms")
    with closing(_database(home)) as base:
        (stored,) = base.execute(
            "SELECT count(*) FROM trigger_events WHERE source = 'github'"
        ).fetchone()
    assert stored == FLOOD + TURNS, "what was acknowledged is stored"


def _body(branch: str, number: int) -> bytes:
    """About as long as a push of GitHub: 8 KB."""
    commit = {
        "id": hashlib.sha1(str(number).encode(), usedforsecurity=False).hexdigest(),
        "message": "Change what is sold " + "x" * 200,
        "author": {"name": "Ann", "email": "ann@example.com"},
        "added": [], "removed": [], "modified": [f"src/shop/{n}.py" for n in range(10)],
    }  # fmt: skip
    return json.dumps({
        "ref": f"refs/heads/{branch}", "before": "b" * 40, "after": commit["id"],
        "repository": {"full_name": "acme/shop", "html_url": "https://example.com/acme/shop",
                       **{f"{name}_url": f"https://example.com/{name}" for name in "abcdefghij"}},
        "sender": {"login": "octo"}, "commits": [commit] * 10, "head_commit": commit,
    }).encode()  # fmt: skip


def _post(connection: http.client.HTTPConnection, body: bytes, number: str) -> dict[str, object]:
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    connection.request("POST", "/api/webhooks/github", body, {
        "Content-Type": "application/json", "X-GitHub-Event": "push", "X-GitHub-Delivery": number,
        "X-Hub-Signature-256": f"sha256={signature}",
    })  # fmt: skip
    answer = connection.getresponse()
    said: dict[str, object] = json.loads(answer.read())
    assert answer.status == 202, said
    return said


def _first_agent_s(home: Path, port: int, number: int) -> float:
    """From sending a webhook to the start of its run's first process."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)) as connection:
        body = _body(f"branch-{number % WATCHERS}", number)
        begin = time.time()
        runs = _post(connection, body, f"soon-{number}")["runs"]
    assert isinstance(runs, list), "a webhook is answered with its runs"
    run = int(runs[0])
    deadline = time.monotonic() + WAIT_S
    query = "SELECT started_at FROM agents WHERE run_id = ? AND completed_at IS NOT NULL"
    with closing(_database(home)) as base:
        while not (found := base.execute(query, (run,)).fetchone()):
            if time.monotonic() > deadline:
                raise TimeoutError("the run's first process did not end")
    return datetime.fromisoformat(found[0]).timestamp() - begin


def _flood(port: int) -> tuple[float, list[float]]:
    """Seconds until all are acknowledged, and for each of them; no pipeline is started by them."""
    bodies = [_body("elsewhere", number) for number in range(FLOOD)]
    each: list[float] = []

    def send(first: int) -> None:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)) as connection:
            for number in range(first, FLOOD, SENDERS):
                begin = time.perf_counter()
                _post(connection, bodies[number], f"flood-{number}")
                each.append(time.perf_counter() - begin)

    senders = [threading.Thread(target=send, args=(first,)) for first in range(SENDERS)]
    begin = time.perf_counter()
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return time.perf_counter() - begin, each


def _processor_s(pid: int) -> float:
    """Seconds of a processor that the server has used: other load does not count."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _database(home: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{home / 'data' / 'orchestrate.db'}?mode=ro", uri=True)


def _share(values: list[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)]


if __name__ == "__main__":
    main()
