"""A real server: what it costs at rest, and how soon it answers and starts something."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from bench.pipelines import OWNER, bed, definition, ledger
from orchestrate.cli.client import Address, Client
from orchestrate.core.commands import Approve
from orchestrate.core.people import Caller
from orchestrate.engine import catalog
from orchestrate.engine.door import Door

IDLE_S = 5.0
WAIT_S = 20.0
TURNS = 15
VOTES = 99


def main() -> None:
    """Print one line per figure."""
    took, bare = _transition_s()
    beside = f"({took / bare:.1f}x a bare row committed beside it)"
    print(f"engine transition (tell, fsync)       p50 {took * 1e3:6.2f} ms  {beside}")
    home = Path(tempfile.mkdtemp(prefix="bench-", dir=Path.cwd()))
    environ = {**os.environ, "ORCHESTRATE_HOME": str(home / "data")}
    words = [sys.executable, "-m", "orchestrate", "serve", "--port", "0"]
    server = subprocess.Popen(words, cwd=home, env=environ, stderr=subprocess.DEVNULL)
    try:
        _wait(home, environ)
        _figures(home, environ, server.pid)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(WAIT_S)
        shutil.rmtree(home, ignore_errors=True)


def _wait(home: Path, environ: dict[str, str]) -> None:
    deadline = time.monotonic() + WAIT_S
    while _command(home, environ, "pipeline", "list") != 0 or not (home / "data/api.sock").exists():
        if time.monotonic() > deadline:
            raise TimeoutError("the server did not come up")


def _figures(home: Path, environ: dict[str, str], pid: int) -> None:
    (home / "one.yaml").write_text(definition("one", [("first", [])]))
    _command(home, environ, "pipeline", "create", "one.yaml")
    python, listed, soon = [], [], []
    for _ in range(TURNS):
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        python.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        _command(home, environ, "pipeline", "list")
        listed.append(time.perf_counter() - begin)
        soon.append(_first_process_s(home / "data"))
    print(f"request to first process              p50 {statistics.median(soon) * 1e3:6.2f} ms")
    asked, bare = statistics.median(listed), statistics.median(python)
    ratio = f"({asked / bare:.1f}x a bare interpreter)"
    print(f"a command against a running server    p50 {asked * 1e3:6.0f} ms  {ratio}")
    before = _ticks(pid)
    time.sleep(IDLE_S)
    share = (_ticks(pid) - before) / os.sysconf("SC_CLK_TCK") / IDLE_S
    print(f"idle server: memory                       {_resident_mb(pid):6.0f} MB")
    print(f"idle server: of one core                  {share * 100:6.2f} %")


def _command(home: Path, environ: dict[str, str], *words: str) -> int:
    argv = [sys.executable, "-m", "orchestrate", *words]
    done = subprocess.run(argv, cwd=home, env=environ, capture_output=True, check=False)
    return done.returncode


def _first_process_s(data: Path) -> float:
    """From sending a request on the local socket to the start of the run's first process."""
    client = Client(Address(socket=data / "api.sock"))
    begin = time.time()
    run = client.post("/api/pipelines/one/run", {})
    deadline = time.monotonic() + WAIT_S
    query = "SELECT started_at FROM agents WHERE run_id = ? AND completed_at IS NOT NULL"
    base = sqlite3.connect(f"file:{data / 'orchestrate.db'}?mode=ro", uri=True)
    try:
        while True:
            found = base.execute(query, (run["id"],)).fetchone()
            if found:
                return datetime.fromisoformat(found[0]).timestamp() - begin
            if time.monotonic() > deadline:
                raise TimeoutError("the run's first process did not end")
    finally:
        base.close()


def _transition_s() -> tuple[float, float]:
    """Median seconds of one word at the door, decided, committed, answered; of a bare commit."""
    people = [f"p{n}" for n in range(VOTES + 1)]
    text = (
        "name: votes\nstages:\n  - name: gate\n    run: 'true'\n    requires_approval: true\n"
        f"    approvers: [{', '.join(people)}]\n    approval: {{quorum: all}}\n"
    )
    taken, bare = [], []
    with bed() as ours, ledger() as commit:
        catalog.create(ours.engine, text, by=OWNER)
        run = ours.start("votes")
        for name in people[:VOTES]:
            vote = Approve(approval=1, by=Caller(name=name))

            def act(door: Door, vote: Approve = vote) -> None:
                door.tell(run, vote)

            begin = time.perf_counter()
            ours.engine.perform(act).result()
            taken.append(time.perf_counter() - begin)
            begin = time.perf_counter()
            commit(name)
            bare.append(time.perf_counter() - begin)
    return statistics.median(taken), statistics.median(bare)


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(each for each in status.splitlines() if each.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
