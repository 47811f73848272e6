"""Agents added to a file that somebody wrote: behind its own, in its own form, and nothing else.

It edits text, so that comments and order stay; then it reads the text back, and gives it out only
if it says exactly what it said before, and the new agents.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from orchestrate.language.composer import compose
from orchestrate.language.document import Document, Node
from orchestrate.language.faults import Enough, Faults

HEAD = """\
# Who does the work of this project's pipelines: a name, and what it means.
# More of it: orchestrate agent list, orchestrate agent test NAME.
"""


class NotMerged(Exception):
    """The file is left as it is: why, and what the person can do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """`text` is the file as it should be; it is the old one where nothing was added."""

    text: str
    added: tuple[str, ...]
    kept: tuple[str, ...]


def merge(present: str, wanted: str) -> Merged:
    """`present`, with those agents of `wanted` whose names it does not have. Raises NotMerged."""
    blocks = _blocks(wanted)
    values = _agents_of(wanted)
    if not any(line.strip() and line.lstrip()[0] != "#" for line in present.splitlines()):
        head = f"{present.rstrip()}\n\n" if present.strip() else HEAD
        return Merged(text=head + wanted, added=tuple(blocks), kept=())
    document = _read(present)
    agents = _place(document)
    there = {} if agents is None or not agents.is_mapping else agents.entries()
    added = tuple(name for name in blocks if name not in there)
    kept = tuple(name for name in blocks if name in there)
    if not added:
        return Merged(text=present, added=(), kept=kept)
    text = _inserted(present, document, agents, {name: blocks[name] for name in added}, values)
    before = document.root().plain()
    old = before if isinstance(before, dict) else {}
    whole = {**(old.get("agents") or {}), **{name: values[name] for name in added}}
    if _read(text).root().plain() != {**old, "agents": whole}:
        raise NotMerged("its agents are written in a form that cannot be added to")
    return Merged(text=text, added=added, kept=kept)


def _read(text: str) -> Document:
    faults = Faults(text=text)
    try:
        document = compose(text, faults)
    except Enough:
        document = None
    if document is None or faults.fatal:
        first = faults.sorted()[0]
        raise NotMerged(f"line {first.line}: {first.message}")
    if not document.root().is_mapping:
        raise NotMerged("it is no mapping, with `agents:` in it")
    return document


def _place(document: Document) -> Node | None:
    """What `agents` is, None where the key is not there."""
    entry = document.root().entries().get("agents")
    if entry is None:
        return None
    agents = entry[1]
    if agents.at != agents.index or not (agents.is_mapping or agents.is_null):
        raise NotMerged("its `agents` is no mapping written out")
    return agents


def _agents_of(text: str) -> dict[str, object]:
    plain = _read(text).root().plain()
    assert isinstance(plain, dict), "a template's agents are a mapping"
    agents: dict[str, object] = plain["agents"]
    return agents


def _blocks(wanted: str) -> dict[str, list[str]]:
    """name → its lines, the comments before it included, without their indentation."""
    found: dict[str, list[str]] = {}
    waiting: list[str] = []
    name = ""
    for line in wanted.splitlines()[1:]:
        plain = line[2:]
        if plain.startswith("#"):
            waiting.append(plain)
        elif plain and not plain.startswith(" "):
            name = plain.partition(":")[0]
            found[name] = [*waiting, plain]
            waiting = []
        else:
            found[name] += [*waiting, plain]
            waiting = []
    return found


def _inserted(
    text: str,
    document: Document,
    agents: Node | None,
    blocks: Mapping[str, list[str]],
    values: Mapping[str, object],
) -> str:
    if agents is not None and agents.is_mapping and text[agents.start] == "{":
        inner = text[agents.start + 1 : agents.end - 1].rstrip()
        comma = ", " if inner.strip() and not inner.endswith(",") else " " if inner.strip() else ""
        new = ", ".join(f"{name}: {json.dumps(values[name])}" for name in blocks)
        end = agents.start + 1 + len(inner)
        return f"{text[:end]}{comma}{new}{text[end:]}"
    if agents is None:
        if text[document.root().start] == "{":
            raise NotMerged("it is written between braces")
        return f"{text.rstrip()}\n\nagents:\n{_indented(blocks, 2)}"
    indent, end = 2, agents.end
    if agents.is_mapping:
        _, column = document.place(agents.start)
        indent = column - 1
    if end == 0 or text[end - 1] != "\n":
        line_end = text.find("\n", end)
        end = len(text) if line_end < 0 else line_end + 1
    before = text[:end] if text[:end].endswith("\n") else text[:end] + "\n"
    return before + _indented(blocks, indent) + text[end:]


def _indented(blocks: Mapping[str, list[str]], columns: int) -> str:
    lines = [line for block in blocks.values() for line in block]
    return "".join(f"{' ' * columns}{line}".rstrip() + "\n" for line in lines)
