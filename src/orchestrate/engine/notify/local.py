"""Tells whoever sits at this machine: a line in the server's terminal, a message on the desktop."""

from __future__ import annotations

import html
import shutil
import subprocess
from collections.abc import Callable

from orchestrate.engine.notify.letter import Letter
from orchestrate.engine.notify.reach import Undelivered

PROGRAM = "notify-send"
DESKTOP_WAIT_S = 10.0
LINES_SHOWN_MAX = 6


def show_in_terminal(letter: Letter, say: Callable[[str], None]) -> None:
    """A line, and where to answer; the rest is a command away."""
    where = [each for each in letter.lines if each.startswith(("http", "orchestrate "))]
    say("\n".join([f"\a* {letter.title}", *(f"    {each}" for each in where)]))


def show_on_desktop(letter: Letter) -> None:
    """Raises Undelivered where there is no desktop to show it on."""
    program = shutil.which(PROGRAM)
    if program is None:
        raise Undelivered(f"`{PROGRAM}` is not installed")
    body = html.escape("\n".join(letter.lines[:LINES_SHOWN_MAX]), quote=False)
    urgency = "critical" if letter.tone in ("warning", "failure") else "normal"
    words = [program, "--app-name=Orchestrate", f"--urgency={urgency}", "--", letter.title, body]
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=DESKTOP_WAIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise Undelivered(f"`{PROGRAM}` did not end") from None
    if done.returncode != 0:
        said = done.stderr.strip() or f"exit code {done.returncode}"
        raise Undelivered(f"`{PROGRAM}` failed: {said}")
