"""Names: what a pipeline, a stage, an agent, a variable and an output may be called."""

from __future__ import annotations

import re
from typing import Final

from orchestrate.core import environment
from orchestrate.language.faults import shown
from orchestrate.language.kinds import Text

NAME: Final = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}"
_NAME: Final = re.compile(NAME)
_AGENT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/@-]{0,127}")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_OUTPUT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}")

Fault = tuple[str, str, str]


def _checked(text: str, pattern: re.Pattern[str], most: int, signs: str) -> Fault | None:
    if pattern.fullmatch(text):
        return None
    if len(text) > most:
        return "bad-name", f"a name has at most {most} characters, and this has {len(text):,}", ""
    message = f"`{shown(text)}` cannot be a name" if text else "a name cannot be empty"
    if "${" in text:
        return "bad-name", message, "nothing is substituted in a name"
    return "bad-name", message, signs


def name_fault(text: str) -> Fault | None:
    return _checked(text, _NAME, 63, "letters, digits and `_ . -`, a letter or digit first")


def agent_fault(text: str) -> Fault | None:
    return _checked(text, _AGENT, 128, "letters, digits and `_ . : / @ -`, a letter or digit first")


def output_fault(text: str) -> Fault | None:
    return _checked(text, _OUTPUT, 128, "letters, digits, `_` and `-`, no digit first")


def variable_fault(text: str) -> Fault | None:
    """Variables and `env` reach programs under their own names."""
    if fault := _checked(text, _VARIABLE, 128, "letters, digits and `_`, no digit first"):
        if _VARIABLE.fullmatch(text.replace("-", "_")):
            return (
                fault[0],
                fault[1],
                f"write `{text.replace('-', '_')}`: shells know no `-` in names",
            )
        return fault
    why = environment.refused(text)
    if why is None:
        return None
    return "reserved-name", f"the name `{text}` is refused: {why}", environment.WAY_OUT


STAGE_NAME: Final = Text(expected="a name", check=name_fault, pattern=f"^{NAME}$")
AGENT_NAME: Final = Text(
    expected="the name of an agent", check=agent_fault, pattern=f"^{_AGENT.pattern}$"
)
VARIABLE_NAME: Final = Text(
    expected="a name", check=variable_fault, pattern=f"^{_VARIABLE.pattern}$"
)
