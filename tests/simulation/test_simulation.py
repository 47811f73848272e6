"""Some thousand lives, the same ones in every run; every seed that ever failed; and coverage."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulation.campaign import Wrong, campaign, wrong_in
from tests.simulation.checker import ELSEWHERE, SENTENCES
from tests.simulation.options import Options

LIVES = 2_500
CORPUS = Path(__file__).parent / "corpus.txt"


@pytest.mark.slow
def test_lives_keep_every_promise_and_meet_every_rule() -> None:
    """No life breaks an invariant; every event, reason and refusal of the core occurs."""
    tally = campaign(range(LIVES))
    assert tally.wrong is None, (
        f"{tally.wrong.text}\npython -m tests.simulation {tally.wrong.options}"
    )
    assert not tally.holes()


def test_seeds_that_failed_stay_mended() -> None:
    for line in CORPUS.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            found = wrong_in(Options(seed=int(line.split()[0])))
            assert not isinstance(found, Wrong), found.text


def test_a_life_is_its_seed() -> None:
    """The same options give the same events, to the last float."""
    first, second = (wrong_in(Options(seed=3)) for _ in range(2))
    assert not isinstance(first, Wrong)
    assert not isinstance(second, Wrong)
    assert first.server.log == second.server.log
    assert first.steps == second.steps


def test_every_invariant_has_a_checker_or_a_place() -> None:
    told = {*SENTENCES, "I15", "I16", "I22", "I23", "I28"}
    assert {f"I{number:02}" for number in range(1, 31)} <= told | set(ELSEWHERE)
