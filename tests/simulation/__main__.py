"""python -m tests.simulation: live many lives, or one and tell it."""

from __future__ import annotations

import argparse
import sys

from tests.simulation import mutants
from tests.simulation.campaign import Wrong, campaign, report, wrong_in
from tests.simulation.life import Life
from tests.simulation.options import Options, add_arguments, chosen
from tests.simulation.shrink import shrink
from tests.simulation.trace import describe, tell_story


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--lives", type=int, default=20_000)
    parser.add_argument("--from-seed", type=int, default=0)
    parser.add_argument("--shrink", action="store_true", help="make the life of --seed smaller")
    parser.add_argument(
        "--mutants", action="store_true", help="break the core, and see who notices"
    )
    parser.add_argument("--mutant", help="live with one fault in the core, by its name")
    add_arguments(parser)
    given = parser.parse_args()
    if given.mutants:
        return mutants.hunt()
    if given.mutant:
        with mutants.put_in(mutants.called(given.mutant)):
            return _live(given)
    return _live(given)


def _live(given: argparse.Namespace) -> int:
    if given.seed is not None:
        options = chosen(given)
        if given.shrink:
            found = wrong_in(options)
            if isinstance(found, Wrong):
                return _tell_wrong(found)
        return _tell(options)
    tally = campaign(range(given.from_seed, given.from_seed + given.lives))
    sys.stdout.write(report(tally) + "\n")
    return 0 if tally.wrong is None else _tell_wrong(tally.wrong)


def _tell_wrong(wrong: Wrong) -> int:
    """What went wrong, in the smallest life that still shows it."""
    smallest = shrink(wrong)
    print(f"\n{wrong.text}\n\n    python -m tests.simulation {wrong.options}\n")
    print(f"smaller:\n\n    python -m tests.simulation {smallest.options}\n")
    _tell(smallest.options)
    return 1


def _tell(options: Options) -> int:
    life = Life(options, tell_story)
    print(describe(life.drawn) + "\n")
    try:
        life.live()
    except Exception as fault:  # noqa: BLE001  it is told like everything else
        print(f"\n{type(fault).__name__}: {fault}")
        return 1
    run = life.server.read()
    print(f"\nit ended {run.status.value if run else 'before it began'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
