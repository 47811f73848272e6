"""What the stories of processes are told with: a runner, what it said, and deadlines."""

import dataclasses
import json
import os
import select
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from orchestrate.agent import tree
from orchestrate.agent.log_reader import read_log
from orchestrate.agent.process import Exited, Launch, Runner, RunnerGone, Started, Unknown

PATIENCE_S = 20.0
LOOK_AGAIN_S = 0.002
ENV = {"PATH": "/usr/bin:/bin"}


def launch(key: str, *argv: str, **more: Any) -> Launch:
    settings: dict[str, Any] = {
        "env": ENV,
        "cwd": "/",
        "stdin": "",
        "context": "{}",
        "timeout_s": 60.0,
    }
    return Launch(key=key, argv=argv, **{**settings, **more})


def shell(key: str, script: str, **more: Any) -> Launch:
    return launch(key, "/bin/sh", "-c", textwrap.dedent(script), **more)


def python(key: str, script: str, **more: Any) -> Launch:
    return launch(key, sys.executable, "-I", "-S", "-c", textwrap.dedent(script), **more)


def eventually(condition: Callable[[], object], what: str) -> None:
    """Wait for something that announces itself by no event we could wait for."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S:g} s: {what}"
        select.select([], [], [], LOOK_AGAIN_S)


def processes_with(word: str) -> list[int]:
    """The living processes whose command line holds the word."""
    return [
        pid
        for pid in tree.processes()
        if pid != os.getpid() and word.encode() in tree.read(f"/proc/{pid}/cmdline")
    ]


def alive(pid: int) -> bool:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] not in ("Z", "X")


class Watch:
    """A connection to a runner, and all it has ever said."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.runner = Runner.open(data)
        self.said: list[Started | Exited | Unknown] = []

    def launch(self, *launches: Launch) -> None:
        self.runner.launch(launches)

    def directory(self, key: str) -> Path:
        return self.data / "attempts" / key

    def wait(self, condition: Callable[[], object], what: str) -> None:
        """Take in what the runner says until the condition holds."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, f"not within {PATIENCE_S:g} s: {what}; {self.said}"
            self.listen(0.05)

    def listen(self, wait_s: float) -> None:
        """Take in what there is, or what comes first within the time."""
        writers = [self.runner] if self.runner.wants_write() else []
        select.select([self.runner], writers, [], wait_s)
        self.runner.flush()
        self.said += self.runner.receive()

    def exits(self, key: str) -> list[Exited]:
        return [one for one in self.said if isinstance(one, Exited) and one.key == key]

    def starts(self, key: str) -> list[Started]:
        return [one for one in self.said if isinstance(one, Started) and one.key == key]

    def started(self, key: str) -> Started:
        self.wait(lambda: self.starts(key), f"{key} starts")
        return self.starts(key)[0]

    def exited(self, key: str, *, acknowledge: bool = True) -> Exited:
        self.wait(lambda: self.exits(key), f"{key} exits")
        if acknowledge:
            self.runner.acknowledge([key])
        return self.exits(key)[0]

    def run(self, one: Launch) -> Exited:
        self.launch(one)
        return self.exited(one.key)

    def log(self, key: str) -> str:
        """The output of the attempt as text."""
        texts: list[str] = []
        place = 0
        while True:
            text, following = read_log(self.directory(key), place)
            if following == place:
                return "".join(texts)
            texts += [json.loads(line)["text"] for line in text.splitlines()]
            place = following

    def wait_for_file(self, path: Path) -> str:
        """What an agent wrote; agents make such files by renaming, so they are whole."""
        self.wait(path.exists, f"{path} appears")
        return path.read_text()

    def kill_runner(self) -> None:
        os.kill(self.runner.pid, signal.SIGKILL)
        eventually(lambda: not alive(self.runner.pid), "the runner is dead")
        try:
            while True:
                self.runner.receive()
                select.select([self.runner], [], [], PATIENCE_S)
        except RunnerGone:
            self.runner.close()

    def again(self) -> "Watch":
        """Another server on the same data directory."""
        self.runner.close()
        return Watch(self.data)


def leave_nothing(watch: Watch) -> None:
    """End what a story has left, whatever became of it, and see the runner go by itself."""
    try:
        watch.runner.receive()
    except (RunnerGone, OSError):
        watch = Watch(watch.data)
    watch.listen(0.0)
    pid = watch.runner.pid
    for key in watch.runner.live | {one.key for one in watch.said if isinstance(one, Started)}:
        watch.runner.stop(key, "cancelled")
    watch.runner.acknowledge([one.key for one in watch.said])
    watch.runner.close()
    eventually(lambda: not alive(pid), "the runner ends by itself")


SERVER = """
import json, select, sys
from pathlib import Path
from orchestrate.agent.process import Launch, Runner, Started
runner = Runner.open(Path(sys.argv[1]))
launches = [Launch(**one) for one in json.loads(sys.argv[2])]
runner.launch(launches)
begun = set()
while len(begun) < len(launches):
    select.select([runner], [], [])
    begun |= {one.key for one in runner.receive() if isinstance(one, Started)}
print("all started", flush=True)
sys.stdin.read()
"""


def server_with(data: Path, launches: Iterable[Launch]) -> subprocess.Popen[str]:
    """Another process that plays the server, has started these, and waits to be killed."""
    text = json.dumps([dataclasses.asdict(one) for one in launches])
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(data), text],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    assert server.stdout.readline() == "all started\n"
    return server


def kill(server: subprocess.Popen[str]) -> None:
    server.kill()
    server.communicate()
