"""A mapping with known keys: one table says which, and checks a text and draws the schema.

Unknown keys are errors, because a dropped `requires_approval` is an outage (semantics 2.2). Keys
that start with `x-` are the user's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from orchestrate.language.document import Node
from orchestrate.language.faults import Faults, shown
from orchestrate.language.kinds import Kind, Schema, mistyped

KEYS_MAX: Final = 1_000  # in one mapping, `x-` included
PLAIN_NODES_MAX: Final = 2_000


@dataclass(frozen=True, slots=True)
class Field:
    """One key: what it takes, and the sentence that the schema and the reference say of it."""

    kind: Kind
    about: str
    required: bool = False
    also: tuple[str, ...] = ()  # other names of the same key


class Section:
    """A mapping that was read: the values that are sound, and where every key stands."""

    __slots__ = ("keys", "node", "nodes", "values")

    def __init__(self, node: Node) -> None:
        self.node = node
        self.values: dict[str, Any] = {}
        self.nodes: dict[str, Node] = {}  # the values' places
        self.keys: dict[str, Node] = {}  # the keys' places

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key; the default if it is not written, or not sound."""
        value = self.values.get(key)
        return default if value is None else value

    def __contains__(self, key: str) -> bool:
        """Whether the key is written, sound or not."""
        return key in self.nodes

    def lone(self, key: str) -> Node:
        """Where to point for a key that may be missing: at it, else at the whole mapping."""
        return self.keys.get(key, self.node)


@dataclass(slots=True)
class Shape:
    """`noun` with its article, as in "a stage has no key ..."; `elsewhere` are words of others.

    The keys are looked up by every spelling they have; `name` makes it a definition of its own in
    the schema, which is how a shape may contain itself.
    """

    noun: str
    fields: Mapping[str, Field]
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    about: str = ""
    instead: str = ""  # what to write where a text stands
    spellings: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.spellings = {key: key for key in self.fields}
        for key, each in self.fields.items():
            self.spellings.update(dict.fromkeys(each.also, key))

    @property
    def expected(self) -> str:
        return f"{self.noun} (a mapping)"

    def read(self, node: Node, faults: Faults) -> Section | None:
        if not node.is_mapping:
            mistyped(node, self, faults, self.instead if node.is_scalar else "")
            return None
        section = Section(node)
        entries = node.entries(KEYS_MAX)
        if len(entries) > KEYS_MAX:
            faults.at(node, "too-many", f"more than {KEYS_MAX:,} keys in one mapping")
        for written, (key, value) in entries.items():
            if written[:2] == "x-":
                continue
            name = self.spellings.get(written)
            if name is None:
                self.unknown(written, key, faults)
            elif name in section.nodes:
                first = section.keys[name]
                faults.at(
                    key,
                    "duplicate-key",
                    f"`{written}` says the same as `{first.text}` on line {first.line}",
                    "keep one of them",
                )
            else:
                section.keys[name] = key
                section.nodes[name] = value
                section.values[name] = self.fields[name].kind.read(value, faults)
        for name, each in self.fields.items():
            if each.required and name not in section.nodes:
                faults.at(node, "missing-key", f"{self.noun} needs `{name}`", f"add `{name}: ...`")
        return section

    def unknown(self, written: str, key: Node, faults: Faults) -> None:
        hint = self.elsewhere.get(written) or faults.spelling.guess(
            written, self.spellings, "known here", most=len(self.fields)
        )
        faults.at(key, "unknown-key", f"{self.noun} has no key `{shown(written)}`", hint)

    def schema(self) -> Schema:
        if self.name:
            return {"$ref": f"#/$defs/{self.name}"}
        return self.definition()

    def definition(self) -> Schema:
        properties: Schema = {}
        for key, each in self.fields.items():
            properties[key] = {**each.kind.schema(), "description": each.about}
            for other in each.also:
                properties[other] = {**each.kind.schema(), "description": f"The same as `{key}`."}
        drawn: Schema = {
            "type": "object",
            "properties": properties,
            "patternProperties": {"^x-": True},
            "additionalProperties": False,
        }
        if self.about:
            drawn["description"] = self.about
        required = [key for key, each in self.fields.items() if each.required]
        alone = [key for key in required if not self.fields[key].also]
        if alone:
            drawn["required"] = alone
        return drawn


@dataclass(frozen=True, slots=True)
class Named:
    """A mapping from names of the user's choice to values of one kind, read as Name → value."""

    noun: str
    name: Kind  # reads the key's node
    value: Kind
    most: int
    what: str = "entries"
    least: int = 0

    @property
    def expected(self) -> str:
        return f"{self.noun} (a mapping)"

    def read(self, node: Node, faults: Faults) -> dict[str, tuple[Node, Node, Any]] | None:
        """name → (the key's place, the value's place, the value or None)."""
        if node.is_null and not self.least:
            return {}
        if not node.is_mapping:
            mistyped(node, self, faults)
            return None
        read: dict[str, tuple[Node, Node, Any]] = {}
        for written, (key, value) in node.entries(self.most + KEYS_MAX).items():
            if written[:2] == "x-":
                continue
            if len(read) >= self.most:
                faults.at(key, "too-many", f"more than {self.most:,} {self.what}")
                break
            if self.name.read(key, faults) is not None:
                read[written] = (key, value, self.value.read(value, faults))
        if self.least and not node.entries():
            faults.at(
                node,
                "empty-list",
                f"this mapping of {self.what} is empty",
                "write at least one, or delete the key",
            )
        return read

    def schema(self) -> Schema:
        names = self.name.schema()
        names.pop("type", None)
        return {
            "type": "object" if self.least else ["object", "null"],
            "minProperties": self.least,
            "patternProperties": {"^x-": True},
            "propertyNames": {"anyOf": [names, {"pattern": "^x-"}]},
            "additionalProperties": self.value.schema(),
            "maxProperties": self.most,
        }


@dataclass(frozen=True, slots=True)
class Short:
    """A shape, or one scalar that stands for a mapping of one key: `retry: 3`."""

    shape: Shape
    key: str

    @property
    def expected(self) -> str:
        return f"{self.shape.noun}, or its `{self.key}` alone"

    def read(self, node: Node, faults: Faults) -> Section | None:
        if not node.is_scalar or node.is_null:
            if node.is_mapping:
                return self.shape.read(node, faults)
            mistyped(node, self, faults)
            return None
        section = Section(node)
        section.nodes[self.key] = section.keys[self.key] = node
        section.values[self.key] = self.shape.fields[self.key].kind.read(node, faults)
        return section

    def schema(self) -> Schema:
        return {"anyOf": [self.shape.fields[self.key].kind.schema(), self.shape.schema()]}


@dataclass(frozen=True, slots=True)
class Plain:
    """A value that somebody else knows how to read: kept as plain data, of one of these types."""

    expected: str
    types: tuple[str, ...]  # of JSON: object, array, ...

    def read(self, node: Node, faults: Faults) -> object:
        kind = "object" if node.is_mapping else "array" if node.is_sequence else "string"
        if kind not in self.types or node.is_null:
            mistyped(node, self, faults)
            return None
        if node.larger_than(PLAIN_NODES_MAX):
            faults.at(node, "too-many", f"more than {PLAIN_NODES_MAX:,} values in here")
            return None
        return node.plain()

    def schema(self) -> Schema:
        return {"type": list(self.types)}
