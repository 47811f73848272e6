"""What a runner remembers of another that was killed, whatever the file looks like."""

import os
from pathlib import Path

import pytest

from orchestrate.agent.attempt import NEVER
from orchestrate.agent.journal import NAME, Journal, Past, boot_id
from orchestrate.agent.wire import encode


def line(op: str, key: str, **more: object) -> bytes:
    return encode({"op": op, "key": key, **more})


def read(data: Path) -> Past:
    return Past.read(str(data / NAME))


def test_no_journal_is_a_past_without_events(tmp_path: Path) -> None:
    """A runner that ended in order leaves none."""
    past = read(tmp_path)
    assert (past.instances, past.started, past.exits) == (set(), {}, {})


def test_what_was_started_ended_and_acknowledged_is_told_apart(tmp_path: Path) -> None:
    """One write a turn, and the next runner knows all of it."""
    journal = Journal(str(tmp_path), 7, Past())
    for key in ("lives", "untold", "told"):
        journal.started(key, line("started", key, pid=1, boot_s=2.0))
    journal.exited("untold", line("exited", "untold"))
    journal.exited("told", line("exited", "told"))
    journal.acknowledge(["told", "never heard of"])
    journal.write()
    past = read(tmp_path)
    assert (past.instances, past.boots) == ({7}, {boot_id()})
    assert list(past.started) == ["lives"]
    assert past.exits == {"untold": line("exited", "untold")}


def test_a_torn_line_is_passed_over(tmp_path: Path) -> None:
    """The power went while it was written; what stands before and after counts."""
    text = line("exited", "one") + b'{"op":"exited","ke\n' + b"\xff\0\n" + line("exited", "two")
    (tmp_path / NAME).write_bytes(text + b'{"op":"exited","key":"three"}')
    assert list(read(tmp_path).exits) == ["one", "two"]


def test_an_exit_is_flushed_when_it_waits_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is acknowledged soon costs no flush; several that wait cost one."""
    flushed: list[int] = []
    monkeypatch.setattr(os, "fsync", flushed.append)
    journal = Journal(str(tmp_path), 7, Past())
    assert journal.due() == NEVER
    journal.exited("one", line("exited", "one"))
    journal.write()
    journal.acknowledge(["one"])
    assert journal.due() == NEVER
    for key in ("two", "three"):
        journal.exited(key, line("exited", key))
    journal.write()
    due = journal.due()
    journal.sync(due - 0.01)
    assert not flushed
    journal.sync(due)
    assert len(flushed) == 2, "the file, and once its name"
    assert journal.due() == NEVER
    journal.close()


def test_it_is_gone_when_nothing_is_left_to_tell(tmp_path: Path) -> None:
    """The next runner need not look for anybody."""
    journal = Journal(str(tmp_path), 7, Past())
    journal.exited("one", line("exited", "one"))
    journal.acknowledge(["one"])
    journal.write()
    journal.close()
    assert list(tmp_path.iterdir()) == []
