"""The drawing of a graph: every edge can be followed by eye, and it fits on a screen."""

from __future__ import annotations

import random

import pytest

from orchestrate.cli.graph import LANES_MAX, NODE, Row, draw

Stages = list[tuple[str, list[str]]]


def drawn(stages: Stages) -> str:
    return "\n".join(
        f"{row.art.replace(NODE, '●')} {row.stage or ''}".rstrip() for row in draw(stages)
    )


@pytest.mark.parametrize(
    ("stages", "picture"),
    [
        pytest.param([("a", []), ("b", ["a"]), ("c", ["b"])], "● a\n● b\n● c", id="a chain"),
        pytest.param(
            [("a", []), ("b", []), ("c", ["a", "b"])], "● a\n│ ● b\n├─╯\n● c", id="two join"
        ),
        pytest.param(
            [("a", []), ("b", ["a"]), ("c", ["a"]), ("d", ["a"]), ("e", ["b", "c", "d"])],
            "● a\n├─┬─╮\n● │ │ b\n│ ● │ c\n│ │ ● d\n├─┴─╯\n● e",
            id="one opens and closes",
        ),
        pytest.param([("a", []), ("b", [])], "● a\n  ● b", id="no edge, no column in common"),
        pytest.param(
            [("a", []), ("b", ["a"]), ("c", ["b"]), ("d", ["a", "c"])],
            "● a\n● b\n● c\n● d",
            id="an edge that others imply is not drawn",
        ),
        pytest.param(
            [("a", []), ("b", []), ("c", ["a"]), ("d", ["b"]), ("e", ["c", "d"])],
            "● a\n│ ● b\n● │ c\n│ ● d\n├─╯\n● e",
            id="two chains side by side",
        ),
        pytest.param(
            [("a", []), ("b", []), ("c", ["a", "b"]), ("d", ["a", "b"])],
            "● a\n│ ● b\n├─╯\n├─╮\n● │ c\n  ● d",
            id="all to all goes through one lane",
        ),
        pytest.param([("a", ["gone"])], "● a", id="what is not there is not drawn"),
        pytest.param([], "", id="nothing"),
    ],
)
def test_a_picture(stages: Stages, picture: str) -> None:
    assert drawn(stages) == picture


@pytest.mark.parametrize("seed", range(60))
def test_any_graph_can_be_followed(seed: int) -> None:
    """Walking the lanes from each stage reaches those that need it, and nobody else."""
    dice = random.Random(seed)
    size = dice.randrange(1, 40)
    names = [f"s{number}" for number in range(size)]
    stages = [
        (name, dice.sample(names[:at], min(at, dice.randrange(0, 4))))
        for at, name in enumerate(names)
    ]
    rows = draw(stages)
    assert [row.stage for row in rows if row.stage] == sorted(
        names, key=lambda name: (_rank(dict(stages), name), names.index(name))
    )
    assert _reached(rows) == _closure(stages)


def test_a_wide_graph_stays_narrow() -> None:
    many = [f"m{number}" for number in range(200)]
    stages = [("a", []), *((name, ["a"]) for name in many), ("z", many)]
    assert max(len(row.art) for row in draw(stages)) <= 2 * (LANES_MAX + 4)


def test_a_large_graph_is_drawn_soon() -> None:
    """Ten thousand stages in a chain: what the language allows at most."""
    stages = [(f"s{at}", [f"s{at - 1}"] if at else []) for at in range(10_000)]
    assert len(draw(stages)) == 10_000


def _rank(needs: dict[str, list[str]], name: str) -> int:
    return 1 + max((_rank(needs, each) for each in needs[name]), default=-1)


def _closure(stages: Stages) -> dict[str, frozenset[str]]:
    above: dict[str, frozenset[str]] = {}
    for name, wanted in stages:
        above[name] = frozenset(wanted).union(*(above[each] for each in wanted))
    return above


_DOWN = "│├┤┼╮╭┬"
_UP = "│├┤┼╯╰┴"


def _reached(rows: list[Row]) -> dict[str, frozenset[str]]:
    """Which stages lie above each, by following the drawn lines alone."""
    above: dict[str, frozenset[str]] = {}
    lanes: dict[int, frozenset[str]] = {}
    for row in rows:
        art, stage = row.art, row.stage
        if stage is not None:
            column = art.index(NODE)
            above[stage] = lanes.get(column, frozenset())
            lanes = {at: each for at, each in lanes.items() if art[at : at + 1] == "│"}
            lanes[column] = above[stage] | {stage}
            continue
        joined = [at for at, mark in enumerate(art) if mark not in " ─│"]
        arriving = frozenset().union(*(lanes[at] for at in joined if art[at] in _UP))
        passing = {at: each for at, each in lanes.items() if art[at : at + 1] == "│"}
        lanes = {**passing, **{at: arriving for at in joined if art[at] in _DOWN}}
    return above
