"""What is to be told: kept until it was told, or as a dead letter; never twice under one key."""

from contextlib import suppress
from dataclasses import replace

import pytest

from orchestrate.core.pipeline import Gate, Pipeline, Stage
from orchestrate.store.cell import instant
from orchestrate.store.outbox import Told
from orchestrate.store.reader import Reader
from orchestrate.store.snapshot import Record
from tests.store.lives import NOW, House, chain, notice


@pytest.fixture
def run_id(house: House) -> int:
    return house.start(chain(1)).id


def only(reader: Reader) -> Record:
    (found,) = reader.notifications(status=None, limit=9)
    return found


def told(row: Record, **changed: object) -> Told:
    found = Told(id=row["id"], run_id=row["run_id"], seq=row["seq"], at=NOW + 1)
    return replace(found, **changed)  # type: ignore[arg-type]


def test_a_notice_waits_until_it_was_told(house: House, reader: Reader, run_id: int) -> None:
    with house.store.transaction():
        house.store.add_notices([notice(run_id), notice(run_id)])  # the same key: one row
    (row,), next_at = reader.due("mail", NOW, 9)
    assert (row["status"], row["attempts"], row["sent_at"]) == ("pending", 0, None)
    assert next_at == pytest.approx(NOW)
    with house.store.transaction():
        house.store.note_told([told(row)])
    assert reader.due("mail", NOW + 9, 9) == ([], None)
    row = only(reader)
    assert (row["status"], row["attempts"], row["sent_at"]) == ("sent", 1, instant(NOW + 1))


def test_what_failed_is_due_later_and_in_the_end_a_dead_letter(
    house: House, reader: Reader, run_id: int
) -> None:
    with house.store.transaction():
        house.store.add_notices([notice(run_id)])
    with house.store.transaction():
        house.store.note_told([told(only(reader), error="no route \0", due_at=NOW + 60)])
    assert reader.due("mail", NOW + 59, 9)[0] == []
    (row,), _ = reader.due("mail", NOW + 60, 9)
    assert (row["error"], row["attempts"]) == ("no route \ufffd", 1)
    with house.store.transaction():
        house.store.note_told([told(row, error="x" * 5_000)])
    row = only(reader)
    assert (row["status"], row["attempts"], len(row["error"])) == ("dead", 2, 1_000)
    assert reader.due("mail", NOW + 9**9, 9) == ([], None)
    assert reader.notifications(status="dead", limit=9) == [row]
    with house.store.transaction():
        assert house.store.resend_notice(row["id"], NOW + 70) == "mail"
        assert house.store.resend_notice(row["id"] + 1, NOW + 70) is None
    (again,), _ = reader.due("mail", NOW + 70, 9)
    assert (again["key"], again["attempts"], again["error"]) == (row["key"], 0, None)


def test_what_can_never_be_told_is_a_dead_letter_at_once(
    house: House, reader: Reader, run_id: int
) -> None:
    with house.store.transaction():
        house.store.add_notices([notice(run_id, error="no channel is called so")])
    assert (only(reader)["status"], only(reader)["error"]) == ("dead", "no channel is called so")


def test_letters_that_nobody_carries_are_dead(house: House, reader: Reader, run_id: int) -> None:
    with house.store.transaction():
        house.store.add_notices([notice(run_id)])
        assert house.store.channels_waited_for() == ["mail"]
        house.store.abandon_notices("mail", "no channel is called so")
        assert house.store.channels_waited_for() == []
    assert only(reader)["status"] == "dead"


def test_a_forge_shows_the_newest(house: House, reader: Reader, run_id: int) -> None:
    """One row for each thing that is shown; an answer that is late touches nothing newer."""
    later = house.start(chain(1, "later")).id
    first = notice(run_id, key="status of a commit", target='{"sha": "a"}')
    with house.store.transaction():
        house.store.add_notices([first])
    before = only(reader)
    with house.store.transaction():
        house.store.add_notices([replace(first, seq=2)])
        house.store.note_told([told(before, remote="77")])
    row = only(reader)
    assert (row["status"], row["seq"], row["remote"]) == ("pending", 2, "77")
    with house.store.transaction():
        house.store.note_told([told(row)])
        house.store.add_notices([replace(first, run_id=later)])
    row = only(reader)
    assert (row["status"], row["run_id"], row["seq"], row["remote"]) == ("pending", later, 1, "77")
    with house.store.transaction():
        house.store.add_notices([replace(first, seq=9)])  # of the run before: nobody asks
    assert only(reader) == row


def test_it_is_found_by_its_approval(house: House, reader: Reader) -> None:
    gated = Stage(name="prod", run="true", gate=Gate(approvers=("anna",)))
    run = house.start(Pipeline(name="gated", stages=(gated,)))
    (number,) = run.approvals
    with house.store.transaction():
        house.store.add_notices([notice(run.id, approval=number)])
    own = reader.approval_id(run.id, number)
    asked = reader.approval(own)
    assert asked is not None
    assert asked["notifications"] == [only(reader)]
    assert only(reader)["approval_id"] == own
    assert reader.notification(only(reader)["id"]) == only(reader)


def test_what_is_taken_back_was_never_to_be_told(house: House, reader: Reader, run_id: int) -> None:
    with suppress(KeyError), house.store.transaction():
        house.store.add_notices([notice(run_id)])
        raise KeyError
    assert reader.notifications(status=None, limit=9) == []
