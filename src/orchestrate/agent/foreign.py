"""Front matter written for another program → our fields. Only what has a meaning here is taken."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from orchestrate.agent import kinds
from orchestrate.agent.frontmatter import OURS, FrontMatter

# What a file's own program would run, where `orchestrate:` says nothing else.
_KINDS: Mapping[str, Mapping[str, str]] = {
    "claude": {"kind": "claude"},
    "copilot": {"kind": "acp", "agent": "copilot"},
    "opencode": {"kind": "acp", "agent": "opencode"},
}
_PERMISSIONS = {"acceptEdits": "edits", "bypassPermissions": "all", "dontAsk": "deny"}


def fields(flavour: str, matter: FrontMatter) -> dict[str, Any]:
    """The fields of a definition: what we understand of the file, then its `orchestrate:` map."""
    ours = matter.fields.get(OURS) or {}
    if flavour == "own":
        written = {k: v for k, v in matter.fields.items() if k not in {"name", OURS}} | ours
        kind = written.get("kind") or kinds.infer(written) or "claude"
        about: dict[str, Any] = {}
    else:
        written = ours
        kind = ours.get("kind") or kinds.infer(ours) or _KINDS[flavour]["kind"]
        about = _translated(matter.fields)
        if kind == _KINDS[flavour]["kind"]:
            about |= _KINDS[flavour]
    about["kind"] = kind
    if kind in kinds.LLM_KINDS and matter.body and "instructions_file" not in written:
        about["instructions"] = matter.body
    # A command has no use for a model or tools; the file has them for its own program.
    understood = set(kinds.known(str(kind)))
    return {name: value for name, value in about.items() if name in understood} | written


def _translated(theirs: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, (key, read) in _TRANSLATION.items():
        if theirs.get(name) is not None and (value := read(theirs[name])) is not None:
            found[key] = value
    tools = theirs.get("tools")
    if isinstance(tools, Mapping):
        found["tools"] = [str(name) for name, on in tools.items() if on]
        found["disallowed_tools"] = [str(name) for name, on in tools.items() if not on]
    return found


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str | int | float) else None


def _model(value: object) -> str | None:
    return None if value == "inherit" else _text(value)


def _names(value: object) -> list[str] | None:
    """A list, or names between commas; a comma in brackets is part of a name."""
    if isinstance(value, str):
        return [each.strip() for each in re.split(r",(?![^(]*\))", value) if each.strip()]
    return [str(each) for each in value] if isinstance(value, list) else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


_TRANSLATION: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "description": ("description", _text),
    "tools": ("tools", _names),
    "disallowedTools": ("disallowed_tools", _names),
    "model": ("model", _model),
    "effort": ("effort", _text),
    "maxTurns": ("max_turns", _count),
    "max_turns": ("max_turns", _count),
    "maxSteps": ("max_turns", _count),
    "permissionMode": ("permissions", lambda mode: _PERMISSIONS.get(str(mode), "ask")),
    "mcpServers": ("mcp_servers", lambda servers: servers),
}
