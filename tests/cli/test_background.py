"""More than one command at a time: servers, one that leaves by itself, and who takes over."""

from __future__ import annotations

import re
import signal
import socket
import threading
from pathlib import Path

import pytest

from orchestrate.cli.client import Address, Client
from orchestrate.cli.failure import Unreachable
from tests.cli.conftest import Project, eventually

HELD = "- {name: work, run: 'echo begun; until test -e go; do sleep 0.05; done; echo over'}"
GATE = "- {name: deploy, run: 'echo deployed', requires_approval: true, approvers: [lead]}"


def test_a_detached_run_is_carried_out_in_the_background(project: Project) -> None:
    file = project.pipeline("detached", HELD)
    done = project.ask("pipeline", "run", file, "--detach")
    assert done.out == "run 1\n"
    first, second = done.err.splitlines()
    said = re.fullmatch(
        r"no server runs; process (\d+) carries the run out in the background", first
    )
    assert said
    assert second == "detached runs; watch it: orchestrate pipeline status 1 --watch"
    assert (project.data / "server.lock").read_text() == said[1]
    project.write("go", "")
    project.ask("pipeline", "status", 1, "--watch")
    eventually(lambda: not Path(f"/proc/{said[1]}").exists(), "the end of the background process")
    assert not (project.data / "api.sock").exists()


def test_a_detached_run_that_waits_for_people_leaves_nothing_behind(project: Project) -> None:
    done = project.ask("pipeline", "run", project.pipeline("gate", GATE), "--detach")
    pid = done.err.split("process ")[1].split()[0]
    eventually(lambda: not Path(f"/proc/{pid}").exists(), "the end of the background process")
    waiting = project.ask("approval", "list", "--pending", "-o", "json").json["items"]
    assert [each["run_id"] for each in waiting] == [1]
    assert "carried out here" in project.ask("approval", "approve", waiting[0]["id"]).err
    assert project.ask("pipeline", "status", 1, "-o", "json").json["status"] == "succeeded"


def test_what_others_started_here_goes_on_when_this_command_ends(project: Project) -> None:
    mine = project.start("pipeline", "run", project.pipeline("mine", GATE))
    number = mine.until("approve: orchestrate").split()[-1]
    other = project.ask("pipeline", "run", project.pipeline("other", HELD), "--detach")
    assert other.out == "run 2\n"
    assert "no server runs" not in other.err
    project.ask("approval", "approve", number)
    ended = mine.wait()
    assert ended.code == 0
    assert re.search(r"run 2 goes on in the background \(process \d+\)", ended.err)
    project.write("go", "")
    project.ask("pipeline", "status", 2, "--watch")


def test_whoever_follows_takes_over_when_the_server_leaves(project: Project) -> None:
    project.serve()
    server = project.running[0]
    running = project.start("pipeline", "run", project.pipeline("orphan", HELD))
    running.until("work | begun")
    assert server.end().code == 0
    eventually(lambda: _answers(project), "the command as the server")
    project.write("go", "")
    done = running.wait()
    assert done.code == 0
    assert done.out.count("work | begun") == 1
    assert "✔  work  succeeded" in done.out


def test_two_commands_at_once_share_one_road(project: Project) -> None:
    files = [project.pipeline(f"p{at}", "- {name: a, run: 'sleep 0.2'}") for at in range(4)]
    running = [project.start("pipeline", "run", file) for file in files]
    assert [each.wait().code for each in running] == [0] * 4
    runs = [project.ask("pipeline", "history", f"p{at}", "-o", "json").json for at in range(4)]
    assert sorted(each["items"][0]["id"] for each in runs) == [1, 2, 3, 4]


def test_a_second_server_is_refused_and_told_who_is_there(project: Project) -> None:
    project.serve()
    pid = project.running[0].process.pid
    done = project.ask("serve", "--port", 0, code=6)
    assert done.err.splitlines() == [
        f"error: another server (process {pid}) works on {project.data}",
        "  help: stop that process, or let it do its work: it answers other commands",
    ]


def test_a_port_that_is_taken(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = project.ask("serve", "--port", port, code=1)
    assert done.err.splitlines() == [
        f"error: 127.0.0.1:{port} cannot be had: another program listens there",
        "  help: take another --port",
    ]
    project.ask("pipeline", "list")  # and nothing is left that would hold the directory


def test_a_server_for_everybody_is_refused(project: Project) -> None:
    done = project.ask("serve", "--host", "0.0.0.0", "--port", 0, code=1)  # noqa: S104
    assert done.err.startswith("error: 0.0.0.0 is not this machine alone")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_ends_in_order(project: Project, number: int) -> None:
    url = project.serve()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
    server = project.running[0]
    server.until(f"data:    {project.data}")
    waiting = project.start("pipeline", "run", project.pipeline("kept", HELD), "-o", "json")
    eventually(lambda: "api.sock" in {each.name for each in project.data.iterdir()}, "the socket")
    done = server.end(number)
    assert (done.code, done.out) == (0, "")
    assert done.err.splitlines()[-1] == "stopping"
    assert "Traceback" not in done.err
    waiting.end(signal.SIGINT)


def test_a_server_elsewhere_is_named_by_its_url(served: Project, project: Project) -> None:
    url = served.running[0].until("http://").split()[-1]
    token = served.ask(
        "token", "create", "--scope", "read", "--scope", "write", "--scope", "run"
    ).out
    far = {"ORCHESTRATE_SERVER": url, "ORCHESTRATE_TOKEN": token.strip()}
    file = project.pipeline("far", "- {name: a, run: pwd}")
    done = project.ask("pipeline", "run", file, code=0, given=None, **far)
    assert f"a | {served.root}\n" in done.out  # where the server works, not here
    assert not (project.data / "server.lock").exists()
    nobody = project.ask("pipeline", "list", "--server", "http://127.0.0.1:9", code=1)
    assert nobody.err.startswith("error: no server answers at http://127.0.0.1:9: ")
    for wrong in ("nonsense", "http://[::1", "http://a:x", "http://"):
        done = project.ask("schema", "--server", wrong, code=2)
        assert done.err.startswith(f"error: `{wrong}` is no address of a server")


def test_a_socket_that_nobody_serves_is_no_server(project: Project) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(project.data / "api.sock"))
    project.ask("pipeline", "list")


def test_a_lock_whose_holder_never_answers(project: Project) -> None:
    """A server that starts is waited for, and not for ever."""
    from orchestrate.cli import road
    from orchestrate.cli.settings import Settings
    from orchestrate.engine.lock import DirectoryLock

    lock = DirectoryLock(project.data / "server.lock")
    lock.take()
    found = Settings(data=project.data, project=project.root, file=project.root / "none")
    said: list[str] = []
    answered = threading.Event()
    way = road.Road(found, said.append)
    listener = socket.socket(socket.AF_UNIX)

    def listen() -> None:
        listener.bind(str(found.socket))
        listener.listen()
        answered.set()

    timer = threading.Timer(0.2, listen)
    timer.start()
    way.arrive()
    assert answered.is_set()
    timer.join()
    way.client.close()
    listener.close()
    lock.release()


def _answers(project: Project) -> bool:
    client = Client(Address(socket=project.data / "api.sock"))
    try:
        client.connect()
    except Unreachable:
        return False
    finally:
        client.close()
    return True
