"""The process that speaks Apprise: a letter a line on its stdin, what became of it on its stdout.

It is a process of its own because Apprise is large (46 MB, most of a second to load), because what
hangs in it can be ended, and because here every connection it makes can be judged: none goes to a
private address unless the letter's channel allows it. It ends with its stdin.
"""

from __future__ import annotations

import io
import json
import logging
import os
import signal
import sys
from typing import Any

from orchestrate.engine.notify.addresses import is_public
from orchestrate.engine.notify.reach import PRIVATE

FAULT_CHARACTERS_MAX = 600
ALARM_SPARE_S = 5


class _Private(OSError):
    """An address that must not be reached."""


class _Border:
    """Judges every address that this process connects to."""

    def __init__(self) -> None:
        self._open = False
        self.refused = False

    def begin(self, *, allow_private: bool) -> None:
        """Another letter, with rules of its own."""
        self._open, self.refused = allow_private, False

    def judge(self, event: str, given: tuple[Any, ...]) -> None:
        if event not in ("socket.connect", "socket.sendto") or self._open:
            return
        address = given[1]
        if not isinstance(address, tuple) or not is_public(str(address[0])):
            self.refused = True
            raise _Private(f"it {PRIVATE}")


def main() -> None:
    """Serve until stdin ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # nothing that a plug-in prints can be taken for an answer
    border = _Border()
    said = io.StringIO()
    complaints = logging.StreamHandler(said)
    complaints.addFilter(_is_complaint)
    logging.getLogger().addHandler(complaints)
    logging.getLogger("apprise").setLevel(logging.DEBUG)
    sys.addaudithook(border.judge)
    for line in sys.stdin:
        letter = json.loads(line)
        signal.alarm(int(letter["deadline_s"]) + ALARM_SPARE_S)  # should nobody be left to end us
        border.begin(allow_private=letter["allow_private"])
        said.seek(0)
        said.truncate()
        fault = _deliver(letter, said)
        if fault is not None and border.refused:
            fault = f"it {PRIVATE}"
        answers.write(json.dumps({"fault": fault}) + "\n")
        answers.flush()
        signal.alarm(0)


def _is_complaint(record: logging.LogRecord) -> bool:
    """Apprise says why something failed at the level of debugging, among much else."""
    return record.levelno >= logging.WARNING or "Exception" in record.getMessage()


def _deliver(letter: dict[str, Any], said: io.StringIO) -> str | None:
    """None, or why it did not arrive."""
    import apprise

    asset = apprise.AppriseAsset(
        app_id="Orchestrate", app_desc="Orchestrate", app_url="", async_mode=False
    )
    carrier = apprise.Apprise(asset=asset)
    try:
        if not carrier.add(letter["url"]):
            return _last(said) or "Apprise does not understand its url"
        sent = carrier.notify(
            title=letter["title"],
            body=letter["text"],
            notify_type=apprise.NotifyType(letter["tone"]),
            body_format=apprise.NotifyFormat.TEXT,
        )
    except Exception as fault:  # noqa: BLE001 - whatever a plug-in raises, it did not arrive
        return f"{type(fault).__name__}: {fault}"[:FAULT_CHARACTERS_MAX]
    return None if sent else _last(said) or "Apprise could not deliver it, and does not say why"


def _last(said: io.StringIO) -> str:
    """The last things that Apprise complained of."""
    lines = [each.strip() for each in said.getvalue().splitlines() if each.strip()]
    return "; ".join(lines[-3:])[:FAULT_CHARACTERS_MAX]


if __name__ == "__main__":
    main()
