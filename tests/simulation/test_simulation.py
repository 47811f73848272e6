"""Some thousand lives, the same ones in every run; every seed that ever failed; and coverage."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from tests.simulation import mutants
from tests.simulation.campaign import Wrong, campaign, wrong_in
from tests.simulation.checker import ELSEWHERE, SENTENCES
from tests.simulation.options import Options, add_arguments, chosen
from tests.simulation.shrink import shrink

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


def test_shrinking_keeps_the_fault() -> None:
    """A smaller life breaks the same invariant, and its options say how to live it again."""
    with mutants.put_in(mutants.called("undo-in-any-order")):
        found = campaign(range(200)).wrong
        assert found is not None
        smallest = shrink(found)
        again = wrong_in(smallest.options)
        assert isinstance(again, Wrong)
    assert (again.number, again.size) == (found.number, smallest.size)
    assert smallest.size < found.size
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert chosen(parser.parse_args(str(smallest.options).split())) == smallest.options


@pytest.mark.slow
@pytest.mark.parametrize("mutant", mutants.MUTANTS, ids=lambda mutant: mutant.name)
def test_checkers_see(mutant: mutants.Mutant) -> None:
    """A fault put into the core on purpose is noticed."""
    assert mutants.noticed(mutant) is not None
