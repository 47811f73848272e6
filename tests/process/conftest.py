"""A data directory with a runner for each story, and nothing left of it afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.watch import Watch, leave_nothing


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    found = Watch(tmp_path)
    yield found
    leave_nothing(found)
