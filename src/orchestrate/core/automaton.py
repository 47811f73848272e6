"""A pattern as a machine that reads a text once, and must never go back in it.

Every pattern is one `Tree`; `Machine` turns it into states (Thompson's construction) and walks the
set of all states it may be in, one character at a time. So the time is at most the length of the
text times the size of the pattern, whatever the pattern. Sets of states are bits of an integer,
and what follows from a set is remembered (a lazy automaton), so ordinary use is one look-up for
each character. Memory is bounded: what is remembered is dropped at `REMEMBERED_MAX`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TypeAlias

STATES_MAX = 1_000
WORK_MAX = 100_000_000  # characters of the text times states of the pattern
REMEMBERED_MAX = 2_000  # steps of one machine

_HEX = "0123456789abcdef"

# What may be asked of a place between two characters; several may hold.
_START, _END, _LAST, _WORD, _SEGMENT = 1, 2, 4, 8, 16


class Unsupported(ValueError):
    """A pattern that cannot be read or is too large. `position` counts its characters from 0."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message, position)
        self.message = message
        self.position = position

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class Chars:
    """A set of characters. `kinds` holds letters of `dDsSwW`, with the meaning `re` gives them."""

    singles: frozenset[str] = frozenset()
    ranges: tuple[tuple[str, str], ...] = ()
    kinds: str = ""
    negated: bool = False
    fold: bool = False  # upper and lower case are the same

    def __contains__(self, char: str) -> bool:
        variants = cases(char) if self.fold else (char,)
        return any(self._holds(each) for each in variants) != self.negated

    def _holds(self, char: str) -> bool:
        return (
            char in self.singles
            or any(low <= char <= high for low, high in self.ranges)
            or any(_is_kind(char, kind) for kind in self.kinds)
        )


def cases(char: str) -> set[str]:
    """The characters that are this one, but for upper and lower case."""
    found = {char, char.lower(), char.upper(), char.upper().lower()}
    return {each for each in found if len(each) == 1}


def _is_kind(char: str, kind: str) -> bool:
    match kind.lower():
        case "d":
            found = char.isdecimal()
        case "s":
            found = char.isspace()
        case _:
            found = char.isalnum() or char == "_"
    return found != kind.isupper()


@dataclass(frozen=True, slots=True)
class One:
    """One character of a set."""

    chars: Chars


@dataclass(frozen=True, slots=True)
class Edge:
    """A place between characters.

    `^` start, `Z` end, `$` end or before a last newline, `b` and `B` the edge of a word and not,
    `/` where a segment starts.
    """

    kind: str


@dataclass(frozen=True, slots=True)
class Sequence:
    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """`part` at least `least` times and at most `most`; None is without end."""

    part: Tree
    least: int
    most: int | None


Tree: TypeAlias = One | Edge | Sequence | Choice | Repeat


def size(tree: Tree) -> int:
    """The states that a machine for this tree has, repetitions written out."""
    match tree:
        case One() | Edge():
            return 1
        case Sequence(parts):
            return sum(size(part) for part in parts)
        case Choice(parts):
            return 1 + sum(size(part) for part in parts)
        case Repeat(part, least, most):
            once = max(1, size(part))  # a copy of nothing takes time to write out too
            return once * (least + 1) + 1 if most is None else once * most + most - least


@dataclass(slots=True)
class _State:
    """Takes a character (`chars`), asks about the place (`edge`), or forks to several."""

    after: tuple[int, ...] = ()
    chars: Chars | None = None
    edge: str | None = None


@dataclass(slots=True)
class _Spot:
    """A set of states the machine may be in, and where each next character leads."""

    mask: int
    steps: dict[str | tuple[str, int], _Spot] = field(default_factory=dict)

    @property
    def accepts(self) -> bool:
        return bool(self.mask & 1)


class Machine:
    """Answers whether a text matches: as a whole, or (`whole` is false) anywhere in it."""

    def __init__(self, tree: Tree, *, whole: bool) -> None:
        if size(tree) > STATES_MAX:
            raise Unsupported(
                f"the pattern is too large: it has {size(tree):,} states when its repetitions"
                f" are written out, and at most {STATES_MAX:,} are allowed",
                0,
            )
        self._whole = whole
        self._states = [_State()]  # state 0: the pattern has matched
        self._entry = self._emit(tree, 0)
        self._asks = any(state.edge for state in self._states)
        self._spots: dict[int, _Spot] = {}
        self._entries: dict[int, int] = {}
        self._takers: dict[str, int] = {}
        self._rows: dict[int, list[dict[str, int]]] = {}
        self._remembered = 0

    def accepts(self, text: str) -> bool:
        if len(text) * len(self._states) > WORK_MAX:
            raise Unsupported(
                f"a text of {len(text):,} characters is too long for a pattern of"
                f" {len(self._states):,} states",
                0,
            )
        keys: Iterable[str | tuple[str, int]] = text
        first = 0
        if self._asks:
            places = _places(text)
            first = places[0]
            keys = zip(text, places[1:], strict=True)
        spot = self._spot(self._entered(first))
        whole = self._whole
        for key in keys:
            if whole:
                if not spot.mask:
                    return False
            elif spot.mask & 1:
                return True
            spot = spot.steps.get(key) or self._step(spot, key)
        return spot.accepts

    def _step(self, spot: _Spot, key: str | tuple[str, int]) -> _Spot:
        char, place = (key, 0) if isinstance(key, str) else key
        alive = spot.mask & self._takers_of(char)
        # Four states at a time: each hexadecimal digit of the set has its answer in a table.
        found = 0 if self._whole else self._entered(place)
        for digit, row in zip(f"{alive:x}"[::-1], self._rows_at(place), strict=False):
            found |= row[digit]
        if self._remembered >= REMEMBERED_MAX:
            self._spots.clear()
            self._takers.clear()
            self._remembered = 0
        self._remembered += 1
        after = self._spot(found)
        spot.steps[key] = after
        return after

    def _spot(self, mask: int) -> _Spot:
        spot = self._spots.get(mask)
        if spot is None:
            spot = self._spots[mask] = _Spot(mask)
        return spot

    def _entered(self, place: int) -> int:
        """The states in which a match starts at this place."""
        if place not in self._entries:
            self._entries[place] = self._closure(self._entry, place)
        return self._entries[place]

    def _takers_of(self, char: str) -> int:
        """The states that take this character."""
        mask = self._takers.get(char)
        if mask is None:
            mask = sum(states for chars, states in self._sets.items() if char in chars)
            self._takers[char] = mask
        return mask

    @cached_property
    def _sets(self) -> dict[Chars, int]:
        sets: dict[Chars, int] = {}
        for number, state in enumerate(self._states):
            if state.chars is not None:
                sets[state.chars] = sets.get(state.chars, 0) | 1 << number
        return sets

    def _rows_at(self, place: int) -> list[dict[str, int]]:
        """For each four states and each choice among them: the states reached at this place."""
        if place not in self._rows:
            reached = [
                self._closure(state.after[0], place) if state.chars is not None else 0
                for state in self._states
            ] + [0, 0, 0]
            rows = []
            for base in range(0, len(self._states), 4):
                row = {"0": 0}
                for value in range(1, 16):
                    low = value & -value
                    row[_HEX[value]] = row[_HEX[value ^ low]] | reached[base + low.bit_length() - 1]
                rows.append(row)
            self._rows[place] = rows
        return self._rows[place]

    def _closure(self, number: int, place: int) -> int:
        """The states that take a character (or the end, bit 0) reached without taking one."""
        found = 0
        todo = [number]
        seen = 0
        while todo:
            number = todo.pop()
            if seen >> number & 1:
                continue
            seen |= 1 << number
            state = self._states[number]
            if number == 0 or state.chars is not None:
                found |= 1 << number
            elif state.edge is None or _holds(state.edge, place):
                todo += state.after
        return found

    def _emit(self, tree: Tree, after: int) -> int:
        """Writes the states of a tree, from its end to its start; the number of its first one."""
        match tree:
            case One(chars):
                return self._new(_State((after,), chars=chars))
            case Edge(kind):
                return self._new(_State((after,), edge=kind))
            case Sequence(parts):
                for part in reversed(parts):
                    after = self._emit(part, after)
                return after
            case Choice(parts):
                return self._new(_State(tuple(self._emit(part, after) for part in parts)))
            case Repeat(part, least, most):
                entry = after
                if most is None:
                    entry = self._new(_State())
                    self._states[entry].after = (self._emit(part, entry), after)
                else:
                    for _ in range(most - least):
                        entry = self._new(_State((self._emit(part, entry), after)))
                for _ in range(least):
                    entry = self._emit(part, entry)
                return entry

    def _new(self, state: _State) -> int:
        self._states.append(state)
        return len(self._states) - 1


def _places(text: str) -> list[int]:
    """What holds before, between and after the characters of a text."""
    word = [False, *(char.isalnum() or char == "_" for char in text), False]
    places = [_WORD if before != after else 0 for before, after in pairwise(word)]
    for at, char in enumerate(text, start=1):
        if char == "/":
            places[at] |= _SEGMENT
    places[0] |= _START | _SEGMENT
    places[-1] |= _END | _LAST
    if text.endswith("\n"):
        places[-2] |= _LAST
    return places


def _holds(edge: str, place: int) -> bool:
    match edge:
        case "^":
            return bool(place & _START)
        case "Z":
            return bool(place & _END)
        case "$":
            return bool(place & _LAST)
        case "b":
            return bool(place & _WORD)
        case "/":
            return bool(place & _SEGMENT)
        case _:
            return not place & _WORD
