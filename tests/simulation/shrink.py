"""From a life that goes wrong to a small one that goes wrong in the same way.

It takes away faults, features and stages, one after another, and keeps what still fails. Every
try is a life of its own, under several salts, since another definition meets other chances.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from tests.simulation.campaign import Wrong, wrong_in
from tests.simulation.definition import stage_names
from tests.simulation.options import FAULTS, FEATURES, Options

SHRINK_S = 30.0
SALTS = 12


def shrink(wrong: Wrong) -> Wrong:
    """The smallest life found within SHRINK_S that breaks the same invariant."""
    deadline = time.monotonic() + SHRINK_S
    smallest = wrong
    moved = True
    while moved and time.monotonic() < deadline:
        moved = False
        for options in _smaller(smallest.options):
            found = _still_wrong(options, wrong.number)
            if found is not None and found.size[1] <= 2 * smallest.size[1]:
                smallest, moved = found, True
                break
            if time.monotonic() >= deadline:
                break
    return _shortest(smallest, deadline + SHRINK_S / 3)


def _still_wrong(options: Options, number: str) -> Wrong | None:
    for salt in (options.salt, *range(SALTS)):
        found = wrong_in(replace(options, salt=salt))
        if isinstance(found, Wrong) and found.number == number:
            return found
    return None


def _smaller(options: Options) -> Iterator[Options]:
    """Everything that has one thing less, the greatest things first."""
    faults = [kind for kind in FAULTS if kind not in options.calm]
    if faults:
        yield replace(options, calm=frozenset(FAULTS))
    names = stage_names(options)
    for share in (2, 4):
        size = max(1, len(names) // share)
        if size > 1:
            for start in range(0, len(names), size):
                yield replace(options, without=options.without | {*names[start : start + size]})
    for feature in FEATURES:
        if feature not in options.plain:
            yield replace(options, plain=options.plain | {feature})
    for name in names if len(names) > 1 else ():
        yield replace(options, without=options.without | {name})
    for kind in faults:
        yield replace(options, calm=options.calm | {kind})


def _shortest(wrong: Wrong, deadline: float) -> Wrong:
    """The same definition under the salt that takes the fewest steps."""
    best = wrong
    for salt in range(200):
        if time.monotonic() >= deadline:
            break
        found = wrong_in(replace(wrong.options, salt=salt))
        if isinstance(found, Wrong) and found.number == wrong.number:
            if found.size[1] < best.size[1]:
                best = found
    return best
