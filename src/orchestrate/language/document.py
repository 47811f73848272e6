"""YAML text as a tree of nodes with exact places, read within fixed bounds of time and memory.

Only PyYAML's C parser is used, event by event, so that a limit stops it where it is met. Nodes
lie in flat arrays in the order written; aliases and merge keys are followed when somebody looks,
and counted before. Nothing here knows pipelines, and nothing here may raise on any text.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import islice

TEXT_BYTES_MAX = 1_048_576
DEPTH_MAX = 50
NODES_MAX = 200_000
COLLECTIONS_MAX = 50_000  # each costs three times what a scalar does
CHARACTERS_MAX = 16 * TEXT_BYTES_MAX  # of all texts together, what aliases stand for included
INTEGER_DIGITS_MAX = 18
_CHUNK = 1_024
LINE_BREAK = re.compile(r"\r\n?|\n")

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


class Form(IntEnum):
    """What a node is. `PLAIN` is a scalar without quotes: the only one with a type of its own."""

    PLAIN = 0
    QUOTED = 1
    SEQUENCE = 2
    MAPPING = 3
    ALIAS = 4


@dataclass(slots=True)
class Document:
    """All nodes of one text; node 0 is the root. The arrays are parallel, one entry per node.

    `past`: of a collection, the first node after the whole of it, so its children are found
    without pointers. `target`: where an alias leads. `merging`: the keys `<<`.
    """

    text: str
    forms: bytearray = field(default_factory=bytearray)
    texts: list[str] = field(default_factory=list)
    starts: array[int] = field(default_factory=lambda: array("I"))
    ends: array[int] = field(default_factory=lambda: array("I"))
    past: dict[int, int] = field(default_factory=dict)
    target: dict[int, int] = field(default_factory=dict)
    merging: set[int] = field(default_factory=set)
    breaks: str = ""  # the text with every line break as one line feed at its end
    counted: list[int] = field(default_factory=list)  # line feeds before each chunk

    def line(self, offset: int) -> int:
        """The line of a character, counted from 1."""
        if not self.counted:
            self.breaks = self.text.replace("\r\n", " \n").replace("\r", "\n")
            self.counted = [0]
            for at in range(0, len(self.breaks), _CHUNK):
                before = self.counted[-1]
                self.counted.append(before + self.breaks.count("\n", at, at + _CHUNK))
        chunk = offset // _CHUNK
        return self.counted[chunk] + self.breaks.count("\n", chunk * _CHUNK, offset) + 1

    def place(self, offset: int) -> tuple[int, int]:
        """The line and column of a character, both counted from 1."""
        line = self.line(offset)
        return line, offset - self.breaks.rfind("\n", 0, offset)

    def root(self) -> Node:
        return Node(self, 0)


class Node:
    """One node as its reader sees it: an alias looks like what it stands for, at its own place."""

    __slots__ = ("at", "document", "index")

    def __init__(self, document: Document, at: int) -> None:
        self.document = document
        self.at = at
        self.index = document.target.get(at, at)

    @property
    def form(self) -> Form:
        return Form(self.document.forms[self.index])

    @property
    def is_scalar(self) -> bool:
        return self.document.forms[self.index] <= Form.QUOTED

    @property
    def is_sequence(self) -> bool:
        return self.document.forms[self.index] == Form.SEQUENCE

    @property
    def is_mapping(self) -> bool:
        return self.document.forms[self.index] == Form.MAPPING

    @property
    def text(self) -> str:
        """What a scalar says, as it was written."""
        return self.document.texts[self.index]

    @property
    def is_null(self) -> bool:
        index = self.index
        return self.document.forms[index] == Form.PLAIN and self.document.texts[index] in _NULLS

    @property
    def start(self) -> int:
        return self.document.starts[self.at]

    @property
    def end(self) -> int:
        return self.document.ends[self.at]

    @property
    def line(self) -> int:
        return self.document.line(self.document.starts[self.at])

    def children(self) -> Iterator[Node]:
        """The items of a sequence; of a mapping: key, value, key, value, as written."""
        document, at = self.document, self.index + 1
        past = document.past
        end = past[self.index]
        while at < end:
            yield Node(document, at)
            at = past.get(at, at + 1)

    def entries(self, most: int = NODES_MAX) -> dict[str, tuple[Node, Node]]:
        """key → (its node, the value's node): those written here, then those merged in (`<<`).

        With more than `most` of them, some of the rest may be missing.
        """
        document, at = self.document, self.index + 1
        past, texts = document.past, document.texts
        end = past[self.index]
        found: dict[str, tuple[Node, Node]] = {}
        merged: list[Node] = []
        while at < end and len(found) <= most:
            value = at + 1  # a key is a scalar
            if at in document.merging:
                merged.append(Node(document, value))
            elif texts[at] not in found:
                found[texts[at]] = (Node(document, at), Node(document, value))
            at = past.get(value, value + 1)
        for source in merged:
            for mapping in source.children() if source.is_sequence else (source,):
                if mapping.is_mapping:  # the composer has complained of any other
                    for key, entry in mapping.entries().items():
                        found.setdefault(key, entry)
        return found

    def larger_than(self, most: int) -> bool:
        """Whether there are more than `most` nodes in this one, aliases followed."""
        left, todo = most, [self]
        while todo:
            node = todo.pop()
            left -= 1
            if left < 0:
                return True
            if not node.is_scalar:
                todo.extend(islice(node.children(), left + 1))
        return False

    def scalar(self) -> str | int | float | bool | None:
        """The value of a scalar by the core schema of YAML 1.2."""
        if self.document.forms[self.index] == Form.QUOTED:
            return self.text
        return core_schema(self.text)

    def plain(self) -> object:
        """The whole node as plain data: dicts, lists and scalars."""
        if self.is_mapping:
            return {key: value.plain() for key, (_, value) in self.entries().items()}
        if self.is_sequence:
            return [child.plain() for child in self.children()]
        return self.scalar()


def core_schema(text: str) -> str | int | float | bool | None:
    """What an unquoted scalar means in YAML 1.2: `on`, `yes`, `12:30` and dates are text."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _INTEGER.fullmatch(text):
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        return int(text, base) if len(text) <= INTEGER_DIGITS_MAX else text
    if _FLOAT.fullmatch(text):
        return float(text)
    if _SPECIAL.fullmatch(text):
        return float(text.replace(".", "", 1))
    return text
