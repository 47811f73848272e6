"""A run on a terminal, drawn again as it moves: graph, durations, questions, tails of logs.

What is drawn is a function of the newest run and the newest lines. Where the terminal is too
small, what works and waits is kept in sight.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.text import Text

from orchestrate.cli import board, words
from orchestrate.cli.paint import Paper, bold, crop, dim, paint
from orchestrate.cli.plainview import notice
from orchestrate.cli.tails import Source

FRAMES_PER_S = 8
LINES_KEPT_MAX = 50
LINES_SHOWN_MAX = 4
ROWS_MIN = 8
Json = Mapping[str, Any]


class LiveView:
    """Takes the lower part of the terminal while it follows; leaves the last picture behind."""

    def __init__(self, paper: Paper) -> None:
        self._lock = threading.Lock()
        self._run: Json | None = None
        self._tails: dict[Source, deque[str]] = {}
        self._working: list[Source] = []
        self._colour = paper.colour
        self._console = Console(
            file=paper.stream, color_system="standard" if paper.colour else None, highlight=False,
            force_terminal=True, legacy_windows=False,
        )  # fmt: skip
        self._live = Live(
            get_renderable=self._picture, console=self._console, refresh_per_second=FRAMES_PER_S,
            vertical_overflow="crop", redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        self._shown = False
        self._whole = False

    def begin(self, run: Json) -> None:
        self.run(run)

    def event(self, event: Json, *, past: bool) -> None:  # noqa: ARG002
        data = event["data"]
        if event["type"] not in ("AttemptStarted", "AttemptEnded"):
            return
        source = Source(data["stage"], int(data["attempt"]), str(data.get("mode") or "run"))
        with self._lock:
            if event["type"] == "AttemptStarted":
                self._working.append(source)
                self._tails[source] = deque(maxlen=LINES_KEPT_MAX)
            elif source in self._working:
                self._working.remove(source)
                self._tails.pop(source, None)

    def log(self, source: Source, text: str) -> None:
        shown = words.clean(text[-20_000:], colour=False)
        with self._lock:
            tail = self._tails.get(source)
            if tail is not None:
                tail.extend(shown.removesuffix("\n").split("\n"))

    def run(self, run: Json) -> None:
        with self._lock:
            self._run = run
        if not self._shown:
            self._shown = True
            self._live.start()
        self._live.refresh()

    def close(self) -> None:
        """Draw the end, whole, and leave it there."""
        if self._shown:
            self._shown = False
            self._whole = True
            with self._lock:
                self._tails.clear()
            self._live.vertical_overflow = "visible"
            self._live.stop()

    def _picture(self) -> Text:
        with self._lock:
            run = self._run
            tails = [
                (each, list(self._tails[each])) for each in self._working if each in self._tails
            ]
        columns, rows = self._console.size
        lines = [] if run is None else _lines(run, time.time())
        if run is not None and not self._whole:
            below = _tails(tails, max(0, rows - ROWS_MIN - len(lines)))
            lines = _fit(run, lines, max(ROWS_MIN, rows - 1 - len(below))) + below
        return Text("\n").join(Text.from_ansi(crop(line, columns), no_wrap=True) for line in lines)


def _lines(run: Json, now: float) -> list[str]:
    lines = [board.head(run, now)]
    if board.because(run) and run["status"] != "succeeded":
        lines.append(f"  {board.because(run)}")
    lines += ["", *(line for _, line in board.stages(run, now))]
    for approval in board.pending(run):
        first, *rest = notice(approval)
        lines += ["", paint(f"◆ {first}", "33"), *(bold(each) for each in rest)]
    undo = board.rollback(run)
    return [*lines, "", *undo] if undo else lines


def _fit(run: Json, lines: list[str], rows: int) -> list[str]:
    """At most `rows` lines: the head, then the window in which something happens."""
    if len(lines) <= rows:
        return lines
    head, body = lines[:2], lines[2:]
    space = max(1, rows - len(head) - 2)
    moving = {each["name"] for each in run["stages"] if each["status"] in _MOVING}
    places = [at for at, (name, _) in enumerate(board.stages(run, 0.0)) if name in moving]
    first = min(places, default=len(body) - space)
    start = max(0, min(first - 2, len(body) - space))
    end = start + space
    above = [dim(f"… {words.count(start, 'line')} above")] if start else []
    below = [dim(f"… {words.count(len(body) - end, 'line')} below")] if end < len(body) else []
    return [*head, *above, *body[start:end], *below]


_MOVING = ("running", "waiting_approval")


def _tails(tails: list[tuple[Source, list[str]]], rows: int) -> list[str]:
    """The last lines of what works, shared out over the rows there are."""
    talking = [(source, lines) for source, lines in tails if lines]
    if not talking or rows < 3:
        return []
    each = max(1, min(LINES_SHOWN_MAX, rows // len(talking) - 1))
    shown = [""]
    for source, lines in talking[: max(1, (rows - 1) // (each + 1))]:
        shown.append(dim(f"── {words.one_line(source.stage)} " + "─" * 8))
        shown += [f"  {line}" for line in lines[-each:]]
    return shown
