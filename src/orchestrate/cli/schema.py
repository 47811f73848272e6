"""`orchestrate schema`: the JSON Schema of a definition, for editors; the server's own."""

from __future__ import annotations

import click

from orchestrate.cli import paint
from orchestrate.cli.verb import Verb, asked


@click.command("schema", cls=Verb)
@click.option("-o", "--output", "form", type=click.Choice(["json", "yaml"]), default="json")
def schema(form: str) -> None:
    """Print the JSON Schema of a pipeline's definition."""
    with asked().road() as road:
        found = road.get("/api/schema")
    asked().out.write(paint.as_yaml(found) if form == "yaml" else paint.as_json(found))
