"""Kinds of values a key can have: each reads one node, complains of it, and describes itself.

The same object validates a text and draws the JSON Schema, so the two cannot disagree. `read`
returns None for what it has complained of; a kind never raises and never guesses.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from orchestrate.language.document import Form, Node
from orchestrate.language.duration import DURATION, parse_duration, written
from orchestrate.language.faults import Faults, shown

Schema = dict[str, Any]
TEXT_CHARACTERS_MAX: Final = 65_536
WORD_CHARACTERS_MAX: Final = 255
ITEMS_MAX: Final = 1_000
SCALARS: Final = ["string", "number", "boolean"]


@dataclass(frozen=True, slots=True)
class Word:
    """A text and where it stands."""

    text: str
    node: Node


class Kind(Protocol):
    @property
    def expected(self) -> str:
        """What should be there, to stand after "expected"."""

    def read(self, node: Node, faults: Faults) -> Any: ...

    def schema(self) -> Schema: ...


def found(node: Node) -> str:
    """What is there instead, in the words of the one who wrote it."""
    if node.is_mapping:
        return "a mapping"
    if node.is_sequence:
        return "a list"
    value = node.scalar()
    if value is None:
        return "nothing"
    if node.form == Form.PLAIN and isinstance(value, bool | int | float):
        return f"{'the number' if not isinstance(value, bool) else ''} `{shown(node.text)}`".strip()
    return f"the text `{shown(node.text)}`"


def mistyped(node: Node, kind: Kind, faults: Faults, hint: str = "") -> None:
    faults.at(node, "wrong-type", f"expected {kind.expected}, found {found(node)}", hint)


@dataclass(frozen=True, slots=True)
class Text:
    """Any scalar, as it was written: `1.10` stays `1.10` and `true` stays `true`."""

    most: int = TEXT_CHARACTERS_MAX
    expected: str = "text"
    check: Callable[[str], tuple[str, str, str] | None] | None = None  # → code, message, hint
    pattern: str | None = None  # says the same as `check`, to the JSON Schema

    def read(self, node: Node, faults: Faults) -> str | None:
        if not node.is_scalar or node.is_null:
            mistyped(
                node, self, faults, "" if node.is_scalar else "quote it if it is meant as text"
            )
            return None
        text = node.text
        if len(text) > self.most:
            faults.at(
                node,
                "too-long",
                f"{len(text):,} characters, and at most {self.most:,} are allowed",
                "long texts belong in a file that the agent reads",
            )
            return None
        if self.check is not None and (fault := self.check(text)):
            faults.at(node, *fault)
            return None
        return text

    def schema(self) -> Schema:
        if self.pattern is None:
            return {"type": SCALARS, "maxLength": self.most}
        return {"type": SCALARS, "maxLength": self.most, "pattern": self.pattern}


@dataclass(frozen=True, slots=True)
class Nullable:
    """The same, or nothing: `name:` without a value."""

    kind: Kind

    @property
    def expected(self) -> str:
        return f"{self.kind.expected}, or nothing"

    def read(self, node: Node, faults: Faults) -> Any:
        return None if node.is_null else self.kind.read(node, faults)

    def schema(self) -> Schema:
        inner = self.kind.schema()
        if isinstance(inner.get("type"), list):
            return {**inner, "type": [*inner["type"], "null"]}
        return {"anyOf": [inner, {"type": "null"}]}


@dataclass(frozen=True, slots=True)
class Boolean:
    expected: str = "`true` or `false`"

    def read(self, node: Node, faults: Faults) -> bool | None:
        value = node.scalar() if node.is_scalar else None
        if isinstance(value, bool):
            return value
        hint = ""
        if node.is_scalar and node.text.lower() in {"yes", "on", "true", "y"}:
            hint = "write `true`; `yes`, `on` and quoted words are text"
        elif node.is_scalar and node.text.lower() in {"no", "off", "false", "n"}:
            hint = "write `false`; `no`, `off` and quoted words are text"
        mistyped(node, self, faults, hint)
        return None

    def schema(self) -> Schema:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Integer:
    least: int
    most: int

    @property
    def expected(self) -> str:
        return f"a whole number from {self.least:,} to {self.most:,}"

    def read(self, node: Node, faults: Faults) -> int | None:
        value = node.scalar() if node.is_scalar else None
        if isinstance(value, bool) or not isinstance(value, int):
            mistyped(node, self, faults)
            return None
        if not self.least <= value <= self.most:
            faults.at(node, "out-of-range", f"expected {self.expected}, found `{value}`")
            return None
        return value

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True, slots=True)
class Number:
    expected: str = "a number"

    def read(self, node: Node, faults: Faults) -> float | None:
        value = node.scalar() if node.is_scalar else None
        if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
            mistyped(node, self, faults)
            return None
        return float(value)

    def schema(self) -> Schema:
        return {"type": "number"}


@dataclass(frozen=True, slots=True)
class Duration:
    """Seconds, from text such as `90s` or `1h30m` (semantics 2.5)."""

    least: float
    most: float
    none: bool = False  # `none` stands for no limit, and is read as infinity

    @property
    def expected(self) -> str:
        return "a duration such as `30s`, `15m` or `1h30m`" + (", or `none`" * self.none)

    def read(self, node: Node, faults: Faults) -> float | None:
        if self.none and node.is_scalar and node.text == "none":
            return math.inf
        if not node.is_scalar or node.is_null:
            mistyped(node, self, faults)
            return None
        seconds = parse_duration(node.text)
        if seconds is None:
            hint = "a number and one of the units s m h d; the largest unit first"
            if re.fullmatch(r"[0-9]+", node.text):
                number = shown(node.text)
                hint = f"write the unit: `{number}s`, `{number}m` or `{number}h`"
            elif node.text.endswith("ms"):
                hint = "milliseconds are written as a part of a second: `0.5s`"
            faults.at(node, "bad-duration", f"expected {self.expected}, found {found(node)}", hint)
            return None
        if not self.least <= seconds <= self.most:
            faults.at(
                node,
                "out-of-range",
                f"expected a duration from {written(self.least)} to "
                f"{written(self.most)}, found `{shown(node.text)}`",
            )
            return None
        return seconds

    def schema(self) -> Schema:
        return {"type": "string", "pattern": f"^(?:{DURATION}{'|none' * self.none})$"}


@dataclass(frozen=True, slots=True)
class Choice:
    values: tuple[str, ...]
    hints: Mapping[str, str] | None = None

    @property
    def expected(self) -> str:
        *most, last = (f"`{value}`" for value in self.values)
        return f"{', '.join(most)} or {last}" if most else last

    def read(self, node: Node, faults: Faults) -> str | None:
        if not node.is_scalar:
            mistyped(node, self, faults)
            return None
        if node.text not in self.values:
            hint = (self.hints or {}).get(node.text) or faults.spelling.guess(
                node.text, self.values, ""
            )
            faults.at(node, "bad-choice", f"expected {self.expected}, found {found(node)}", hint)
            return None
        return node.text

    def schema(self) -> Schema:
        return {"enum": [str(value) for value in self.values]}


@dataclass(frozen=True, slots=True)
class Items:
    """A list; where `single`, one value alone stands for a list of it (semantics 2.4)."""

    item: Kind
    single: bool = True
    least: int = 1
    most: int = ITEMS_MAX
    what: str = "values"

    @property
    def expected(self) -> str:
        return f"a list of {self.what}"

    def read(self, node: Node, faults: Faults) -> list[Any] | None:
        if not node.is_sequence:
            if self.single and not node.is_null and (node.is_scalar or not self.item_is_text()):
                value = self.item.read(node, faults)
                return None if value is None else [value]
            hint = "an empty list is written `[]`" if self.least == 0 else ""
            mistyped(node, self, faults, hint if node.is_null else "")
            return None
        values, count = [], 0
        for child in node.children():
            count += 1
            if count > self.most:
                faults.at(child, "too-many", f"more than {self.most:,} {self.what}")
                break
            value = self.item.read(child, faults)
            if value is not None:
                values.append(value)
        if count < self.least:
            faults.at(
                node,
                "empty-list",
                f"this list of {self.what} is empty",
                "list at least one, or delete the key",
            )
            return None
        return values

    def item_is_text(self) -> bool:
        return isinstance(self.item, Words | Text | Choice | Duration)

    def schema(self) -> Schema:
        item = self.item.schema()
        many: Schema = {"type": "array", "items": item, "maxItems": self.most}
        if self.least:
            many["minItems"] = self.least
        return {"anyOf": [item, many]} if self.single else many


@dataclass(frozen=True, slots=True)
class Words:
    """One text of a list, with its place: a name, a glob, a label."""

    text: Text

    @property
    def expected(self) -> str:
        return self.text.expected

    def read(self, node: Node, faults: Faults) -> Word | None:
        text = self.text.read(node, faults)
        return None if text is None else Word(text, node)

    def schema(self) -> Schema:
        return self.text.schema()


def words(what: str, text: Text | None = None, *, least: int = 1, most: int = ITEMS_MAX) -> Items:
    """A list of texts, or one alone; read as `list[Word]`."""
    return Items(Words(text or Text(WORD_CHARACTERS_MAX)), least=least, most=most, what=what)
