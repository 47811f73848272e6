"""A definition on its way from a file to the catalog: checked, shown where it is wrong, stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestrate.cli import faults, given
from orchestrate.cli.client import segment
from orchestrate.cli.failure import Exit, Failure
from orchestrate.cli.road import Road
from orchestrate.cli.verb import asked, note

CONFLICT = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A valid definition. `name` is the pipeline it defines."""

    path: str
    text: str
    name: str


def check(road: Road, path: str) -> Checked:
    """Read a file and let the server judge it; warnings are shown. Raises Failure."""
    text = given.definition(path)
    judged = judge(road, text)
    if judged["diagnostics"]:
        colour = asked().err.colour
        note(faults.drawn(judged["diagnostics"], path, text, colour=colour) + "\n")
    if not judged["valid"]:
        raise faults.invalid(path, judged["diagnostics"])
    return Checked(path=path, text=text, name=judged["name"])


def judge(road: Road, text: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = road.post("/api/validate", {"definition": text})
    return found


def create(road: Road, checked: Checked) -> Mapping[str, Any]:
    made: Mapping[str, Any] = road.post("/api/pipelines", {"definition": checked.text})
    return made


def update(road: Road, name: str, checked: Checked) -> Mapping[str, Any]:
    path = f"/api/pipelines/{segment(name)}"
    body = {"definition": checked.text}
    stored: Mapping[str, Any] = road.again(lambda: road.client.ask("PUT", path, body)).json()
    return stored


def put(road: Road, checked: Checked) -> Mapping[str, Any]:
    """Create the pipeline, or update it where the text differs from what is stored."""
    path = f"/api/pipelines/{segment(checked.name)}"
    try:
        present = road.get(path)
    except Failure as failure:
        if failure.code != Exit.NOT_FOUND:
            raise
        try:
            return create(road, checked)
        except Failure as refused:
            if refused.status != CONFLICT:
                raise
        present = road.get(path)  # somebody was quicker
    if present["definition"] == checked.text:
        return dict(present)
    return update(road, checked.name, checked)
