"""`orchestrate open`: which page a word means, and what is said where no server shows pages."""

from __future__ import annotations

import pytest

from orchestrate.cli.failure import Exit, Failure
from orchestrate.cli.open import _path


@pytest.mark.parametrize(
    ("said", "path"), [(None, ""), ("12", "runs/12"), ("approvals", "approvals")]
)
def test_a_word_means_a_page(said: str | None, path: str) -> None:
    assert _path(said) == path


def test_another_word_means_none() -> None:
    with pytest.raises(Failure) as caught:
        _path("../etc")
    assert (caught.value.what, caught.value.code) == ("`../etc` is no page", Exit.INVALID)
