"""A project on disk, and the command line as people start it: a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

WAIT_S = 60.0
COMMAND = (sys.executable, "-m", "orchestrate")


@dataclass(frozen=True, slots=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Running:
    """A command that goes on; its lines are read as they come."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.out: list[str] = []
        self.err: list[str] = []
        self._news = threading.Condition()
        self._threads = [
            threading.Thread(target=self._read, args=pair, daemon=True)
            for pair in ((process.stdout, self.out), (process.stderr, self.err))
        ]
        for thread in self._threads:
            thread.start()

    def _read(self, stream: Any, lines: list[str]) -> None:
        for line in stream:
            with self._news:
                lines.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._news.notify_all()

    def until(self, text: str) -> str:
        """The first line, of either stream, that has this text in it."""

        def found() -> str | None:
            return next((line for line in [*self.out, *self.err] if text in line), None)

        with self._news:
            self._news.wait_for(lambda: found() or self.process.poll() is not None, WAIT_S)
            line = found() or ""
        assert line, f"never said {text!r}\n{self.said}"
        return line

    def end(self, number: int = signal.SIGTERM) -> Done:
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> Done:
        code = self.process.wait(WAIT_S)
        for thread in self._threads:
            thread.join(WAIT_S)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        return Done(code, "\n".join(self.out), "\n".join(self.err))

    @property
    def said(self) -> str:
        return "\n".join([*self.out, "--", *self.err])


@dataclass
class Project:
    """A directory with `.orchestrate` in it, and the commands that are started there."""

    root: Path
    running: list[Running] = field(default_factory=list)

    @property
    def data(self) -> Path:
        return self.root / ".orchestrate"

    def environ(self, **more: str) -> dict[str, str]:
        """Nothing of the person who runs the tests but the way to their programs."""
        own = {"PATH": os.environ["PATH"], "HOME": str(self.root), "LANG": "C.UTF-8", "TZ": "UTC"}
        return {**own, **more}

    def write(self, name: str, text: str) -> str:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return name

    def ask(
        self, *words: object, code: int | None = 0, given: str | None = None, **environ: str
    ) -> Done:
        """Run a command to its end; it must end with `code` (None: any)."""
        process = subprocess.run(
            [*COMMAND, *map(str, words)], cwd=self.root, env=self.environ(**environ),
            input=given, stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True, text=True, encoding="utf-8", timeout=WAIT_S, check=False,
        )  # fmt: skip
        done = Done(process.returncode, process.stdout, process.stderr)
        assert "Traceback" not in done.err, done.err
        assert code is None or done.code == code, f"{words}: {done}"
        return done

    def start(self, *words: object, **environ: str) -> Running:
        process = subprocess.Popen(
            [*COMMAND, *map(str, words)], cwd=self.root, env=self.environ(**environ),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, encoding="utf-8", start_new_session=True,
        )  # fmt: skip
        running = Running(process)
        self.running.append(running)
        return running

    def serve(self) -> str:
        """Start a server on a free port; its URL."""
        line = self.start("serve", "--port", 0).until("http://")
        return line.split()[-1]

    def pipeline(self, name: str, stages: str, head: str = "") -> str:
        """The file of a pipeline of these stages."""
        lines = "\n".join(f"  {line}" for line in stages.strip("\n").splitlines())
        return self.write(f"{name}.yaml", f"name: {name}\n{head}stages:\n{lines}\n")

    def create(self, name: str, stages: str, head: str = "") -> str:
        self.ask("pipeline", "create", self.pipeline(name, stages, head))
        return name

    def close(self) -> None:
        for each in self.running:
            if each.process.poll() is None:
                each.process.terminate()
        for each in self.running:
            each.wait()


def eventually(so: Callable[[], Any], about: str) -> Any:
    """What `so` gives once it gives anything; it is asked anew, with a deadline."""
    deadline = time.monotonic() + WAIT_S
    pause = threading.Event()
    while time.monotonic() < deadline:
        found = so()
        if found:
            return found
        pause.wait(0.02)
    raise AssertionError(f"never came: {about}")


def new_project(root: Path) -> Project:
    project = Project(root)
    project.data.mkdir(mode=0o700)
    return project


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Without a server: each command starts what it needs."""
    made = new_project(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """With a server, shared by all tests that leave it usable."""
    made = new_project(tmp_path_factory.mktemp("served"))
    made.serve()
    yield made
    made.close()
