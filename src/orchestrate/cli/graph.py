"""Stages and what they need → lines with edges between them, for any width of graph. Pure.

A stage is a row; its edges run down in lanes to the stages that need it. Edges that others imply
are left out of the drawing. A lane leads to a set of stages; lanes with the same set may join.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

LANES_MAX = 8
"""From so many lanes on, lanes that lead to the same stages join at once."""
STAGES_REDUCED_MAX = 1_000
"""A larger graph is drawn with all its edges: finding the implied ones takes too long."""

NODE = "\0"  # stands for the stage's own mark, until somebody knows its status
_UP, _DOWN, _LEFT, _RIGHT = 1, 2, 4, 8
_GLYPHS = {
    0: " ", _UP | _DOWN: "│", _LEFT | _RIGHT: "─", _UP | _LEFT: "╯", _UP | _RIGHT: "╰",
    _DOWN | _LEFT: "╮", _DOWN | _RIGHT: "╭", _UP | _DOWN | _RIGHT: "├", _UP | _DOWN | _LEFT: "┤",
    _UP | _LEFT | _RIGHT: "┴", _DOWN | _LEFT | _RIGHT: "┬", _UP | _DOWN | _LEFT | _RIGHT: "┼",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One line. `stage` is None where only edges are drawn; `art` holds NODE for its mark."""

    art: str
    stage: str | None = None


@dataclass(slots=True)
class _Drawing:
    lanes: list[frozenset[str] | None] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    ended: set[int] = field(default_factory=set)

    def free(self, after: int = 0) -> int:
        """The first column without a lane; one that ended in the row above is left alone."""
        for column in range(after, len(self.lanes)):
            if self.lanes[column] is None and column not in self.ended:
                return column
        self.lanes.append(None)
        return len(self.lanes) - 1

    def to(self, stage: str) -> list[int]:
        return [at for at, lane in enumerate(self.lanes) if lane is not None and stage in lane]

    @property
    def width(self) -> int:
        return sum(lane is not None for lane in self.lanes)

    def join(self, above: Sequence[int], below: Sequence[int]) -> None:
        """A line in which the lanes `above` become the lanes `below`."""
        touched = sorted({*above, *below})
        if len(touched) == 1:
            return
        first, last = touched[0], touched[-1]
        art = ""
        for column in range(max(len(self.lanes), last + 1)):
            passing = column < len(self.lanes) and self.lanes[column] is not None
            if column in touched:
                mask = _UP * (column in above) | _DOWN * (column in below)
                mask |= _LEFT * (column > first) | _RIGHT * (column < last)
                art += _GLYPHS[mask]
            elif passing:
                art += "│"
            else:
                art += "─" if first < column < last else " "
            art += "─" if first <= column < last else " "
        self.rows.append(Row(art.rstrip()))
        self.ended.clear()

    def stage(self, name: str, column: int) -> None:
        art = "".join(
            (NODE if at == column else "│" if lane is not None else " ") + " "
            for at, lane in enumerate(self.lanes)
        )
        self.rows.append(Row(art.rstrip(), name))
        self.ended.clear()


def draw(stages: Sequence[tuple[str, Sequence[str]]]) -> list[Row]:
    """The graph of stages, each with the names of those it needs, in topological order."""
    ordered = by_rank(stages)
    needs = _reduced(ordered) if len(ordered) <= STAGES_REDUCED_MAX else dict(ordered)
    leads: dict[str, list[str]] = {name: [] for name in needs}
    for name, wanted in needs.items():
        for each in wanted:
            leads[each].append(name)
    drawing = _Drawing()
    names = list(needs)
    for place, name in enumerate(names):
        column = _arrive(drawing, name, names[place + 1 :])
        following = frozenset(leads[name])
        drawing.lanes[column] = following or frozenset({name})
        drawing.stage(name, column)
        if not following:
            drawing.lanes[column] = None
            drawing.ended.add(column)
        elif drawing.width >= LANES_MAX:
            _merge(drawing, following)
        while (
            drawing.lanes
            and drawing.lanes[-1] is None
            and len(drawing.lanes) - 1 not in (drawing.ended)
        ):
            drawing.lanes.pop()
    return drawing.rows


def by_rank(stages: Sequence[tuple[str, Sequence[str]]]) -> list[tuple[str, tuple[str, ...]]]:
    """The same in the order of their waves, ties as given, without needs that are not there."""
    rank: dict[str, int] = {}
    for name, wanted in stages:
        rank[name] = 1 + max((rank[each] for each in wanted if each in rank), default=-1)
    kept = [(name, tuple(e for e in wanted if e in rank and e != name)) for name, wanted in stages]
    return sorted(kept, key=lambda each: rank[each[0]])


def _reduced(
    stages: Sequence[tuple[str, tuple[str, ...]]],
) -> Mapping[str, tuple[str, ...]]:
    """Without the edges that others imply: a → c, where a → b → c."""
    above: dict[str, frozenset[str]] = {}
    kept: dict[str, tuple[str, ...]] = {}
    for name, wanted in stages:
        implied: frozenset[str] = frozenset().union(*(above[each] for each in wanted))
        kept[name] = tuple(each for each in wanted if each not in implied)
        above[name] = implied.union(wanted)
    return kept


def _arrive(drawing: _Drawing, name: str, later: Sequence[str]) -> int:
    """Bring the lanes that lead to `name` into one column, and say which."""
    for at in drawing.to(name):
        targets = drawing.lanes[at]
        if targets is not None and len(targets) > 1:
            _merge(drawing, targets)
    arriving = drawing.to(name)
    if not arriving:
        return drawing.free()
    # A lane that also leads elsewhere sends out one of its own: joined as it is, it would seem to
    # lead wherever the others go.
    for at in arriving:
        if len(drawing.lanes[at] or ()) > 1:
            _split(drawing, at, name, later if len(arriving) == 1 else ())
    _merge(drawing, frozenset({name}))
    return drawing.to(name)[0]


def _split(drawing: _Drawing, lane: int, name: str, later: Sequence[str]) -> None:
    """One lane to several stages opens into one for `name`, and for those of `later` that fit."""
    targets = drawing.lanes[lane] or frozenset()
    fan = [name]
    for each in later:
        if each not in targets or drawing.to(each) != [lane]:
            break
        if drawing.width + len(fan) >= LANES_MAX:
            break
        fan.append(each)
    rest = targets - set(fan)
    columns = [] if rest else [lane]
    while len(columns) < len(fan):
        column = drawing.free(after=lane + 1)
        drawing.lanes[column] = frozenset()  # taken
        columns.append(column)
    for column in columns:
        if column != lane:
            drawing.lanes[column] = None
    drawing.join([lane], [lane, *columns])
    drawing.lanes[lane] = rest or None
    for each, column in zip(fan, columns, strict=True):
        drawing.lanes[column] = frozenset({each})


def _merge(drawing: _Drawing, targets: frozenset[str]) -> None:
    alike = [at for at, lane in enumerate(drawing.lanes) if lane == targets]
    if len(alike) > 1:
        drawing.join(alike, alike[:1])
        for at in alike[1:]:
            drawing.lanes[at] = None
