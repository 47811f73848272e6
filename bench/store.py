"""What the store costs beside one bare row that is committed to disk; it measures, and judges not.

python -m bench.store
"""

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

from orchestrate.core.commands import Claim, Report, Start
from orchestrate.core.condition import Facts
from orchestrate.core.decide import decide
from orchestrate.core.events import Event
from orchestrate.core.people import Caller
from orchestrate.core.pipeline import Pipeline, Stage
from orchestrate.core.run import Outcome, OutcomeKind, Run
from orchestrate.store.codec import dump_event
from orchestrate.store.sqlite import Store

TOLD = 400  # commands, each with a commit of its own
GROUP = 50  # runs whose events share one commit
ROUNDS = 10
SIZES = (20, 2_000)
ME = Caller(name="me", via="bench")
DONE = Outcome(kind=OutcomeKind.SUCCEEDED, code=0, outputs={"version": "1.2.3"})


def chain(stages: int) -> Pipeline:
    """Each stage starts when the one before it has ended."""
    names = [f"stage-{place}" for place in range(stages)]
    needs = [(), *((name,) for name in names)]
    made = [
        Stage(name=name, run="true", needs=need) for name, need in zip(names, needs, strict=False)
    ]
    return Pipeline(name=f"chain-{stages}", stages=tuple(made))


class Told:
    """Runs of one pipeline that are told, command by command, that their work goes well."""

    def __init__(self, store: Store, pipeline: Pipeline) -> None:
        self.store = store
        self.pipeline = pipeline
        with store.transaction():
            self.pipeline_id, self.revision = store.put_pipeline(
                name=pipeline.name,
                definition="",
                sha256="",
                description=None,
                version=1,
                triggers="[]",
                enabled=True,
                at=time.time(),
                by="me",
            )

    def live(self, numbers: Iterator[int]) -> Iterator[tuple[Run, list[Event], int]]:
        """One run after another: each as it is, what moved it there, and behind which entry."""
        for number in numbers:
            run, events = self._start(number)
            yield run, events, 0
            while run.live:
                work = next(iter(run.live.values()))
                what: dict[str, Any] = {
                    "stage": work.stage,
                    "mode": work.mode,
                    "attempt": work.number,
                }
                for command in (
                    Claim(worker="here", pid=4711, started_at=time.time(), **what),
                    Report(outcome=DONE, **what),
                ):
                    after = run.seq
                    run, events = decide(run, command, time.time())
                    yield run, events, after

    def _start(self, number: int) -> tuple[Run, list[Event]]:
        start = Start(
            run_id=number,
            pipeline=self.pipeline,
            pipeline_id=self.pipeline_id,
            revision=self.revision,
            sha256="",
            facts=Facts(),
            variables={},
            by=ME,
        )
        return decide(None, start, time.time())

    def append(self, run: Run, events: list[Event], after: int) -> None:
        self.store.append(run, events, after=after, actor="me", via="bench")


def timed(once: Callable[[], None]) -> float:
    started = time.perf_counter()
    once()
    return time.perf_counter() - started


def committed(folder: Path) -> dict[str, float]:
    """Median seconds of one commit: of a bare row, of a command. They take turns."""
    taken: dict[str, list[float]] = {"one bare row, committed": []}
    least = sqlite3.connect(folder / "bare.db", isolation_level=None)
    least.execute("PRAGMA journal_mode = WAL")
    least.execute("PRAGMA synchronous = FULL")
    least.execute("CREATE TABLE told (id INTEGER PRIMARY KEY, text TEXT)")
    stores = [Store.open(folder / f"{stages}.db") for stages in SIZES]
    told = [Told(store, chain(stages)) for store, stages in zip(stores, SIZES, strict=True)]
    lives = [each.live(count(1)) for each in told]
    for _ in range(TOLD):
        row = timed(lambda: least.execute("INSERT INTO told (text) VALUES ('done')").close())
        taken["one bare row, committed"].append(row)
        for stages, each, life in zip(SIZES, told, lives, strict=True):
            step = next(life)

            def once(each: Told = each, step: tuple[Run, list[Event], int] = step) -> None:
                with each.store.transaction():
                    each.append(*step)

            name = f"one command, committed, {stages:,} stages"
            taken.setdefault(name, []).append(timed(once))
    least.close()
    for store in stores:
        store.close()
    return {name: statistics.median(each) for name, each in taken.items()}


def grouped(folder: Path, stages: int) -> float:
    """The mean second to append a command, among those of many runs in one commit."""
    with closing(Store.open(folder / f"{stages}-grouped.db")) as store:
        told = Told(store, chain(stages))
        numbers = count(1)
        lives = [told.live(iter([next(numbers)])) for _ in range(GROUP)]
        with store.transaction():
            for life in lives:
                told.append(*next(life))
        taken = 0.0
        for _ in range(ROUNDS):
            with store.transaction():
                for life in lives:
                    run, events, after = next(life)
                    started = time.thread_time()
                    told.append(run, events, after)
                    taken += time.thread_time() - started
    return taken / (ROUNDS * GROUP)


def encoded(folder: Path) -> float:
    """The mean second to encode an event, over those of a chain."""
    with closing(Store.open(folder / "codec.db")) as store:
        life = Told(store, chain(20)).live(iter([1]))
        events = [event for _, step, _ in life for event in step]
    started = time.thread_time()
    for event in events * 100:
        dump_event(event)
    return (time.thread_time() - started) / (len(events) * 100)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = committed(folder)
        least = found["one bare row, committed"]
        for stages in SIZES:
            found[f"one command of a group, {stages:,} stages"] = grouped(folder, stages)
        found["encode one event"] = encoded(folder)
    print("| what | median or mean | of the bare row |")
    print("|---|---|---|")
    for what, taken in found.items():
        print(f"| {what} | {taken * 1e6:.1f} us | {taken / least:.2f}x |")


if __name__ == "__main__":
    main()
