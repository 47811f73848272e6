"""The JSON Schema of the language, drawn from the tables that validate it (semantics 2.8).

It knows keys, types and limits. What only the whole pipeline knows (names, order, `${...}`) is
`reader`'s; and where YAML has text without quotes, such as `1.10`, it allows numbers as well.
"""

from __future__ import annotations

from orchestrate.language.conditions import CONDITION, WHEN
from orchestrate.language.keys import GROUP, STAGE
from orchestrate.language.kinds import Schema
from orchestrate.language.pipeline_keys import PIPELINE
from orchestrate.language.shape import Shape
from orchestrate.language.triggers import TRIGGER


def json_schema() -> Schema:
    """JSON Schema 2020-12, with the sentence of each key as its description."""
    definitions = {shape.name: shape.definition() for shape in (STAGE, GROUP, TRIGGER)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Orchestrate pipeline",
        **PIPELINE.definition(),
        "$defs": {**definitions, "condition": WHEN.definition()},
    }


def tables() -> tuple[Shape, ...]:
    """The tables of keys, from the outside in: for pages that list them all."""
    return (PIPELINE, STAGE, GROUP, TRIGGER, CONDITION)
