"""kill -9 around webhooks: what was acknowledged is there, and starts what it starts once."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from tests.engine.test_kill import Killed
from tests.web.client import Client, Reply
from tests.web.signed import hub

SECRET = "a secret of the environment"
WAITS = """
name: ci
triggers: [{event: pull_request, paths: "src/**"}, {event: push, branches: main}]
stages: [{name: a, run: "echo $ORCHESTRATE_RUN_ID >> witness"}]
"""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Killed]:
    """A project whose server knows the secret of GitHub from the environment."""
    monkeypatch.setenv("ORCHESTRATE_WEBHOOK_SECRET_GITHUB", SECRET)
    project = Killed(tmp_path)
    project.serve()
    project.client.post("/api/pipelines", {"definition": WAITS})
    yield project
    project.client.close()
    project.stop()


def send(project: Killed, event: str, payload: Any, number: str) -> Reply:
    raw = json.dumps(payload).encode()
    headers = {
        "Content-Type": "application/json", "X-GitHub-Event": event, "X-GitHub-Delivery": number,
        "X-Hub-Signature-256": hub(SECRET, raw),
    }  # fmt: skip
    client = Client(project.data / "api.sock")
    return client.ask("POST", "/api/webhooks/github", raw=raw, headers=headers)


def rows(project: Killed, query: str) -> list[Any]:
    with closing(sqlite3.connect(project.data / "orchestrate.db")) as base:
        return base.execute(query).fetchall()


def opened(number: int) -> dict[str, Any]:
    sides = {"base": {"ref": "main", "sha": "a" * 40}, "head": {"ref": "x", "sha": "b" * 40}}
    return {"action": "opened", "number": number, "pull_request": {"number": number, **sides}}


@pytest.mark.crash
def test_a_crash_between_the_answer_and_the_run_loses_neither(
    server: Killed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git hangs, so the answer is given before it is known what is started; then the end comes."""
    (server.home / ".git").mkdir()
    tools, pid = tmp_path / "bin", tmp_path / "pid"
    tools.mkdir()
    (tools / "git").write_text(f"#!/bin/sh\necho $$ > {pid}\nexec sleep 60\n")
    (tools / "git").chmod(0o755)
    path = os.environ["PATH"]
    server.kill()
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{path}")
    server.serve()
    reply = send(server, "pull_request", opened(1), "pr-1")
    assert (reply.status, reply.data["runs"]) == (202, [])
    server.kill()
    os.kill(int(pid.read_text()), signal.SIGKILL)
    assert rows(server, "SELECT processed_at FROM trigger_events") == [(None,)]
    assert rows(server, "SELECT count(*) FROM pipeline_runs") == [(0,)]
    monkeypatch.setenv("PATH", path)
    server.serve()
    server.until(lambda: len(server.lines("witness")) == 1)
    again = send(server, "pull_request", opened(1), "pr-1")
    assert (again.status, again.data["event"]) == (200, reply.data["event"])
    assert len(again.data["runs"]) == 1
    event = server.client.get(f"/api/events/{reply.data['event']}")
    assert event["outcome"]["started"][0]["note"] == "the changed paths are not known (line 3)"
    assert event["outcome"]["notes"][-1] == (
        "changed paths: the clone here does not know these commits"
    )


@pytest.mark.crash
def test_what_was_acknowledged_is_stored_and_nothing_twice(server: Killed) -> None:
    """Three kills within a stream of deliveries; then all of them are delivered once more."""
    acknowledged: dict[str, int] = {}
    numbers = [f"push-{n}" for n in range(60)]
    middle = threading.Event()

    def deliver() -> None:
        for place, number in enumerate(numbers):
            payload = {"ref": "refs/heads/main", "after": "c" * 40, "n": number, "commits": []}
            with suppress(OSError, HTTPException):
                acknowledged[number] = send(server, "push", payload, number).data["event"]
            if place % 15 == 7:
                middle.set()

    for _ in range(3):
        middle.clear()
        sender = threading.Thread(target=deliver)
        sender.start()
        assert middle.wait(30)
        server.kill()
        sender.join()
        server.serve()
    before = dict(acknowledged)
    deliver()
    assert before, "the kills came before anything"
    assert acknowledged.keys() == set(numbers)
    assert {number: acknowledged[number] for number in before} == before
    stored = Counter(number for (number,) in rows(server, "SELECT delivery FROM trigger_events"))
    assert {number: stored[number] for number in numbers} == dict.fromkeys(numbers, 1)
    server.until(lambda: len(server.lines("witness")) >= len(numbers))
    server.until(lambda: not server.client.get("/api/pipeline-runs", status="running")["items"])
    assert len(server.lines("witness")) == len(set(server.lines("witness"))) == len(numbers)
