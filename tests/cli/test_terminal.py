"""On a terminal: a picture that moves, colours, and nothing that an agent could draw itself."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from fcntl import ioctl
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, WAIT_S, Project

ROWS, COLUMNS = 30, 100
SLOW = """
- {name: build, run: 'echo compiling; until test -e go; do sleep 0.05; done; echo linked'}
- {name: test, run: 'true'}
"""
_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


class Terminal:
    """A command at a terminal of its own; `screen` is everything that it ever wrote."""

    def __init__(self, project: Project, *words: object, **environ: str) -> None:
        self._own, theirs = pty.openpty()
        ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.process = subprocess.Popen(
            [*COMMAND, *map(str, words)], cwd=project.root,
            env=project.environ(**{"TERM": "xterm-256color", **environ}),
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self._bytes = b""

    @property
    def screen(self) -> str:
        return self._bytes.decode("utf-8", "replace").replace("\r\n", "\n")

    @property
    def text(self) -> str:
        return _SEQUENCE.sub("", self.screen)

    def until(self, text: str) -> str:
        deadline = time.monotonic() + WAIT_S
        while text not in self.text:
            assert time.monotonic() < deadline, f"never showed {text!r}:\n{self.text}"
            assert self._more(), f"ended without {text!r}:\n{self.text}"
        return self.text

    def wait(self) -> int:
        while self._more():
            continue
        return self.process.wait(WAIT_S)

    def _more(self) -> bool:
        ready, _, _ = select.select([self._own], [], [], WAIT_S)
        try:
            data = os.read(self._own, 65_536) if ready else b""
        except OSError:  # the other side is closed
            data = b""
        self._bytes += data
        return bool(data)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(WAIT_S)
        os.close(self._own)


@pytest.fixture
def opened() -> Iterator[list[Terminal]]:
    terminals: list[Terminal] = []
    yield terminals
    for each in terminals:
        each.close()


def test_a_run_is_a_picture_that_moves(project: Project, opened: list[Terminal]) -> None:
    terminal = Terminal(project, "pipeline", "run", project.pipeline("seen", SLOW))
    opened.append(terminal)
    terminal.until("● running")
    terminal.until("── build ────────\n  compiling")
    project.write("go", "")
    assert terminal.wait() == 0
    last = terminal.text[terminal.text.rindex("run 1  seen") :]
    assert re.fullmatch(
        r"run 1  seen  ✔ succeeded  [\d.]+s  by \S+\n\n"
        r"✔  build  succeeded  [\d.]+s\n"
        r"✔  test   succeeded  [\d.]+s\n",
        last.rstrip(" ").replace(" \n", "\n"),
    ), last
    assert "\x1b[32m✔" in terminal.screen  # green, and an icon, and a word
    assert "\x1b[?25h" in terminal.screen[-200:]  # the cursor is back


def test_what_an_agent_writes_moves_no_cursor(project: Project, opened: list[Terminal]) -> None:
    script = "printf '\\033]0;owned\\007\\033[2J\\033[31mred\\033[0m\\n'\n"
    script += "until test -e go; do sleep 0.05; done\n"
    project.write("hostile.sh", script)
    file = project.pipeline("hostile", "- {name: a, run: sh hostile.sh}")
    terminal = Terminal(project, "pipeline", "run", file)
    opened.append(terminal)
    terminal.until("  red")
    project.write("go", "")
    assert terminal.wait() == 0
    assert "owned" not in terminal.screen
    assert "\x1b[2J" not in terminal.screen
    logs = Terminal(project, "pipeline", "logs", 1, "a")
    opened.append(logs)
    assert logs.wait() == 0
    assert "\x1b[31mred\x1b[0m" in logs.screen  # its colours are kept on a terminal
    assert "\x1b[2J" not in logs.screen + terminal.screen


def test_a_gate_says_what_to_type_elsewhere(project: Project, opened: list[Terminal]) -> None:
    gate = "- {name: deploy, run: 'true', requires_approval: true, approvers: [lead]}"
    terminal = Terminal(project, "pipeline", "run", project.pipeline("gate", gate))
    opened.append(terminal)
    terminal.until("◆ deploy waits for approval 1: 1 of lead; ")
    terminal.until("approve: orchestrate approval approve 1")
    project.ask("approval", "approve", 1)
    assert terminal.wait() == 0


def test_an_interrupt_leaves_the_terminal_in_order(
    project: Project, opened: list[Terminal]
) -> None:
    terminal = Terminal(project, "pipeline", "run", project.pipeline("left", SLOW))
    opened.append(terminal)
    terminal.until("  compiling")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.wait() == 130
    assert "end it: orchestrate pipeline cancel 1" in terminal.text
    assert "Traceback" not in terminal.text
    assert "\x1b[?25h" in terminal.screen[terminal.screen.rindex("\x1b[?25l") :]
    project.write("go", "")


@pytest.mark.parametrize(
    ("words", "environ"),
    [(["--no-color"], {}), ([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"})],
)
def test_no_colours_where_none_are_wanted(
    project: Project, opened: list[Terminal], words: list[str], environ: dict[str, str]
) -> None:
    project.create("plain", "- {name: a, run: 'true'}")
    for command in (["pipeline", "list"], ["pipeline", "run", "plain"]):
        terminal = Terminal(project, *command, *words, **environ)
        opened.append(terminal)
        assert terminal.wait() == 0
        assert re.search(r"\x1b\[[0-9;]*[1-9][0-9;]*m", terminal.screen) is None


def test_a_table_has_colours_on_a_terminal_alone(project: Project, opened: list[Terminal]) -> None:
    project.create("listed", "- {name: a, run: 'true'}")
    terminal = Terminal(project, "pipeline", "list")
    opened.append(terminal)
    assert terminal.wait() == 0
    assert "\x1b[1mNAME\x1b[0m" in terminal.screen
    assert "\x1b" not in project.ask("pipeline", "list").out


def test_a_graph_that_is_larger_than_the_terminal(project: Project, opened: list[Terminal]) -> None:
    """What moves stays in sight; the rest is counted."""
    names = [f"s{at:02d}" for at in range(60)]
    lines = [f"- {{name: {name}, run: 'true'}}" for name in names]
    lines[40] = f"- {{name: {names[40]}, run: 'until test -e go; do sleep 0.05; done'}}"
    terminal = Terminal(project, "pipeline", "run", project.pipeline("large", "\n".join(lines)))
    opened.append(terminal)
    terminal.until("s40  running")
    terminal.until("above")
    project.write("go", "")
    assert terminal.wait() == 0
    assert all(name in terminal.text for name in names)


def test_the_start_of_a_command_imports_little(tmp_path: Path) -> None:
    """What a command against a running server must not wait for."""
    project = Project(tmp_path)
    done = subprocess.run(
        [COMMAND[0], "-X", "importtime", *COMMAND[1:], "pipeline", "list", "--server",
         "http://127.0.0.1:9"],
        cwd=tmp_path, env=project.environ(), capture_output=True, text=True, check=False,
        timeout=WAIT_S,
    )  # fmt: skip
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    heavy = {"fastapi", "uvicorn", "pydantic", "rich", "yaml", "sqlite3", "asyncio", "rich.live"}
    assert imported & heavy == set()
    assert "orchestrate.cli.road" in imported
