"""An agent may write and say anything where the runner lives: the others are guarded on."""

import json
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest

from orchestrate.agent.address import socket_address
from orchestrate.agent.process import Runner
from tests.process.watch import PATIENCE_S, Watch, alive, leave_nothing, shell

pytestmark = pytest.mark.crash

ORDER: dict[str, Any] = {
    "op": "launch",
    "key": "odd",
    "argv": ["/bin/true"],
    "env": {},
    "cwd": "/",
    "stdin": "",
    "context": "{}",
    "timeout_s": 1,
    "idle_timeout_s": None,
    "grace_s": 1,
    "mask": [],
}
MESSAGES: dict[str, bytes] = {
    "no JSON": b"{]\n",
    "empty": b"\n",
    "no object": b"[]\n",
    "no op": b"{}\n",
    "an op that is no text": b'{"op":[]}\n',
    "an op unheard of": b'{"op":"dance"}\n',
    "not ASCII": b"\xff\n",
    "deep": b"[" * 100_000 + b"\n",
    "asks for a number": b'{"op":"ask","keys":5}\n',
    "asks for lists": b'{"op":"ask","keys":[[]]}\n',
    "acknowledges lists": b'{"op":"acknowledge","keys":[{}]}\n',
    "stops a number": b'{"op":"stop","key":5,"reason":7}\n',
    "stops for no reason": b'{"op":"stop","key":"one","reason":"whim"}\n',
    "refuses a list": b'{"op":"refuse","key":[],"detail":""}\n',
    "launches nothing": b'{"op":"launch"}\n',
    "without an end": b"x" * (40 << 20),
    **{
        f"launches with {name} {value!r}": json.dumps({**ORDER, name: value}).encode() + b"\n"
        for name, value in {
            "key": [],
            "argv": [5],
            "env": {"a": 5},
            "cwd": None,
            "timeout_s": float("nan"),
            "grace_s": 1e300,
            "idle_timeout_s": "1",
            "mask": ["\ud800 secret"],
            "more": 1,
        }.items()
    },
}


def say(data: Path, message: bytes) -> None:
    """Say it, and see the connection closed."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stranger:
        stranger.settimeout(PATIENCE_S)
        with socket_address(data / "runner.sock") as address:
            stranger.connect(address)
        try:
            stranger.sendall(message)
            while stranger.recv(1 << 16):
                pass
        except (BrokenPipeError, ConnectionResetError):
            pass


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A runner with an attempt that lives through all that is said."""
    watch = Watch(tmp_path_factory.mktemp("data"))
    watch.launch(shell("one", "exec sleep 60"))
    watch.started("one")
    yield watch
    leave_nothing(watch.again())


@pytest.mark.parametrize("name", MESSAGES)
def test_who_says_nonsense_is_not_listened_to(guarded: Watch, name: str) -> None:
    """The connection is closed; runner and attempt live, and the next server is heard."""
    say(guarded.data, MESSAGES[name])
    later = guarded.again()
    assert later.runner.pid == guarded.runner.pid
    assert later.runner.live == {"one"}
    assert alive(guarded.started("one").pid)
    later.runner.close()
    words = (guarded.data / "runner.log").read_text()
    assert words.count("a connection to runner.sock was closed for what it said") <= 1
    assert "Traceback" not in words


def test_a_timeout_may_be_longer_than_the_kernel_waits(watch: Watch) -> None:
    """The loop wakes in between, instead of ending with an error."""
    assert watch.run(shell("one", "sleep 0.1; exit 4", timeout_s=1e8)).code == 4


def test_a_deleted_directory_of_attempts_is_made_again(watch: Watch) -> None:
    """What an agent deletes costs itself; the next attempt starts."""
    watch.launch(shell("one", "exec sleep 60"))
    watch.started("one")
    shutil.rmtree(watch.data / "attempts")
    assert watch.run(shell("two", "echo hello")).code == 0
    assert watch.log("two") == "hello\n"
    assert watch.directory("two").parent.stat().st_mode & 0o077 == 0
    watch.runner.stop("one", "cancelled")
    assert watch.exited("one").reason == "cancelled"


def test_a_journal_with_garbage_stops_no_runner(watch: Watch) -> None:
    """The next runner begins, tells what is whole, and ends what was left."""
    watch.launch(shell("one", "exec sleep 60"))
    pid = watch.started("one").pid
    with (watch.data / "runner.journal").open("ab") as file:
        file.write(b'[]\n{"op":"started"}\n\xff\n{"op":"exited","key":"x"}\n{"op":')
    watch.kill_runner()
    later = Watch(watch.data)
    assert later.exited("one").reason == "lost"
    assert not alive(pid)
    words = (watch.data / "runner.log").read_text()
    assert words == "runner.journal: lines passed over because they are malformed: 5\n"
    leave_nothing(later)
    watch.runner = Runner.open(watch.data)
