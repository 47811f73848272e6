"""Many lives, one after another, and what they met. It stops at the first that goes wrong."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tests.simulation import coverage
from tests.simulation.checker import Violation
from tests.simulation.coverage import Place
from tests.simulation.life import Life
from tests.simulation.options import Options


@dataclass(frozen=True)
class Wrong:
    """A life that broke an invariant, or broke the core itself."""

    options: Options
    number: str
    text: str
    size: tuple[int, int]  # stages, steps


@dataclass
class Tally:
    lives: int = 0
    stages: int = 0
    steps: int = 0
    seconds: float = 0.0
    events: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    refusals: Counter[Place] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    rollbacks: Counter[str] = field(default_factory=Counter)
    wrong: Wrong | None = None

    def add(self, life: Life) -> None:
        run = life.server.read()
        assert run is not None, "it lived"
        self.lives += 1
        self.stages += len(run.stages)
        self.steps += life.steps
        self.outcomes[run.status.value] += 1
        self.rollbacks.update(each.status.value for each in run.rollbacks)
        self.refusals.update(life.refusals)
        self.faults.update(life.weather.met)
        for event in life.server.log:
            self.events[type(event).__name__] += 1
            self.reasons.update(coverage.met(event))

    def holes(self) -> list[str]:
        return coverage.holes(self.events, self.reasons, self.refusals)


def wrong_in(options: Options) -> Wrong | Life:
    """One life: itself when all is well, else what is wrong with it."""
    life = Life(options)
    size = len(life.drawn.pipeline.stages)
    try:
        return life.live()
    except Violation as violation:
        return Wrong(options, violation.number, str(violation), (size, life.steps))
    except Exception as fault:  # noqa: BLE001  any fault of the core is what is looked for here
        number = type(fault).__name__
        return Wrong(options, number, f"{number}: {fault}", (size, life.steps))


def campaign(seeds: Iterable[int], template: Options | None = None) -> Tally:
    """Live every seed until one goes wrong."""
    template = template or Options(seed=0)
    tally = Tally()
    began = time.perf_counter()
    for seed in seeds:
        found = wrong_in(replace(template, seed=seed))
        if isinstance(found, Wrong):
            tally.wrong = found
            break
        tally.add(found)
    tally.seconds = time.perf_counter() - began
    return tally


def report(tally: Tally) -> str:
    """What a campaign met, for people."""
    events = sum(tally.events.values())
    lived = f"{tally.lives:,} lives, {tally.stages:,} stages, {tally.steps:,} steps"
    met = f"{events:,} events, {sum(tally.faults.values()):,} faults"
    each_ms = 1000 * tally.seconds / max(1, tally.lives)
    lines = [
        f"{lived}, {met} in {tally.seconds:.1f} s ({each_ms:.2f} ms a life)",
        _counted("ended", tally.outcomes),
        _counted("rolled back", tally.rollbacks),
        _counted("faults", tally.faults),
        _counted("events", tally.events),
        _counted("reasons", tally.reasons),
        "refusals:",
    ]
    texts = coverage.refusals()
    lines += [
        f"  {count:>9,}  {texts.get(place, f'{place[0]}:{place[1]}')}"
        for place, count in tally.refusals.most_common()
    ]
    lines += [f"NEVER: {hole}" for hole in tally.holes()]
    return "\n".join(lines)


def _counted(title: str, counts: Counter[str]) -> str:
    return f"{title}: " + ", ".join(f"{name} {count:,}" for name, count in counts.most_common())
