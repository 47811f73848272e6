"""An empty store of each kind for each story, and its reader."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from orchestrate.store.reader import Reader
from orchestrate.store.sqlite import Store
from tests.store.lives import House

KINDS = ["sqlite"]


@pytest.fixture(params=KINDS)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    assert request.param == "sqlite"
    return tmp_path / "data" / "orchestrate.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with closing(Store.open(path)) as opened:
        yield opened


@pytest.fixture
def reader(store: Store, path: Path) -> Iterator[Reader]:
    with closing(Reader.open(path)) as opened:
        yield opened


@pytest.fixture
def house(store: Store) -> House:
    return House(store)
