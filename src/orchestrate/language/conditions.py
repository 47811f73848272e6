"""`when` and `if`: a mapping of predicates to a tree of them (semantics 6.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from orchestrate.core.condition import Always, Condition, Every, Not, Some
from orchestrate.language.document import Node
from orchestrate.language.faults import Faults
from orchestrate.language.kinds import Schema, mistyped
from orchestrate.language.predicates import BUILDERS, FIELDS, Mentions
from orchestrate.language.shape import Field, Section, Shape

CONDITIONS_MAX: Final = 10_000  # in one definition


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition, and what has to be looked up in the rest of the pipeline."""

    condition: Condition
    mentions: Mentions


@dataclass(frozen=True, slots=True)
class When:
    """A condition: `true`, `false`, or a mapping of predicates, `and`, `or`, `not`."""

    expected: str = "a condition (a mapping), `true` or `false`"

    def read(self, node: Node, faults: Faults) -> Asked | None:
        mentions = Mentions()
        condition = _tree(node, faults, mentions)
        return None if condition is None else Asked(condition, mentions)

    def schema(self) -> Schema:
        return {"$ref": "#/$defs/condition"}

    def definition(self) -> Schema:
        drawn = {**CONDITION.definition(), "minProperties": 1}
        return {"anyOf": [{"type": "boolean"}, drawn]}


WHEN: Final = When()


@dataclass(frozen=True, slots=True)
class _Nested:
    """Conditions inside a condition: `_branches` reads them, when the outer one is put together."""

    expected: str = "a condition, or a list of conditions"

    def read(self, node: Node, faults: Faults) -> Node:  # noqa: ARG002
        return node

    def schema(self) -> Schema:
        return {"anyOf": [WHEN.schema(), {"type": "array", "items": WHEN.schema(), "minItems": 1}]}


CONDITION: Final = Shape(
    "a condition",
    {
        **FIELDS,
        "and": Field(_Nested(), "All of these hold too."),
        "or": Field(_Nested(), "Or one of these holds, whatever stands beside it."),
        "not": Field(_Nested(), "None of these holds."),
    },
    elsewhere={
        "if": "a condition is a mapping of predicates, such as `branch: main`",
        "any": "did you mean `or`?",
        "all": "did you mean `and`?",
        "status": "the status of a needed stage: `stage: {name: succeeded}`",
    },
)


def _tree(node: Node, faults: Faults, mentions: Mentions) -> Condition | None:
    if node.is_scalar and isinstance(value := node.scalar(), bool):
        return Always(value, line=node.line)
    if not node.is_mapping:
        hint = "put several conditions under `and:` or `or:`" if node.is_sequence else ""
        mistyped(node, WHEN, faults, hint)
        return None
    faults.conditions += 1
    if faults.conditions > CONDITIONS_MAX:
        if faults.conditions == CONDITIONS_MAX + 1:
            faults.at(
                node,
                "too-many",
                f"more than {CONDITIONS_MAX:,} conditions",
                "a definition that long is best split into several",
            )
        return None
    section = CONDITION.read(node, faults)
    assert section is not None, "a mapping is read as one"
    if not node.entries():
        faults.at(
            node,
            "empty-condition",
            "a condition without a predicate",
            "write a predicate such as `branch: main`, or `true`",
        )
    return _joined(section, faults, mentions)


def _joined(section: Section, faults: Faults, mentions: Mentions) -> Condition | None:
    """(all siblings, and every `and`, and not `not`), or any `or` (6.2)."""
    parts: list[Condition] = []
    for key, value in section.values.items():
        if key in BUILDERS and value is not None:
            parts += BUILDERS[key](value, section.keys[key].line, mentions)
    parts += _branches(section, "and", faults, mentions)
    refused = _branches(section, "not", faults, mentions)
    if refused:
        line = section.keys["not"].line
        parts.append(Not(_one_of(Some, refused, line), line=line))
    choices = _branches(section, "or", faults, mentions)
    if parts:
        choices.insert(0, _one_of(Every, parts, section.node.line))
    if not choices:
        return None
    return _one_of(Some, choices, section.lone("or").line)


def _branches(section: Section, key: str, faults: Faults, mentions: Mentions) -> list[Condition]:
    node = section.nodes.get(key)
    if node is None:
        return []
    nodes = list(node.children()) if node.is_sequence else [node]
    if not nodes:
        faults.at(node, "empty-list", f"`{key}` lists no condition", "list one, or delete the key")
    parts = [_tree(each, faults, mentions) for each in nodes]
    return [part for part in parts if part is not None]


def _one_of(how: type[Every | Some], parts: list[Condition], line: int) -> Condition:
    return parts[0] if len(parts) == 1 else how(tuple(parts), line=line)
