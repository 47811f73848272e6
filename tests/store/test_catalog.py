"""Pipelines and their revisions: created, changed, switched, deleted, and never lost."""

from typing import Any

import pytest

from orchestrate.store.cell import instant
from orchestrate.store.reader import Reader
from orchestrate.store.sqlite import Store
from tests.store.lives import NOW, House, chain


def put(store: Store, **changed: Any) -> tuple[int, int]:
    values: dict[str, Any] = {
        "name": "ship",
        "definition": "name: ship\nstages: []\n",
        "sha256": "aa",
        "description": "to the sea",
        "version": 1,
        "triggers": '[{"events": ["push"]}]',
        "enabled": True,
        "at": NOW,
        "by": "anna",
    }
    with store.transaction():
        return store.put_pipeline(**{**values, **changed})


def test_a_new_pipeline_has_one_revision(store: Store, reader: Reader) -> None:
    pipeline_id, revision = put(store)
    assert revision == 1
    found = reader.pipeline("ship")
    assert found == {
        "id": pipeline_id,
        "name": "ship",
        "description": "to the sea",
        "version": 1,
        "revision": 1,
        "sha256": "aa",
        "enabled": True,
        "definition": "name: ship\nstages: []\n",
        "triggers": [{"events": ["push"]}],
        "created_at": instant(NOW),
        "updated_at": instant(NOW),
        "deleted_at": None,
        "last_run": None,
    }
    assert reader.pipeline_by_id(pipeline_id) == found
    assert reader.pipelines() == [found]
    assert [each["created_by"] for each in reader.revisions("ship")] == ["anna"]


def test_a_change_is_a_revision_and_the_same_is_none(store: Store, reader: Reader) -> None:
    first = put(store)
    assert put(store, at=NOW + 1, triggers="[]") == first
    pipeline_id, second = put(store, sha256="bb", definition="other", at=NOW + 2, by="béla")
    assert (pipeline_id, second) == (first[0], 2)
    assert put(store, at=NOW + 3) == (first[0], 3)
    found = reader.pipeline("ship")
    assert found is not None
    assert (found["created_at"], found["updated_at"]) == (instant(NOW), instant(NOW + 3))
    assert [(each["revision"], each["sha256"]) for each in reader.revisions("ship")] == [
        (3, "aa"),
        (2, "bb"),
        (1, "aa"),
    ]
    revision = reader.revision("ship", 2)
    assert revision is not None
    assert (revision["definition"], revision["created_by"]) == ("other", "béla")
    assert reader.revision("ship", 4) is None


def test_what_the_same_definition_means_may_be_read_anew(store: Store, reader: Reader) -> None:
    put(store)
    put(store, triggers="[]", at=NOW + 1)
    found = reader.pipeline("ship")
    assert found is not None
    assert (found["triggers"], found["updated_at"]) == ([], instant(NOW))


def test_switched_off_and_on(store: Store, reader: Reader) -> None:
    put(store)
    for enabled in (False, True):
        with store.transaction():
            assert store.set_enabled("ship", enabled, NOW + 1)
            assert not store.set_enabled("boat", enabled, NOW + 1)
        found = reader.pipeline("ship")
        assert found is not None
        assert found["enabled"] is enabled


def test_a_deleted_pipeline_stays_for_its_runs(house: House, reader: Reader) -> None:
    store = house.store
    run = house.finish(house.start(chain(2, "ship")))
    with store.transaction():
        assert store.delete_pipeline("ship", NOW + 9)
        assert not store.delete_pipeline("ship", NOW + 9)
        assert not store.set_enabled("ship", True, NOW + 9)
    assert reader.pipeline("ship") is None
    assert reader.pipelines() == []
    old = reader.run(run.id)
    assert old is not None
    assert old["pipeline"] == "ship"
    kept = reader.pipeline_by_id(old["pipeline_id"])
    assert kept is not None
    assert kept["deleted_at"] == instant(NOW + 9)
    assert len(reader.revisions("ship")) == 1
    assert [each["id"] for each in ask(reader, "ship")] == [run.id]


def test_its_name_is_free_again(house: House, reader: Reader) -> None:
    """The new one starts at revision 1, with no runs of the old one."""
    store = house.store
    first, _ = put(store)
    house.finish(house.start(chain(1, "ship")))
    with store.transaction():
        store.delete_pipeline("ship", NOW)
    second, revision = put(store, sha256="cc")
    assert revision == 1
    assert second != first
    assert ask(reader, "ship") == []
    assert [each["sha256"] for each in reader.revisions("ship")] == ["cc"]


def test_the_present_is_seen_within_a_transaction(house: House) -> None:
    store = house.store
    with store.transaction():
        assert store.current("ship") is None
        pipeline_id = house.put_within(chain(1, "ship"))
        current = store.current("ship")
        assert current is not None
        assert (current.id, current.revision, current.enabled) == (pipeline_id, 1, True)
        run = house.begin(pipeline_id, chain(1, "ship"))
        assert store.live_of(pipeline_id) == [run.id]
    house.finish(run)
    assert store.live_of(pipeline_id) == []


@pytest.mark.parametrize("name", ["", "Ship", "ship ", "ship\0", "\ud800", "' OR 1=1 --"])
def test_other_names_are_other_pipelines(store: Store, reader: Reader, name: str) -> None:
    put(store)
    assert reader.pipeline(name) is None
    assert ask(reader, name) == []


def ask(reader: Reader, name: str) -> list[dict[str, Any]]:
    return reader.runs(pipeline=name, status=None, limit=10, before=None)
