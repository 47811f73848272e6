"""The kinds of agents: which fields each understands, and which of them are ready for use.

A table and the questions asked of it. What a field's value must look like is `fields`.
"""

from __future__ import annotations

from collections.abc import Mapping

LLM_KINDS = ("claude", "acp", "codex")
KINDS = ("command", *LLM_KINDS, "http", "python", "container")
RUNNABLE = frozenset({"command"})

# The fields every kind understands.
SHARED = (
    "kind", "description", "role", "task", "cwd", "env", "inherit_env", "secrets", "timeout",
    "idle_timeout", "grace", "retry", "exit_codes", "outputs", "artifacts", "workspace", "sandbox",
    "limits", "max_parallel",
)  # fmt: skip
_LLM = (
    "instructions", "instructions_file", "command", "model", "fallback_models", "effort", "tools",
    "disallowed_tools", "permissions", "approval_timeout", "max_turns", "max_cost_usd",
    "mcp_servers", "session", "feedback", "project_settings",
)  # fmt: skip
OWN: Mapping[str, tuple[str, ...]] = {
    "command": ("run",),
    "claude": _LLM,
    "acp": ("agent", *_LLM),
    "codex": _LLM,
    "http": ("url", "method", "headers", "protocol"),
    "python": ("call",),
    "container": ("image", "run"),
}
# In this order: an image may have a `run` beside it, a claude agent has only instructions.
_TOLD_BY = (
    ("image", "container"),
    ("url", "http"),
    ("call", "python"),
    ("run", "command"),
    ("agent", "acp"),
    ("instructions", "claude"),
    ("instructions_file", "claude"),
)
_NEEDS = {
    "command": ("run",),
    "acp": ("agent", "command"),
    "http": ("url",),
    "python": ("call",),
    "container": ("image",),
}


def infer(fields: Mapping[str, object]) -> str | None:
    """The kind a definition without `kind` is meant to be, by its one required field."""
    return next((kind for told_by, kind in _TOLD_BY if told_by in fields), None)


def known(kind: str) -> tuple[str, ...]:
    """The fields a definition of this kind may have."""
    return (*SHARED, *OWN.get(kind, ()))


def missing(kind: str, fields: Mapping[str, object]) -> str | None:
    """The field a definition of this kind cannot do without, where it is not there."""
    needed = _NEEDS.get(kind, ())
    if not needed or any(fields.get(name) is not None for name in needed):
        return None
    return " or ".join(f"`{name}`" for name in needed)


def not_yet(kind: str, fields: Mapping[str, object]) -> list[str]:
    """What the definition asks for that cannot be given yet; a wish is never dropped silently."""
    if kind not in RUNNABLE:
        return [f"agents of kind `{kind}` are not runnable yet"]
    wishes = [
        f"`{name}: {fields[name]}` is not available yet"
        for name, wish in _NOT_YET
        if fields.get(name) == wish
    ]
    wishes += [
        f"`{name}` in a definition is not available yet; {instead}"
        for name, instead in _INSTEAD
        if fields.get(name)
    ]
    return wishes


_NOT_YET = (
    ("workspace", "run"),
    ("workspace", "stage"),
    ("sandbox", "workspace"),
    ("sandbox", "strict"),
)
_INSTEAD = (
    ("limits", "leave it out"),
    ("retry", "write it in the stage"),
    ("max_parallel", "write it in the pipeline"),
    ("artifacts", "everything in $ORCHESTRATE_ARTIFACTS is kept"),
)
