"""Which life is lived: a seed, and what is taken away from it to make it smaller.

The same options give the same life, always. What shrinking finds is printed as options.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

ALL = "all"
FAULTS = (
    "crash_before_commit",
    "crash_after_commit",
    "crash_between_effects",
    "crash_before_answer",
    "message_lost",
    "message_twice",
    "message_late",
    "tick_lost",
    "agent_vanishes",
    "machine_dies",
    "worker_stalls",
    "clock_forward",
    "clock_back",
    "wrong_person",
    "agent_answers",
    "stale_packet",
    "wrong_number",
    "too_early",
    "two_tabs",
    "group_changes",
)
FEATURES = (
    "conditions",
    "retries",
    "gates",
    "rollbacks",
    "run_if",
    "places",
    "deadline",
    "environments",
    "uses",
    "fail_fast",
    "carried",
    "questions",
    "holes",
    "hold",
    "cancel",
    "undo",
)


@dataclass(frozen=True, kw_only=True)
class Options:
    """`salt` moves the world but not the definition; the rest takes something away."""

    seed: int
    salt: int = 0
    without: frozenset[str] = frozenset()  # stages
    calm: frozenset[str] = frozenset()  # faults that do not happen
    plain: frozenset[str] = frozenset()  # features the definition and the people do not use

    def __str__(self) -> str:
        words = [f"--seed {self.seed}"]
        if self.salt:
            words.append(f"--salt {self.salt}")
        for name, every in (("without", ()), ("calm", FAULTS), ("plain", FEATURES)):
            taken = getattr(self, name)
            if taken:
                given = ALL if taken == frozenset(every) else ",".join(sorted(taken))
                words.append(f"--{name} {given}")
        return " ".join(words)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, help="live this one life, and tell it")
    parser.add_argument("--salt", type=int, default=0, help="the same definition, other chances")
    for name, what in (("without", "stages"), ("calm", "faults"), ("plain", "features")):
        parser.add_argument(f"--{name}", default="", help=f"{what} to take away, by comma")


def chosen(given: argparse.Namespace) -> Options:
    def names(text: str, every: tuple[str, ...] = ()) -> frozenset[str]:
        return frozenset(every) if text == ALL else frozenset(text.split(",")) - {""}

    return Options(
        seed=given.seed,
        salt=given.salt,
        without=names(given.without),
        calm=names(given.calm, FAULTS),
        plain=names(given.plain, FEATURES),
    )
