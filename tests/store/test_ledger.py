"""Events from outside, the audit trail, tokens, answers already given."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from orchestrate.store.cell import instant
from orchestrate.store.failures import Conflict
from orchestrate.store.ledger import Answer
from orchestrate.store.reader import Reader
from orchestrate.store.sqlite import Store
from tests.store.lives import NOW, House, chain


def deliver(store: Store, **changed: Any) -> int:
    values: dict[str, Any] = {
        "name": "push",
        "source": "github",
        "delivery": "d1",
        "body_sha256": "bb",
        "facts": '{"branch": "main"}',
        "actor": "anna",
        "received_at": NOW,
        "outcome": "{}",
    }
    return store.add_trigger_event(**{**values, **changed})


def note(store: Store, action: str = "approve") -> int:
    with store.transaction():
        return store.add_audit(
            at=NOW, actor="anna \ud800", via="socket", action=action, subject="7", detail='{"n": 1}'
        )


def test_an_event_is_kept_with_what_became_of_it(house: House, reader: Reader) -> None:
    with house.store.transaction():
        event_id = deliver(house.store)
        run = house.begin(house.put_within(chain(1)), chain(1), trigger=event_id)
        house.store.set_outcome(event_id, f'{{"runs": [{run.id}]}}', NOW + 1)
    assert reader.trigger_event(event_id) == {
        "id": event_id,
        "name": "push",
        "source": "github",
        "delivery": "d1",
        "body_sha256": "bb",
        "facts": {"branch": "main"},
        "payload": None,
        "actor": "anna",
        "workspace": "",
        "received_at": instant(NOW),
        "processed_at": instant(NOW),
        "outcome": {"runs": [run.id]},
        "runs": [run.id],
    }
    assert reader.trigger_event(event_id + 1) is None


def test_a_delivery_comes_once(store: Store) -> None:
    """Per source; what has no delivery number may come as often as it likes."""
    with store.transaction():
        first = deliver(store)
        with pytest.raises(Conflict, match=f"github has delivered d1 before: it is event {first}"):
            deliver(store)
        assert store.delivered("github", "d1") == first
        assert store.delivered("gitlab", "d1") is None
        others = [deliver(store, source="gitlab"), *(deliver(store, delivery=None) for _ in "ab")]
    assert len({first, *others}) == 4


def test_an_event_waits_until_its_outcome_is_known(store: Store, reader: Reader) -> None:
    with store.transaction():
        done = deliver(store)
        waits = deliver(store, delivery=None, waiting=True, payload='{"n": 1}', workspace="shop")
    assert reader.waiting_events(9) == [waits]
    assert reader.waiting_events(9, waits) == []
    assert (store.event_waits(waits), store.event_waits(done)) == (True, False)
    with store.transaction():
        store.set_outcome(waits, "{}", NOW + 5)
        store.set_outcome(done, "{}", NOW + 5)
    assert reader.waiting_events(9) == []
    kept = reader.trigger_event(waits)
    assert kept is not None
    assert (kept["payload"], kept["workspace"]) == ({"n": 1}, "shop")
    assert (kept["received_at"], kept["processed_at"]) == (instant(NOW), instant(NOW + 5))
    assert [each["processed_at"] for each in reader.trigger_events(9)] == [
        instant(NOW + 5), instant(NOW),
    ]  # fmt: skip


def test_a_body_has_started_a_run(house: House) -> None:
    """C9: by its hash, whatever the delivery is called, within the days that count."""
    store = house.store
    with store.transaction():
        pipeline_id = house.put_within(chain(1))
        assert store.body_started("bb", pipeline_id, NOW - 60) is None
        run = house.begin(pipeline_id, chain(1), trigger=deliver(store))
        deliver(store, delivery="d2")
        assert store.body_started("bb", pipeline_id, NOW - 60) == run.id
        assert store.body_started("bb", pipeline_id, NOW + 60) is None
        assert store.body_started("cc", pipeline_id, NOW - 60) is None
        assert store.body_started("bb", pipeline_id + 1, NOW - 60) is None


def test_events_are_listed_newest_first(store: Store, reader: Reader) -> None:
    with store.transaction():
        ids = [deliver(store, delivery=f"d{number}") for number in range(5)]
    newest = reader.trigger_events(2)
    assert [each["id"] for each in newest] == ids[:2:-1]
    assert [each["id"] for each in reader.trigger_events(9, newest[-1]["id"])] == ids[2::-1]


def test_the_audit_trail_is_sealed(store: Store, reader: Reader) -> None:
    assert [note(store) for _ in range(4)] == [1, 2, 3, 4]
    assert reader.verify_audit() is None
    found = reader.audit(2)
    assert [each["id"] for each in found] == [4, 3]
    assert (found[0]["actor"], found[0]["at"], found[0]["at_s"]) == (
        "anna \ufffd",
        instant(NOW),
        NOW,
    )
    assert found[0]["detail"] == {"n": 1}
    assert [each["id"] for each in reader.audit(9, 3)] == [2, 1]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit SET actor = 'bnna' WHERE id = 3",
        "UPDATE audit SET via = '', actor = actor || 'socket' WHERE id = 3",
        "UPDATE audit SET detail = '{}' WHERE id = 3",
        "UPDATE audit SET at = at + 1 WHERE id = 3",
        "DELETE FROM audit WHERE id = 3",
    ],
)
def test_the_first_changed_entry_is_named(
    store: Store, reader: Reader, path: Path, change: str
) -> None:
    for _ in range(5):
        note(store)
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("DROP TRIGGER audit_stays")
        other.execute("DROP TRIGGER audit_remains")
        other.execute(change)
    assert reader.verify_audit() == 3


def test_whoever_has_no_key_cannot_seal(path: Path) -> None:
    with closing(Store.open(path, audit_key=b"a secret")) as store:
        note(store)
    with closing(Reader.open(path)) as reader:
        assert reader.verify_audit(b"a secret") is None
        assert reader.verify_audit(b"a guess") == 1


def test_a_token_is_known_by_its_hash(store: Store, reader: Reader) -> None:
    with store.transaction():
        token_id = store.add_token(
            sha256="ff",
            user="anna",
            name="laptop",
            scopes='["read"]',
            created_at=NOW,
            expires_at=NOW + 60,
        )
        store.use_token(token_id, NOW + 5)
    assert reader.token("ff") == {
        "id": token_id,
        "sha256": "ff",
        "user": "anna",
        "name": "laptop",
        "scopes": ["read"],
        "created_at": instant(NOW),
        "expires_at": instant(NOW + 60),
        "last_used_at": instant(NOW + 5),
        "revoked_at": None,
    }
    assert reader.token("fe") is None
    with store.transaction():
        assert store.revoke_token(token_id, NOW + 6)
        assert not store.revoke_token(token_id, NOW + 7)
        assert not store.revoke_token(99, NOW)
    assert [each["revoked_at"] for each in reader.tokens(9)] == [instant(NOW + 6)]


def test_an_answer_is_given_again(store: Store) -> None:
    """I20: for the same key of the same caller."""
    with store.transaction():
        store.remember_answer("k", "anna", "aa", 202, '{"id": 1}\ud800', NOW)
    assert store.answer("k", "anna") == Answer(
        request_sha256="aa", status=202, body='{"id": 1}\ufffd'
    )
    assert store.answer("k", "béla") is None
    assert store.answer("l", "anna") is None
    with store.transaction(), pytest.raises(Conflict, match="key k was answered before"):
        store.remember_answer("k", "anna", "bb", 202, "{}", NOW)


def test_old_answers_are_forgotten(store: Store) -> None:
    with store.transaction():
        for number in range(4):
            store.remember_answer(f"k{number}", "anna", "aa", 200, "{}", NOW + number)
        assert store.forget_answers(NOW + 2) == 2
    assert [store.answer(f"k{number}", "anna") is None for number in range(4)] == [
        True,
        True,
        False,
        False,
    ]


def test_an_answer_that_was_not_committed_was_not_given(store: Store) -> None:
    def fall() -> None:
        with store.transaction():
            store.remember_answer("k", "anna", "aa", 202, "{}", NOW)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fall()
    assert store.answer("k", "anna") is None
