"""`orchestrate pipeline test`: scenarios lived through in this process; it asks no server.

Nothing is started and nothing is stored: the rules are the engine's, the world is the file's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from orchestrate.cli import faults as drawing
from orchestrate.cli import given, paint
from orchestrate.cli.failure import Exit, Failure
from orchestrate.cli.verb import Verb, asked, formed, note, show
from orchestrate.cli.words import count, one_line

PARENTS_MAX = 64
_MARKS = ("orchestrate.yaml", ".orchestrate", ".git")


@dataclass(slots=True, kw_only=True)
class Tested:
    """One file: what is wrong with it or with its pipeline, and how each scenario came out."""

    path: str
    text: str
    diagnostics: list[Mapping[str, Any]] = field(default_factory=list)
    pipeline: str = ""
    pipeline_text: str = ""
    pipeline_diagnostics: list[Mapping[str, Any]] = field(default_factory=list)
    scenarios: list[dict[str, Any]] = field(default_factory=list)

    @property
    def valid(self) -> bool:
        found = [*self.diagnostics, *self.pipeline_diagnostics]
        return not any(each["severity"] == "error" for each in found)


@click.command("test", cls=Verb)
@click.argument("files", metavar="FILE...", nargs=-1)
@click.option("--record", type=click.IntRange(1), metavar="RUN", help="Print a real run instead, "
              "as a scenario that passes.")  # fmt: skip
@click.option("--pipeline", "path", metavar="FILE", help="With --record: the pipeline's file.")
@formed
def test(files: tuple[str, ...], record: int | None, path: str | None, form: str) -> int:
    """Live through the scenarios in each FILE, and say what came out otherwise.

    Nothing is started: time, agents and people are those of the file.
    """
    if record is not None:
        return _record(record, path, files)
    if path is not None or not files:
        what = "`--pipeline` goes with `--record`" if files else "name a file of scenarios"
        raise Failure(what, "orchestrate pipeline test FILE...", code=Exit.INVALID)
    tested = [run_file(file, given.definition(file)) for file in files]
    failed = sum(not each["passed"] for one in tested for each in one.scenarios)
    show(form, _value(tested, failed), lambda: _lines(tested))
    if not all(each.valid for each in tested):
        return Exit.INVALID
    return Exit.FAILED if failed else Exit.DONE


def run_file(path: str, text: str) -> Tested:
    """Every scenario of one file, lived through."""
    from orchestrate.engine.verdict import test as judged
    from orchestrate.language import scenario as scenarios
    from orchestrate.language.diagnostic import as_dict
    from orchestrate.language.faults import Faults

    tested = Tested(path=path, text=text)
    noted = Faults()
    file = scenarios.read(text, noted)
    pipeline = None
    if file is not None:
        pipeline = _pipeline(file, tested, noted)
        if pipeline is not None:
            scenarios.check(file, pipeline, noted)
    tested.diagnostics = [as_dict(each) for each in noted.sorted()]
    if file is None or pipeline is None or noted.fatal:
        return tested
    found = _agents(Path(path), pipeline)
    for scenario in file.scenarios:
        own = Faults(text=noted.text, document=noted.document)
        run = judged(pipeline, scenario, file.groups, found, own)
        tested.scenarios.append(
            {
                "name": scenario.name,
                "passed": not own.found,
                "run": None if run is None else run.status.value,
                "diagnostics": [as_dict(each) for each in own.sorted()],
            }
        )
    return tested


def _pipeline(file: Any, tested: Tested, noted: Any) -> Any:
    """The pipeline that a file of scenarios names; None where it is at fault, which is noted."""
    from orchestrate.language.diagnostic import as_dict
    from orchestrate.language.reader import read

    named = Path(file.pipeline.text)
    found = named if named.is_absolute() else Path(tested.path).parent / named
    tested.pipeline = str(found)
    try:
        tested.pipeline_text = given.definition(str(found))
    except Failure as failure:
        hint = "the path starts from this file's own folder"
        noted.at(file.pipeline.node, "no-pipeline", failure.what, hint)
        return None
    reading = read(tested.pipeline_text)
    errors = [each for each in reading.diagnostics if each.severity == "error"]
    tested.pipeline_diagnostics = [as_dict(each) for each in errors]
    return reading.pipeline


def _agents(path: Path, pipeline: Any) -> Any:
    """The agents that the project of a file defines; not those of whoever runs the test."""
    from orchestrate.agent.definitions import discover

    folder = path.absolute().parent
    project = next(
        (each for each in [folder, *folder.parents][:PARENTS_MAX]
         if any((each / mark).exists() for mark in _MARKS)), folder,
    )  # fmt: skip
    return discover(project, pipeline_agents=pipeline.agents)


# -- showing ---------------------------------------------------------------------------


def _value(tested: list[Tested], failed: int) -> dict[str, Any]:
    number = sum(len(each.scenarios) for each in tested)
    return {
        "items": [
            {
                "file": each.path,
                "pipeline": each.pipeline,
                "valid": each.valid,
                "diagnostics": each.diagnostics,
                "pipeline_diagnostics": each.pipeline_diagnostics,
                "scenarios": each.scenarios,
            }
            for each in tested
        ],
        "passed": number - failed,
        "failed": failed,
    }


def _lines(tested: list[Tested]) -> list[str]:
    return [line for each in tested for line in _file(each)]


def _file(tested: Tested) -> list[str]:
    colour = asked().out.colour
    shown = []
    for path, text, found in (
        (tested.path, tested.text, tested.diagnostics),
        (tested.pipeline, tested.pipeline_text, tested.pipeline_diagnostics),
    ):
        if found:
            shown += [drawing.drawn(found, path, text, colour=colour), ""]
    for scenario in tested.scenarios:
        mark = paint.paint("✔", paint.GREEN) if scenario["passed"] else paint.paint("✖", paint.RED)
        shown.append(f"{mark} {one_line(scenario['name'])}")
        if scenario["diagnostics"]:
            drawn = drawing.drawn(scenario["diagnostics"], tested.path, tested.text, colour=colour)
            shown += ["", drawn, ""]
    passed = sum(each["passed"] for each in tested.scenarios)
    number = len(tested.scenarios)
    verdict = f"{passed} of {count(number, 'scenario')} passed" if tested.valid else "not valid"
    return [*shown, f"{tested.path}: {verdict}"]


# -- recording -------------------------------------------------------------------------


def _record(run_id: int, path: str | None, files: tuple[str, ...]) -> int:
    from orchestrate.cli import record

    if files:
        raise Failure("`--record` takes no files", "it prints; send it into one", code=Exit.INVALID)
    with asked().road() as road:
        text = record.scenario(road, run_id, path)
    asked().out.write(text, end="")
    note("what it expects is what happened; shorten it to what you mean")
    return Exit.DONE
