"""A life told in lines: when, who asked what, what happened."""

from __future__ import annotations

import sys
from dataclasses import fields, is_dataclass
from typing import Any

from tests.simulation.definition import Drawn

SILENT = frozenset({"at", "pipeline", "packet", "packet_hash", "roster", "facts", "via", "sha256"})


def told(value: Any) -> str:
    """A command or an event in one line, without what is at its default."""
    if not is_dataclass(value):
        return str(value)
    words = [type(value).__name__]
    for field in fields(value):
        each = getattr(value, field.name)
        if field.name in SILENT or each in (None, "", (), {}) or each == field.default:
            continue
        words.append(f"{field.name}={_short(each)}")
    return " ".join(words)


def _short(value: Any) -> str:
    text = getattr(value, "name", None) if is_dataclass(value) else None
    if text is None and is_dataclass(value):
        text = f"({told(value)})"
    return str(text if text is not None else getattr(value, "value", value))


def tell_story(t: float, text: str) -> None:
    sys.stdout.write(f"{t:9.2f}  {text}\n")


def describe(drawn: Drawn) -> str:
    """What is run, one stage a line."""
    pipeline = drawn.pipeline
    limits = f"max_parallel {pipeline.max_parallel}, fail_fast {pipeline.fail_fast}"
    lines = [f"{limits}, timeout {pipeline.timeout_s}; {told(drawn.facts)}; {drawn.variables}"]
    lines += [told(stage).removeprefix("Stage name=") for stage in pipeline.stages]
    lines += [told(carried) for carried in drawn.carried]
    return "\n".join(lines)
