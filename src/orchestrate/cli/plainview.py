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
    """Writes to `paper`; questions to people go to `notice` as well, with the exact commands."""

    def __init__(self, paper: Paper, notice: Callable[[str], None]) -> None:
        self._paper = paper
        self._notice = notice
        self._lock = threading.Lock()
        self._columns = 0
        self._asked: set[int] = set()

    def event(self, event: Json) -> None:
        if event["type"] == "RunCreated":
            self._columns = _stage_columns(event)
        line = lines.line_of(event)
        if line is not None:
            self._columns = max(self._columns, min(len(line.stage), STAGE_COLUMNS_MAX))
            self._write(lines.shown(event, line, self._columns))

    def log(self, source: Source, text: str) -> None:
        stage = words.one_line(source.stage)
        shown = words.clean(text, colour=self._paper.colour)
        for each in shown.removesuffix("\n").split("\n"):
            self._write(f"{dim(f'{stage} |')} {each}")

    def run(self, run: Json) -> None:
        for approval in board.pending(run):
            if approval["id"] not in self._asked:
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


def _stage_columns(created: Json) -> int:
    data = created.get("data", created)
    pipeline = data.get("pipeline")
    stages = pipeline.get("stages") if isinstance(pipeline, Mapping) else None
    names = [len(str(each.get("name", ""))) for each in stages or () if isinstance(each, Mapping)]
    return min(max(names, default=0), STAGE_COLUMNS_MAX)
