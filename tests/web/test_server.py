"""The server on its sockets: how it begins, what it refuses, how it ends, what it costs at rest."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from orchestrate.engine.driver import Engine
from orchestrate.engine.layout import Layout
from orchestrate.store.failures import StoreBusy, StoreFull
from orchestrate.web import app as application
from orchestrate.web import arrival, protocol
from orchestrate.web.app import create_app
from orchestrate.web.server import CannotListen, Server
from tests.web.client import Client, dial
from tests.web.conftest import House, close_house, open_house

ROOT = Path(__file__).parent.parent.parent


# ── how it begins ────────────────────────────────────────────────────────────────────────────────


def test_the_socket_is_for_its_user_alone(fresh: House) -> None:
    assert stat.S_IMODE(fresh.socket.stat().st_mode) == 0o600
    assert stat.S_ISSOCK(fresh.socket.stat().st_mode)


def test_a_socket_left_behind_is_taken_over(tmp_path: Path) -> None:
    left = tmp_path / "project" / ".orchestrate"
    left.mkdir(parents=True)
    dead = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    dead.bind(str(left / "api.sock"))
    dead.close()
    house = open_house(tmp_path)
    assert house.client.get("/readyz").data == {"status": "ready"}
    close_house(house)
    assert not house.socket.exists()


def test_a_path_may_be_longer_than_an_address(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    house = open_house(deep)
    assert house.client.get("/healthz").data == {"status": "ok"}
    close_house(house)


# ruff: noqa: S104 - what is refused has to be asked
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])
def test_nothing_but_loopback_is_served(fresh: House, tmp_path: Path, host: str) -> None:
    with pytest.raises(CannotListen) as caught:
        Server(fresh.app, tmp_path / "other.sock", (host, 0)).start()
    assert caught.value.text.startswith(f"{host} is not this machine alone")
    assert caught.value.hint == "serve on 127.0.0.1; from elsewhere, come through ssh -L"
    assert not (tmp_path / "other.sock").exists()


def test_a_port_that_is_taken_is_told(fresh: House, tmp_path: Path) -> None:
    with pytest.raises(CannotListen) as caught:
        Server(fresh.app, tmp_path / "other.sock", ("127.0.0.1", fresh.port)).start()
    wanted = f"127.0.0.1:{fresh.port} cannot be had: another program listens there"
    assert caught.value.text == wanted


def test_six_is_served_like_four(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    engine = Engine(Layout(data=tmp_path / "data", project=tmp_path))
    engine.open()
    server = Server(create_app(engine), engine.layout.socket, ("::1", 0))
    try:
        server.start()
    except CannotListen as refused:
        engine.close()
        pytest.skip(refused.text)
    connection = socket.create_connection(("::1", server.port or 0))
    connection.sendall(f"GET /healthz HTTP/1.1\r\nHost: [::1]:{server.port}\r\n\r\n".encode())
    assert connection.recv(15) == b"HTTP/1.1 200 OK"
    connection.close()
    server.stop()
    engine.close()


# ── how it ends ──────────────────────────────────────────────────────────────────────────────────


def test_who_waits_is_let_go_at_once(tmp_path: Path) -> None:
    house = open_house(tmp_path)
    name = house.create("- {name: a, run: 'true', requires_approval: true, approvers: [x]}")
    run_id = house.run(name)
    run = house.until(run_id, "waiting_approval")
    path = f"/api/pipeline-runs/{run_id}/events?after={run['seq']}&wait=30"
    replies: list[Any] = []
    asked = threading.Thread(target=lambda: replies.append(house.client.get(path)))
    asked.start()
    while not house.app.site.ear._ears:
        os.sched_yield()
    started = time.monotonic()
    close_house(house)
    asked.join(30)
    assert time.monotonic() - started < 2
    assert (replies[0].status, replies[0].data["items"]) == (200, [])


def test_it_stops_without_being_asked_anything(tmp_path: Path) -> None:
    house = open_house(tmp_path)
    started = time.monotonic()
    close_house(house)
    assert time.monotonic() - started < 1
    house.server.stop()


SERVE = """
import sys
from pathlib import Path
from orchestrate.engine.driver import Engine
from orchestrate.engine.layout import Layout
from orchestrate.web.app import create_app
from orchestrate.web.server import Server
project = Path(sys.argv[1])
engine = Engine(Layout(data=project / ".orchestrate", project=project))
engine.open()
server = Server(create_app(engine), engine.layout.socket, ("127.0.0.1", 0))
server.run(ready=lambda: print(server.port, flush=True))
engine.close()
print("ended", flush=True)
"""


def served(project: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SERVE, str(project)]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)
    assert process.stdout is not None
    assert process.stdout.readline().strip().isdecimal()
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_everything_said(tmp_path: Path, number: signal.Signals) -> None:
    process = served(tmp_path)
    client = Client(tmp_path / ".orchestrate" / "api.sock")
    assert client.get("/readyz").status == 200
    process.send_signal(number)
    said, _ = process.communicate(timeout=30)
    assert (said, process.returncode) == ("ended\n", 0)
    assert not (tmp_path / ".orchestrate" / "api.sock").exists()


def test_it_costs_nothing_at_rest(tmp_path: Path) -> None:
    """No pulse: an idle server makes no step of its own, and is small."""
    process = served(tmp_path)
    client = Client(tmp_path / ".orchestrate" / "api.sock")
    assert client.get("/api/pipelines").status == 200
    before = switches(process.pid)
    threading.Event().wait(1.0)
    assert switches(process.pid) - before <= 3
    status = Path(f"/proc/{process.pid}/status").read_text()
    resident_kb = int(status.partition("VmRSS:")[2].split()[0])
    assert resident_kb < 150 * 1024
    process.terminate()
    process.communicate(timeout=30)


def switches(pid: int) -> int:
    """How often its threads began to run."""
    found = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        lines = (task / "status").read_text().splitlines()
        found += sum(int(each.split()[1]) for each in lines if "ctxt_switches" in each)
    return found


# ── bounds ───────────────────────────────────────────────────────────────────────────────────────


def test_a_request_that_never_comes_is_not_waited_for(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_WAIT_S", 0.2)
    for begun in (b"", b"GET /healthz HT", b"\r\n\r\n"):
        connection = dial(house.socket)
        connection.sendall(begun)
        assert connection.recv(20).startswith(b"HTTP/1.1 408")
        connection.close()


def test_a_body_that_never_comes_is_not_waited_for(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrival, "BODY_WAIT_S", 0.2)
    connection = dial(house.socket)
    connection.sendall(b"POST /api/validate HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
    assert connection.recv(20).startswith(b"HTTP/1.1 408")
    connection.close()


def test_an_answer_that_nobody_takes_is_given_up(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "UNHEARD_S_MAX", 0.2)
    connection = dial(house.socket)
    request = b"GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
    with pytest.raises(ConnectionError):
        connection.sendall(request * 100_000)
    connection.close()


def test_more_than_can_be_served_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "CALLS_MAX", 0)
    reply = house.client.get("/healthz")
    assert (reply.status, reply.data["type"]) == (503, "/api/problems/busy")
    assert reply.headers["Retry-After"] == "1"
    monkeypatch.setattr(protocol, "CONNECTIONS_MAX", 0)
    connection = dial(house.socket)
    assert connection.recv(20).startswith(b"HTTP/1.1 503")
    connection.close()


def test_who_hangs_up_is_not_waited_for(house: House) -> None:
    name = house.create("- {name: a, run: 'true', requires_approval: true, approvers: [x]}")
    run_id = house.run(name)
    run = house.until(run_id, "waiting_approval")
    path = f"/api/pipeline-runs/{run_id}/events?after={run['seq']}&wait=30"
    connection = dial(house.socket)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    while not house.app.site.ear._ears:
        os.sched_yield()
    connection.close()
    until = time.monotonic() + 10
    while house.app.site.ear._ears:
        assert time.monotonic() < until
        os.sched_yield()


# ── failures below ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fault", "status"),
    [(StoreFull("full"), 507), (StoreBusy("busy"), 503), (ZeroDivisionError("secret"), 500)],
)
def test_a_failure_below_is_told_without_its_inside(
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    fault: Exception,
    status: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fails(*_: Any) -> None:
        raise fault

    name = house.create("- {name: a, run: 'true'}")
    monkeypatch.setattr(house.engine._store, "set_enabled", fails)
    reply = house.client.post(f"/api/pipelines/{name}/disable")
    assert reply.status == status
    assert "secret" not in reply.text
    assert "Traceback" not in reply.text
    assert status != 500 or "ZeroDivisionError" in caplog.text
    assert house.client.get("/readyz").status == 200


def test_an_engine_that_ends_takes_nothing(tmp_path: Path) -> None:
    house = open_house(tmp_path)
    house.engine.close()
    reply = house.client.get("/readyz")
    assert (reply.status, reply.headers["Retry-After"]) == (503, "1")
    house.server.stop()


def test_a_connection_that_is_kept_answers_at_once(house: House) -> None:
    """A system that waits to fill a packet takes 40 ms for each answer behind the first."""
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=20)
    begun = time.monotonic()
    for _ in range(25):
        connection.request("POST", "/api/validate", b"{}", {"Content-Type": "application/json"})
        connection.getresponse().read()
    took_s = time.monotonic() - begun
    connection.close()
    assert took_s < 25 * 0.04 * 0.75
