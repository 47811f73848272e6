"""Names → values: what `${name}` stands for in a run (semantics 9.2). It never fills a hole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from orchestrate.core.condition import Facts
from orchestrate.core.judge import View
from orchestrate.core.pipeline import Pipeline, Stage
from orchestrate.core.predicate import as_text
from orchestrate.core.run import STAGE_ENDED, Run

FACTS = ("event", "branch", "head_branch", "tag", "sha", "repository", "actor")


def fact(facts: Facts, name: str) -> str | None:
    """`branch`, `labels`, `name`, or a dotted path into the event's data; None if unknown."""
    if name == "name":
        return facts.event
    if name in FACTS:
        value = getattr(facts, name)
        return None if value is None else str(value)
    if name in ("paths", "labels"):
        listed = getattr(facts, name)
        return None if listed is None else "\n".join(listed)
    found: object = facts.data
    for part in name.split("."):
        if isinstance(found, Mapping) and part in found:
            found = found[part]
        elif isinstance(found, list | tuple) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    return as_text(found)


def default_task(pipeline: Pipeline, stage: Stage) -> str:
    """The task of a stage that names none (9.4); a plain command needs none."""
    if stage.run is not None:
        return ""
    return f"Perform stage {stage.name} of pipeline {pipeline.name}"


def split_output(run: Run, name: str) -> tuple[str, str] | None:
    """`stages.build.outputs.version` or `build.version` → (stage, output), longest stage first."""
    if name.startswith("stages.") and ".outputs." in name:
        stage, _, output = name.removeprefix("stages.").partition(".outputs.")
        return (stage, output) if stage in run.stages else None
    at = name.rfind(".")
    while at > 0:
        if name[:at] in run.stages:
            return name[:at], name[at + 1 :]
        at = name.rfind(".", 0, at)
    return None


def lookup(run: Run, stage: str) -> Callable[[str], str | None]:
    """The values that a template of `stage` sees."""

    def value(name: str) -> str | None:
        if name in run.variables:
            return run.variables[name]
        if name.startswith("event."):
            return fact(run.facts, name.removeprefix("event."))
        own = {"run.id": str(run.id), "pipeline.name": run.pipeline.name, "stage.name": stage}
        if name in own:
            return own[name]
        output = split_output(run, name)
        if output is None or output[1] not in run.stages[output[0]].outputs:
            return None
        return as_text(run.stages[output[0]].outputs[output[1]])

    return value


class _Statuses(Mapping[str, str]):
    """stage → status, of the stages that have ended."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def __getitem__(self, name: str) -> str:
        stage = self._run.stages[name]
        if stage.status not in STAGE_ENDED:
            raise KeyError(name)
        return stage.status.value

    def __iter__(self) -> Iterator[str]:
        return (name for name, s in self._run.stages.items() if s.status in STAGE_ENDED)

    def __len__(self) -> int:
        return len(self._run.stages) - self._run.unended


class _Outputs(Mapping[str, Mapping[str, object]]):
    """stage → outputs, of the stages that have ended."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def __getitem__(self, name: str) -> Mapping[str, object]:
        stage = self._run.stages[name]
        if stage.status not in STAGE_ENDED:
            raise KeyError(name)
        return stage.outputs

    def __iter__(self) -> Iterator[str]:
        return iter(_Statuses(self._run))

    def __len__(self) -> int:
        return len(_Statuses(self._run))


def view(run: Run, stage: str) -> View:
    """What the condition of `stage` may look at in this run, at this moment (6.7)."""
    return View(
        facts=run.facts,
        variables=run.variables,
        statuses=_Statuses(run),
        outputs=_Outputs(run),
        lookup=lookup(run, stage),
    )
