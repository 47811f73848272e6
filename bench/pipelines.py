"""Whole pipelines through the product, beside the barest loop that could do the same.

The floor spawns each stage's program and commits one row with fsync for each; `make` runs the
same graph. All of it in one process run, by turns, so that a noisy machine is noisy for all.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench.table import Row, show
from orchestrate.core.people import Caller
from orchestrate.engine import catalog, starting
from orchestrate.engine.driver import Engine
from orchestrate.engine.layout import Layout

OWNER = Caller(name="bench", owner=True)
WAIT_S = 120.0
TURNS = 5
SIDE_BY_SIDE = 4

Graph = list[tuple[str, list[str]]]


def chain(count: int) -> Graph:
    return [(f"s{n}", [f"s{n - 1}"] if n else []) for n in range(count)]


def fan(width: int) -> Graph:
    middle = [f"m{n}" for n in range(width)]
    return [("first", []), *((name, ["first"]) for name in middle), ("last", middle)]


def layers(depth: int, width: int) -> Graph:
    above: list[str] = []
    graph: Graph = []
    for layer in range(depth):
        names = [f"s{layer}-{n}" for n in range(width)]
        graph += [(name, above) for name in names]
        above = names
    return graph


def definition(name: str, graph: Graph) -> str:
    """The graph as a pipeline whose every stage runs `true`."""
    lines = [f"name: {name}", "stages:"]
    for stage, needs in graph:
        lines.append(f"  - {{name: {stage}, run: 'true', depends_on: [{', '.join(needs)}]}}")
    return "\n".join(lines) + "\n"


# -- the product -----------------------------------------------------------------------


class Bed:
    """An engine on a fresh data directory, and the means to wait for the end of its runs."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._heads: dict[int, int] = {}
        self._changed = threading.Condition()
        engine.follow(self._hear)

    def _hear(self, heads: list[tuple[int, int]]) -> None:
        with self._changed:
            self._heads.update(heads)
            self._changed.notify_all()

    def create(self, name: str, graph: Graph) -> None:
        catalog.create(self.engine, definition(name, graph), by=OWNER)

    def start(self, name: str) -> int:
        return starting.start(self.engine, starting.Order(pipeline=name), by=OWNER)

    def ended(self, runs: dict[int, int]) -> None:
        """Wait until every run has all its events: four a stage, three of its own."""
        deadline = time.monotonic() + WAIT_S
        with self._changed:
            while any(self._heads.get(run, 0) < 4 * size + 3 for run, size in runs.items()):
                if not self._changed.wait(deadline - time.monotonic()):
                    raise TimeoutError("a run did not end")


@contextmanager
def bed() -> Iterator[Bed]:
    """An engine on a fresh data directory on the disk of the checkout, gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="bench-", dir=Path.cwd()))
    engine = Engine(Layout(data=home / "data", project=home))
    try:
        engine.open()
        yield Bed(engine)
    finally:
        engine.close()
        shutil.rmtree(home, ignore_errors=True)


def product(bed: Bed, name: str, size: int, runs: int = 1) -> float:
    """Seconds from the first request to the durable end of the last run."""
    begin = time.perf_counter()
    started = {bed.start(name): size for _ in range(runs)}
    bed.ended(started)
    return time.perf_counter() - begin


# -- what it is held against -----------------------------------------------------------


@contextmanager
def ledger() -> Iterator[Callable[[str], None]]:
    """A function that commits one row, durably."""
    home = Path(tempfile.mkdtemp(prefix="bench-", dir=Path.cwd()))
    base = sqlite3.connect(home / "floor.db", isolation_level=None)
    try:
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("PRAGMA synchronous=FULL")
        base.execute("CREATE TABLE stages(name TEXT)")
        yield lambda name: void(base.execute("INSERT INTO stages VALUES (?)", (name,)))
    finally:
        base.close()
        shutil.rmtree(home)


def void(_: object) -> None:
    """Nothing: what a statement returns does not matter here."""


def floor(commit: Callable[[str], None], count: int, at_once: int = 1) -> float:
    """Seconds to spawn `true` and commit a row, `count` times, with `at_once` in flight."""
    true = shutil.which("true") or "/bin/true"
    begin = time.perf_counter()
    live = started = 0
    while started < count or live:
        while started < count and live < at_once:
            os.posix_spawn(true, ["true"], {})
            started += 1
            live += 1
        os.waitpid(-1, 0)
        live -= 1
        commit("stage")
    return time.perf_counter() - begin


def make(graph: Graph) -> float:
    """Seconds that `make -j2` takes for the same graph."""
    lines = [f"all: {' '.join(name for name, _ in graph)}"]
    lines += [f"{name}: {' '.join(needs)}\n\t@true x" for name, needs in graph]
    lines.append(f".PHONY: all {' '.join(name for name, _ in graph)}\n")
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "Makefile").write_text("\n".join(lines))
        begin = time.perf_counter()
        subprocess.run(["make", "-j2", "-s", "-C", home], check=True)
        return time.perf_counter() - begin


def _medians(turns: int, *ways: Callable[[], float]) -> list[float]:
    taken: list[list[float]] = [[way() for way in ways] for _ in range(turns)]
    return [statistics.median(column) for column in zip(*taken, strict=True)]


def main() -> None:
    """Print each shape: what it took, and how that compares."""
    shapes: list[tuple[str, Graph, int]] = [
        ("chain of 20", chain(20), 1),
        ("fan-out 1-18-1", fan(18), SIDE_BY_SIDE),
        ("5 layers of 4", layers(5, 4), SIDE_BY_SIDE),
        ("1,000 stages, 50 layers of 20", layers(50, 20), SIDE_BY_SIDE),
    ]
    rows = []
    flat: dict[int, float] = {}
    with bed() as ours, ledger() as commit:
        for number, (title, graph, at_once) in enumerate(shapes):
            name, size = f"shape-{number}", len(graph)
            ours.create(name, graph)
            product(ours, name, size)
            turns = TURNS if size < 500 else 3
            took, least, made = _medians(
                turns,
                partial(product, ours, name, size),
                partial(floor, commit, size, at_once),
                partial(make, graph),
            )
            rows.append(Row(title, size, took, least, made))
        ours.create("many", chain(20))
        product(ours, "many", 20)
        took, least = _medians(
            3,
            partial(product, ours, "many", 20, runs=100),
            partial(floor, commit, 2000, SIDE_BY_SIDE),
        )
        rows.append(Row("100 runs of 20 at once", 2000, took, least, None))
        for size in (20, 200, 2000):
            ours.create(f"flat-{size}", chain(size))
            turns = max(1, 200 // size)
            flat[size] = statistics.median(
                product(ours, f"flat-{size}", size) / size for _ in range(turns)
            )
    show(rows)
    print("\ncost per stage in one chain, in ms:")
    print("  " + ", ".join(f"{size} stages: {each * 1e3:.2f}" for size, each in flat.items()))


if __name__ == "__main__":
    main()
