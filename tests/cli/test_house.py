"""The application within a command: what it leaves behind where it cannot begin."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrate.cli import house, settings
from orchestrate.cli.failure import Exit, Failure
from orchestrate.store.failures import StoreBusy
from tests.cli.conftest import Project


@pytest.mark.parametrize("part", ["create_app", "Server"])
def test_a_store_that_refuses_at_the_start_is_a_sentence(
    project: Project, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """As where another program holds the write lock; the directory is free again after that."""

    def refuse(*_: Any, **__: Any) -> None:
        raise StoreBusy("the file is locked by another program")

    here = settings.read({}, project.root)
    with monkeypatch.context() as patched:
        patched.setattr(house, part, refuse)
        with pytest.raises(Failure) as caught:
            house.House.open(here)
    assert (caught.value.what, caught.value.help, caught.value.code) == (
        "the file is locked by another program", house.DOCTOR, Exit.FAILED,
    )  # fmt: skip
    house.House.open(here).close()
