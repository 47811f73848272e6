"""What a runner remembers of another that was killed, whatever the file looks like."""

import json
import os
import random
from pathlib import Path

import pytest

from orchestrate.agent.attempt import NEVER, record_without_process
from orchestrate.agent.journal import NAME, Journal, Past, boot_id
from orchestrate.agent.sweep import recover
from orchestrate.agent.wire import encode


def line(op: str, key: str) -> bytes:
    if op == "exited":
        record = record_without_process(key, "lost", "")
        return encode({**record, "ended_at": 5.0})
    return encode({"op": op, "key": key, "pid": 1, "at": 3.0, "boot_s": 2.0})


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
        journal.started(key, line("started", key))
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


def garbage(chance: random.Random) -> bytes:
    """A line that a fault, or somebody who may write there, could leave."""
    whole = line(chance.choice(["started", "exited"]), "one")[:-1]
    entry = json.loads(whole)
    name = chance.choice(list(entry))
    odd: list[object] = [None, [], {}, -1.5e300, 1 << 80, float("nan"), [[]], {"a": 1}]
    match chance.randrange(6):
        case 0:
            return chance.randbytes(chance.randrange(60)).replace(b"\n", b"") + b"\xff"
        case 1:
            return whole[: chance.randrange(1, len(whole))]
        case 2:
            del entry[name]
            return json.dumps(entry).encode()
        case 3:
            bare = [
                "[]",
                "5",
                "null",
                '"x"',
                "{}",
                '{"op":[]}',
                '{"op":"acknowledged","keys":[[]]}',
            ]
            return chance.choice(bare).encode()
        case 4:
            return chance.choice([b"[", b'{"op":']) * 100_000
        case _:
            entry["key"] = chance.choice([[], {}, None, 5, True])
            return json.dumps({**entry, "more": chance.choice(odd)}).encode()


@pytest.mark.parametrize("seed", range(40))
def test_garbage_is_passed_over_and_said_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    """Whatever stands between the lines, the lines count and the next runner begins."""
    chance = random.Random(seed)
    opening = encode({"op": "runner", "instance": 1 << 61, "boot": "another"})
    good = [opening, line("started", "lives"), line("exited", "two"), line("exited", "three")]
    bad = 0
    with (tmp_path / NAME).open("wb") as file:
        for one in good:
            for _ in range(chance.randrange(1, 5)):
                file.write(garbage(chance) + b"\n")
                bad += 1
            file.write(one)
    assert read(tmp_path).exits == {"two": good[2], "three": good[3]}
    past = recover(str(tmp_path))
    assert (past.instances, past.started) == ({1 << 61}, {})
    assert set(past.exits) == {"lives", "two", "three"}
    said = capsys.readouterr().err
    assert said == f"runner.journal: lines passed over because they are malformed: {bad}\n"


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
