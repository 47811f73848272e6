"""Order: `depends_on`, `parallel_with`, groups and the list itself, resolved to one relation.

Afterwards a stage only *needs* stages (semantics 3). Everything here takes time linear in the
number of stages and edges; the edges are bounded before anybody walks them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from orchestrate.language.document import Node
from orchestrate.language.faults import Faults, shown
from orchestrate.language.graph import Graph, Placed, complain_of_cycles, path, topological
from orchestrate.language.kinds import Word
from orchestrate.language.shape import Section

EDGES_MAX: Final = 200_000


@dataclass(slots=True)
class Item:
    """One entry of `stages`: a stage, or a group of them."""

    section: Section
    members: list[int]
    group: bool


def resolve(sections: list[Section], faults: Faults) -> Graph:
    """The graph of a list of stages and groups; its faults are noted."""
    writing = _Writing(faults)
    for section in sections:
        writing.add(section)
    before = len(faults.found)
    try:
        needs = writing.needs()
        writing.count(sum(map(len, needs)))
    except _TooManyEdges:
        faults.at(
            writing.items[0].section.node,
            "too-many-edges",
            f"more than {EDGES_MAX:,} dependencies, written and implied",
            "where many stages wait for many, put one stage between them",
        )
        needs = [()] * len(writing.stages)
    graph = Graph(writing.stages, needs, by_name=writing.by_name)
    graph.order = topological(graph.needs)
    if len(graph.order) < len(needs):
        complain_of_cycles(graph, faults)
    graph.sound = len(faults.found) == before
    if graph.sound:
        _check_parallel(graph, writing.beside, faults)
    return graph


class _TooManyEdges(Exception):
    """Noted before they are built: five thousand stages times five thousand."""


@dataclass
class _Writing:
    """The list as it was written, while its shorthand is worked out."""

    faults: Faults
    stages: list[Placed] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    by_name: dict[str, int] = field(default_factory=dict)
    groups: dict[str, list[int]] = field(default_factory=dict)
    taken: dict[str, Node] = field(default_factory=dict)  # lower-case name → where it was given
    beside: dict[int, int] = field(default_factory=dict)  # parallel_with
    sets: list[int] = field(default_factory=list)  # union-find over stages: parallel sets
    following: set[int] = field(default_factory=set)  # met on the way along `beside`
    edges: int = 0  # that were built so far

    def count(self, edges: int) -> None:
        self.edges += edges
        if self.edges > EDGES_MAX:
            raise _TooManyEdges

    def add(self, section: Section) -> None:
        item = len(self.items)
        if "parallel" not in section:
            self.items.append(Item(section, [self.place(section, item, None)], group=False))
            return
        name = section.get("name")
        if name is not None:
            self.take(name, section.nodes["name"])
        number = sum(each.group for each in self.items) + 1 if name is None else 0
        shown_as = name or f"parallel {number}"
        members = [self.place(each, item, shown_as) for each in section.get("parallel", [])]
        if name is not None:
            self.groups.setdefault(name, members)
        self.items.append(Item(section, members, group=True))

    def place(self, section: Section, item: int, group: str | None) -> int:
        number = len(self.stages)
        name = section.get("name", "")
        self.stages.append(Placed(name, section, item, group))
        self.sets.append(number)
        if name and self.take(name, section.nodes["name"]):
            self.by_name[name] = number
        return number

    def take(self, name: str, node: Node) -> bool:
        """Whether the name was free."""
        first = self.taken.setdefault(name.lower(), node)
        if first is node:
            return True
        same = "" if first.text == name else ", whatever the case of the letters"
        self.faults.at(
            node,
            "duplicate-name",
            f"`{name}` is the name of the one on line {first.line} too{same}",
            "give each stage a name of its own",
        )
        return False

    # ── names ──

    def named(self, word: Word) -> list[int]:
        """The stages a word stands for: one, or a group's members; none if it is unknown."""
        if word.text in self.by_name:
            return [self.by_name[word.text]]
        if word.text in self.groups:
            return self.groups[word.text]
        names = [*self.by_name, *self.groups]
        self.faults.at(
            word.node,
            "unknown-stage",
            f"no stage is called `{shown(word.text)}`",
            self.faults.spelling.guess(word.text, names, "stages"),
        )
        return []

    def written(self, section: Section, own: list[int]) -> list[int]:
        """The stages that a `depends_on` names, each once."""
        found: dict[int, None] = {}
        for word in section.get("depends_on", []):
            stages = self.named(word)
            if not set(own).isdisjoint(stages):
                self.faults.at(
                    word.node,
                    "own-name",
                    f"`{shown(word.text)}` would wait for itself",
                    "delete it here",
                )
                continue
            self.count(len(stages))
            found.update(dict.fromkeys(stages))
        return list(found)

    def added(self, one: tuple[int, ...], more: list[int]) -> tuple[int, ...]:
        """Both, each once; the very same tuple where nothing is added."""
        if not more:
            return one
        self.count(len(one))
        return tuple(dict.fromkeys((*one, *more)))

    # ── parallel sets ──

    def root(self, stage: int) -> int:
        while self.sets[stage] != stage:
            self.sets[stage] = self.sets[self.sets[stage]]
            stage = self.sets[stage]
        return stage

    def join(self, one: int, two: int) -> None:
        one, two = sorted((self.root(one), self.root(two)))
        self.sets[two] = one

    def find_sets(self) -> dict[int, tuple[int, ...]]:
        """The root of each parallel set → all its stages."""
        for item in self.items:
            for member in item.members[1:]:
                self.join(item.members[0], member)
        for number, stage in enumerate(self.stages):
            node = stage.section.nodes.get("parallel_with")
            name = stage.section.get("parallel_with")
            if node is None or name is None:
                continue
            if stage.group is not None:
                self.faults.at(
                    stage.section.keys["parallel_with"],
                    "nested-group",
                    "a member of a group runs beside its group already",
                    "delete `parallel_with`, or take the stage out of the group",
                )
                continue
            if name in self.groups:
                self.faults.at(
                    node,
                    "unknown-stage",
                    f"`{name}` is a group, and a stage is meant",
                    "name one of its members, or write the stage into the group",
                )
                continue
            other = self.named(Word(name, node))
            if other == [number]:
                self.faults.at(
                    node, "own-name", f"`{name}` would run beside itself", "name another stage"
                )
            elif other:
                self.beside[number] = other[0]
                self.join(number, other[0])
        members: dict[int, list[int]] = {}
        for number in range(len(self.stages)):
            members.setdefault(self.root(number), []).append(number)
        return {root: tuple(found) for root, found in members.items()}

    # ── what each stage needs ──

    def needs(self) -> list[tuple[int, ...]]:
        sets = self.find_sets()
        needs: list[tuple[int, ...] | None] = [None] * len(self.stages)
        own: dict[int, list[int]] = {}
        for place, item in enumerate(self.items):
            written = "depends_on" in item.section
            shared = tuple(self.written(item.section, item.members)) if written else None
            if not item.group:
                [stage] = item.members
                own[stage] = list(shared or ())
                if stage not in self.beside:
                    needs[stage] = shared if shared is not None else self.before(place, sets)
                continue
            common = shared if shared is not None else self.before(place, sets)
            for stage in item.members:
                section = self.stages[stage].section
                more = self.written(section, [stage]) if "depends_on" in section else []
                needs[stage] = self.added(common, more)
        return self.inherited(needs, own)

    def before(self, place: int, sets: dict[int, tuple[int, ...]]) -> tuple[int, ...]:
        """What the item at `place` waits for by its place in the list alone (3.1)."""
        members = self.items[place].members
        own = self.root(members[0]) if members else -1
        for item in reversed(self.items[max(0, place - len(sets.get(own, ())) - 1) : place]):
            if item.members and self.root(item.members[0]) != own:
                return sets[self.root(item.members[0])]
        return ()

    def inherited(
        self, needs: list[tuple[int, ...] | None], own: dict[int, list[int]]
    ) -> list[tuple[int, ...]]:
        """The needs of stages with `parallel_with`: those of the other, and their own (3.3)."""
        for first in self.beside:
            chain: list[int] = []
            stage = first
            while needs[stage] is None and stage not in self.following:
                self.following.add(stage)
                chain.append(stage)
                stage = self.beside[stage]
            if needs[stage] is None:
                self.circle(chain[chain.index(stage) :])
            for each in reversed(chain):
                inherited = needs[self.beside[each]] or ()
                if each in inherited:
                    self.mutual(each)
                    inherited = tuple(need for need in inherited if need != each)
                needs[each] = self.added(inherited, own[each])
        return [found or () for found in needs]

    def circle(self, chain: list[int]) -> None:
        way = path([self.stages[stage].name for stage in chain])
        self.faults.at(
            self.stages[chain[0]].section.nodes["parallel_with"],
            "cycle",
            f"stages take each other's place: {way}",
            "leave `parallel_with` out of the first of them",
        )

    def mutual(self, stage: int) -> None:
        name = self.stages[stage].name
        other = self.stages[self.beside[stage]].name
        self.faults.at(
            self.stages[stage].section.nodes["parallel_with"],
            "parallel-with-ancestor",
            f"`{name}` cannot run beside `{other}`, which waits for it",
            f"delete `parallel_with`, or take `{name}` out of what `{other}` depends on",
        )


def _check_parallel(graph: Graph, beside: dict[int, int], faults: Faults) -> None:
    for stage, other in beside.items():
        section = graph.stages[stage].section
        if "depends_on" in section and graph.is_upstream(other, stage):
            name = graph.stages[other].name
            faults.at(
                section.nodes["parallel_with"],
                "parallel-with-ancestor",
                f"the stage cannot run beside `{name}` and wait for it",
                "delete `parallel_with`, or the dependency",
            )
