"""What each field of a definition must look like: a check per field, a sentence per fault."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from orchestrate.agent import kinds
from orchestrate.core.environment import WAY_OUT, refused
from orchestrate.core.outputs import BadPromise, promise

DURATION_S_MAX = 366 * 86_400.0
RUN_BYTES_MAX = 100_000  # one argument of a program may have 128 KiB, and some is left for bash
EXIT_MEANINGS = ("succeeded", "failed", "retry", "config", "needs_person", "skipped")

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:ms|[smhd]))+")

Check = Callable[[object], str | None]


def seconds(text: object) -> float | None:
    """`1h30m` in seconds; None where it is no duration."""
    if not isinstance(text, str) or not _DURATION.fullmatch(text):
        return None
    parts = re.findall(r"([0-9.]+)(ms|[smhd])", text)
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def faults(kind: str, fields: Mapping[str, object]) -> list[str]:
    """Everything that keeps a definition of this kind from being understood."""
    if kind not in kinds.KINDS:
        return [f"`{kind}` is no kind of agent{meant(kind, kinds.KINDS)}"]
    found: list[str] = []
    if needed := kinds.missing(kind, fields):
        found.append(f"an agent of kind `{kind}` needs {needed}")
    for name, value in fields.items():
        if name.startswith("x-"):
            continue
        if name not in kinds.known(kind):
            found.append(_unknown(name, kind))
        elif value is not None and (fault := _CHECKS.get(name, _anything)(value)):
            found.append(f"`{name}` {fault}")
    if fields.get("workspace") == "none" and fields.get("cwd"):
        found.append("`cwd` has no meaning with `workspace: none`, which is empty")
    return found


def meant(name: str, known: tuple[str, ...]) -> str:
    """The end of a sentence about a name that is not known: what may have been meant."""
    lower = {each.lower(): each for each in reversed(known)}
    near = difflib.get_close_matches(name.lower(), lower, 1, 0.6)
    return f"; did you mean `{lower[near[0]]}`?" if near else f"; known: {', '.join(known)}"


def _unknown(name: str, kind: str) -> str:
    elsewhere = [each for each in kinds.KINDS if name in kinds.OWN[each]]
    if elsewhere:
        return f"`{name}` is no field of kind `{kind}`, but of {', '.join(elsewhere)}"
    return f"unknown field `{name}`{meant(name, kinds.known(kind))}"


# ── one check per field ──────────────────────────────────────────────────────────────────────────


def _anything(_value: object) -> None:
    return None


def _text(value: object) -> str | None:
    return None if isinstance(value, str) else "must be text"


def _duration(value: object) -> str | None:
    length = seconds(value)
    if length is None:
        hint = f"`{value}s`" if isinstance(value, int | float) else "`90s` or `1h30m`"
        return f"must be a duration with a unit, such as {hint}"
    return None if length <= DURATION_S_MAX else "must be at most 366d"


def _names(value: object) -> str | None:
    if isinstance(value, str):
        return None
    if isinstance(value, list) and all(isinstance(each, str) and each for each in value):
        return None
    return "must be a list of names"


def _count(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return None
    return "must be a whole number above 0"


def _amount(value: object) -> str | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return None
    return "must be a number above 0"


def _switch(value: object) -> str | None:
    return None if isinstance(value, bool) else "must be true or false"


def _map(value: object) -> str | None:
    return None if isinstance(value, Mapping) else "must be a map"


def _one_of(*choices: str) -> Check:
    def check(value: object) -> str | None:
        return None if value in choices else f"must be one of {', '.join(choices)}, not `{value}`"

    return check


def _run(value: object) -> str | None:
    if isinstance(value, str):
        if not value.strip():
            return "must not be empty"
        if len(value.encode()) > RUN_BYTES_MAX:
            return f"has more than {RUN_BYTES_MAX} bytes; put it into a script and run that"
        return None
    return _argv(value)


def _argv(value: object) -> str | None:
    if not isinstance(value, list) or not value or not all(isinstance(a, str) for a in value):
        return "must be a command, or a list of its words, each of them text"
    return None if value[0].strip() else "must begin with the name of a program"


def _env(value: object) -> str | None:
    if not isinstance(value, Mapping):
        return "must be a map of names and values"
    for name, each in value.items():
        if why := refused(name):
            return f"must not set `{name}`: {why}; {WAY_OUT}"
        if isinstance(each, Mapping | list) or each is None:
            return f"must give `{name}` one value, in quotes where it is no plain text"
    return None


def _secrets(value: object) -> str | None:
    if fault := _names(value):
        return fault
    for name in as_list(value):
        if why := refused(name):
            return f"must not name `{name}`: {why}"
    return None


def _inherit(value: object) -> str | None:
    if fault := _names(value):
        return fault
    for name in as_list(value):
        if name.startswith("ORCHESTRATE_") or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            return f"must not name `{name}`: only plain names, and none of Orchestrate's own"
    return None


def _cwd(value: object) -> str | None:
    if not isinstance(value, str):
        return "must be text"
    path = PurePosixPath(value)
    depth = 0
    for part in path.parts:
        depth += -1 if part == ".." else 1
        if depth < 0 or path.is_absolute():
            return "must be a place inside the workspace, such as `services/web`"
    return None


def _exit_codes(value: object) -> str | None:
    if not isinstance(value, Mapping):
        return "must be a map, such as {3: skipped}"
    for code, meaning in value.items():
        if not re.fullmatch(r"[0-9]{1,3}", code) or int(code) > 255:
            return f"must be about exit codes from 0 to 255, not `{code}`"
        if meaning not in EXIT_MEANINGS:
            return f"must say what {code} means: one of {', '.join(EXIT_MEANINGS)}"
    return None


def _outputs(value: object) -> str | None:
    try:
        promise(value)
    except BadPromise as fault:
        return f"are not understood: {fault}"
    return None


def as_list(value: object) -> list[str]:
    """A list where one value will do (semantics 2.4)."""
    if value is None:
        return []
    return [value] if isinstance(value, str) else [str(each) for each in _listed(value)]


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


_CHECKS: Mapping[str, Check] = {
    "description": _text, "role": _text, "task": _text, "cwd": _cwd, "env": _env,
    "inherit_env": _inherit, "secrets": _secrets, "timeout": _duration,
    "idle_timeout": _duration, "grace": _duration, "approval_timeout": _duration,
    "exit_codes": _exit_codes, "outputs": _outputs, "max_parallel": _count, "max_turns": _count,
    "max_cost_usd": _amount, "limits": _map, "artifacts": _names,
    "workspace": _one_of("project", "run", "stage", "none"),
    "sandbox": _one_of("none", "workspace", "strict"),
    "session": _one_of("fresh", "resume", "run"), "feedback": _switch,
    "project_settings": _switch, "run": _run, "command": _run, "instructions": _text,
    "instructions_file": _cwd, "model": _text, "effort": _text, "fallback_models": _names,
    "tools": _names, "disallowed_tools": _names, "agent": _text, "url": _text, "call": _text,
    "image": _text,
}  # fmt: skip
