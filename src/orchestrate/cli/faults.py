"""What is wrong with a definition, drawn into its text: as the language draws it, on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from orchestrate.cli.failure import Exit, Failure
from orchestrate.cli.words import count


def drawn(diagnostics: Iterable[Mapping[str, Any]], path: str, text: str, *, colour: bool) -> str:
    """Each fault with its line, a caret and the way out."""
    from orchestrate.language.diagnostic import Diagnostic, full

    return "\n\n".join(full(Diagnostic(**each), path, text, colour=colour) for each in diagnostics)


def tally(diagnostics: Sequence[Mapping[str, Any]]) -> str:
    """`2 errors, 1 warning`."""
    kinds = ("error", "warning")
    numbers = [(sum(each["severity"] == kind for each in diagnostics), kind) for kind in kinds]
    return ", ".join(count(number, kind) for number, kind in numbers if number)


def invalid(path: str, diagnostics: Sequence[Mapping[str, Any]]) -> Failure:
    what = f"{path} is not valid: {tally(diagnostics)}"
    return Failure(what, "correct it; nothing was stored", code=Exit.INVALID)
