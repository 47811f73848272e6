"""`[groups]` and `[users]` of the settings → the roster of a moment; read again when they change.

A file that is broken while a server runs changes nothing: the last good roster holds, and the
fault is said in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from orchestrate.cli import settings
from orchestrate.cli.failure import Exit, Failure
from orchestrate.core.people import Roster

log = logging.getLogger("orchestrate")


def roster_of(written: Mapping[str, Any], file: Path) -> Roster:
    """Groups are lists of users; a user is an e-mail address, or a table with `email`.

    Raises Failure for anything else: a group that is read wrongly lets the wrong people decide.
    """
    groups = {}
    for name, members in written.get("groups", {}).items():
        if not (isinstance(members, list) and all(isinstance(each, str) for each in members)):
            what = f"{file}: groups.{name} must be a list of users"
            raise Failure(what, f'such as {name} = ["ann", "bob"]', code=Exit.INVALID)
        groups[name] = frozenset(members)
    emails = {}
    for name, said in written.get("users", {}).items():
        email = said.get("email", "") if isinstance(said, dict) else said
        if not isinstance(email, str):
            what = f"{file}: users.{name} must be an e-mail address or a table"
            raise Failure(what, f'such as {name} = "ann@example.com"', code=Exit.INVALID)
        if email:
            emails[email] = name
    people = {
        name: frozenset(emails.get(each, each) for each in members)
        for name, members in groups.items()
    }
    return Roster(groups=people, emails=emails)


def roster_from(now: settings.Settings) -> Callable[[], Roster]:
    """A function that gives the roster as the file says it at that moment."""
    kept = roster_of(now.written, now.file)
    seen = _mark(now.file)

    def roster() -> Roster:
        nonlocal kept, seen
        mark = _mark(now.file)
        if mark != seen:
            seen = mark
            try:
                written, _ = settings.read_file(now.file)
                kept = roster_of(written, now.file)
            except Failure as fault:
                log.warning("%s; the groups stay as they were", fault.what)
        return kept

    return roster


def _mark(file: Path) -> tuple[int, int, int] | None:
    try:
        facts = file.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size, facts.st_ino
