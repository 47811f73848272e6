"""How many people must approve, as it is written: a number, `all` or `majority` (semantics 7.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from orchestrate.language.document import Node
from orchestrate.language.faults import Faults
from orchestrate.language.kinds import Choice, Integer, Schema, found

QUORUM_MAX: Final = 1_000
_WORDS: Final = Choice(("all", "majority"))
_NUMBER: Final = Integer(1, QUORUM_MAX)


@dataclass(frozen=True, slots=True)
class Quorum:
    """Read as a number, or as one of the words."""

    expected: str = "a number of people, `all` or `majority`"

    def read(self, node: Node, faults: Faults) -> int | str | None:
        if node.is_scalar and isinstance(node.scalar(), int):
            return _NUMBER.read(node, faults)
        if node.is_scalar and node.text in _WORDS.values:
            return node.text
        faults.at(
            node,
            "bad-choice",
            f"expected {self.expected}, found {found(node)}",
            faults.spelling.guess(node.text, _WORDS.values, ""),
        )
        return None

    def schema(self) -> Schema:
        return {"anyOf": [_NUMBER.schema(), _WORDS.schema()]}
