"""The graph of a pipeline's stages: in which order they stand, and where they go round in circles.

Everything here takes time linear in stages and edges, but for `upstream`, which is made of sets
of bits and only on demand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from heapq import heapify, heappop, heappush
from typing import Final

from orchestrate.language.faults import Faults
from orchestrate.language.shape import Section

CYCLE_SHOWN_MAX: Final = 12


@dataclass(slots=True)
class Placed:
    """A stage as it was written. Its number is its place in the text."""

    name: str  # empty if it has none that is sound
    section: Section
    item: int
    group: str | None = None


@dataclass
class Graph:
    """The stages and what each needs. `sound`: nothing is known to be wrong with the order."""

    stages: list[Placed]
    needs: list[tuple[int, ...]]
    order: list[int] = field(default_factory=list)  # topological; ties as written
    by_name: dict[str, int] = field(default_factory=dict)
    sound: bool = True

    @cached_property
    def upstream(self) -> list[int]:
        """Of every stage, the stages it needs, directly or through others, as a set of bits."""
        found = [0] * len(self.stages)
        for stage in self.order:
            bits = 0
            for need in self.needs[stage]:
                bits |= found[need] | 1 << need
            found[stage] = bits
        return found

    def is_upstream(self, stage: int, of: int) -> bool:
        return bool(self.upstream[of] >> stage & 1)


def topological(needs: list[tuple[int, ...]]) -> list[int]:
    """The stages after all they need, the first written first; without those in a cycle."""
    left = [len(each) for each in needs]
    dependents: list[list[int]] = [[] for _ in needs]
    for stage, each in enumerate(needs):
        for need in each:
            dependents[need].append(stage)
    ready = [stage for stage, count in enumerate(left) if not count]
    heapify(ready)
    order: list[int] = []
    while ready:
        stage = heappop(ready)
        order.append(stage)
        for dependent in dependents[stage]:
            left[dependent] -= 1
            if not left[dependent]:
                heappush(ready, dependent)
    return order


def complain_of_cycles(graph: Graph, faults: Faults) -> None:
    """One fault for each cycle that is met when every stage is followed to its first need."""
    stuck = set(range(len(graph.needs))).difference(graph.order)
    seen: dict[int, int] = {}
    for start in sorted(stuck):
        way, stage = [], start
        while stage not in seen:
            seen[stage] = start
            way.append(stage)
            stage = next(need for need in graph.needs[stage] if need in stuck)
        if seen[stage] != start:
            continue  # it leads to a cycle that was reported
        _complain_of_cycle(graph, way[way.index(stage) :], faults)


def _complain_of_cycle(graph: Graph, cycle: list[int], faults: Faults) -> None:
    first = cycle.index(min(cycle))
    cycle = cycle[first:] + cycle[:first]
    stages = [graph.stages[stage] for stage in cycle]
    section = stages[0].section
    node = section.nodes.get("name", section.node)
    for word in section.get("depends_on", []):
        if word.text == stages[1 % len(stages)].name:
            node = word.node
    implied = [
        each.name
        for each in stages
        if not {"depends_on", "parallel_with"} & each.section.nodes.keys()
    ]
    hint = "delete one of the dependencies"
    if implied:
        hint = (
            f"`{implied[0]}` says no `depends_on`, so it waits for what stands before it; write one"
        )
    faults.at(
        node, "cycle", "stages wait for each other: " + path([each.name for each in stages]), hint
    )


def path(names: list[str]) -> str:
    if len(names) > CYCLE_SHOWN_MAX:
        left = len(names) - CYCLE_SHOWN_MAX + 1
        names = [*names[: CYCLE_SHOWN_MAX - 1], f"({left} more)"]
    return f"`{' → '.join([*names, names[0]])}`"
