"""`orchestrate schema`: the JSON Schema of a definition, for editors; the server's own."""

from __future__ import annotations

import click

from orchestrate.cli import paint
from orchestrate.cli.verb import Verb, asked, formed


@click.command("schema", cls=Verb)
@formed
def schema(form: str) -> None:
    """Print the JSON Schema of a pipeline's definition: JSON, also where a table is asked for."""
    with asked().road() as road:
        found = road.get("/api/schema")
    asked().out.write(paint.as_yaml(found) if form == "yaml" else paint.as_json(found))
