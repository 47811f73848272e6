"""Hash chains: every entry seals the one before it, so that no past can be changed unseen.

run_events   sha256(previous | run_id | seq | type | data | at | via | actor), hexadecimal
audit        hmac-sha256(key, previous | id | at | actor | via | action | subject | detail)
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from hashlib import sha256

from orchestrate.store.database import Row

FIRST = ""  # what the first entry takes for the one before it


def seal(
    previous: str, run_id: int, seq: int, type_: str, data: str, at: float, via: str, actor: str
) -> str:
    """The hash of one event of a run, over the one before it."""
    text = f"{previous}|{run_id}|{seq}|{type_}|{data}|{at!r}|{via}|{actor}"
    return sha256(text.encode()).hexdigest()


def seal_audit(key: bytes, previous: str, entry: Row) -> str:
    """The hash of one entry of the audit trail: (id, at, actor, via, action, subject, detail)."""
    number, at, *words = entry
    lengths = ",".join(str(len(word)) for word in words)  # no word can run into the next
    text = "|".join((previous, str(number), repr(at), lengths, *words))
    return hmac.digest(key, text.encode(), "sha256").hex()


def first_broken_event(run_id: int, rows: Iterable[Row]) -> int | None:
    """The seq of the first (seq, type, data, at, via, actor, hash) that is not as it was written.

    A missing entry counts as broken; None if all are whole.
    """
    previous = FIRST
    for expected, (seq, type_, data, at, via, actor, kept) in enumerate(rows, start=1):
        previous = seal(previous, run_id, expected, type_, data, at, via, actor)
        if seq != expected or kept != previous:
            return expected
    return None


def first_broken_entry(key: bytes, rows: Iterable[Row]) -> int | None:
    """The id of the first entry of the audit trail that is not as it was written."""
    previous = FIRST
    for expected, (*entry, kept) in enumerate(rows, start=1):
        previous = seal_audit(key, previous, tuple(entry))
        if entry[0] != expected or kept != previous:
            return expected
    return None
