"""A run as complete lines, one for each event and each line of a log: for files, pipes and CI."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from orchestrate.cli import board, lines, words
from orchestrate.cli.paint import Paper, dim
from orchestrate.cli.tails import Source

STAGE_COLUMNS_MAX = 32
Json = Mapping[str, Any]


class PlainView:
    """Writes to `paper`; questions to people go to `notice` as well, with the exact commands.

    `past`: whether the story so far is told too.
    """

    def __init__(self, paper: Paper, notice: Callable[[str], None], *, past: bool = True) -> None:
        self._paper = paper
        self._past = past
        self._notice = notice
        self._lock = threading.Lock()
        self._columns = 0
        self._open: set[str] = set()
        """Stages whose question was told as an event: what to type comes after that, not before."""
        self._asked: set[int] = set()

    def begin(self, run: Json) -> None:
        names = [len(words.one_line(each["name"])) for each in run["stages"]]
        self._columns = min(max(names, default=0), STAGE_COLUMNS_MAX)

    def event(self, event: Json, *, past: bool) -> None:
        if event["type"] == "ApprovalRequested":
            self._open.add(event["data"]["stage"])
        line = lines.line_of(event)
        if line is not None and (self._past or not past):
            self._write(lines.shown(event, line, self._columns))

    def log(self, source: Source, text: str) -> None:
        stage = words.one_line(source.stage)
        shown = words.clean(text, colour=self._paper.colour)
        for each in shown.removesuffix("\n").split("\n"):
            self._write(f"{dim(f'{stage} |')} {each}")

    def run(self, run: Json) -> None:
        for approval in board.pending(run):
            if approval["id"] not in self._asked and approval["stage"] in self._open:
                self._asked.add(approval["id"])
                for line in notice(approval):
                    self._notice(line)

    def close(self) -> None:
        return

    def _write(self, text: str) -> None:
        with self._lock:
            self._paper.write(text)


def notice(approval: Json) -> list[str]:
    """Which approval is waited for, who may answer, how long, and how."""
    now = time.time()
    stage = words.one_line(approval["stage"])
    approve, reject = board.answers(approval)
    return [
        f"{stage} waits for approval {approval['id']}: {board.question(approval, now)}",
        f"  approve: {approve}",
        f"  reject:  {reject}",
    ]


def summary(run: Json, paper: Paper) -> None:
    """The last word on a run: its graph with times."""
    paper.write()
    for line in board.whole(run, time.time(), paper.columns):
        paper.write(line)
