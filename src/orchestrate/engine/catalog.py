"""The pipelines that are kept: created, changed, switched, deleted. It starts nothing.

What cannot be validated is not stored (semantics 2.9); every change is in the audit trail.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from orchestrate.agent.definitions import Found, discover
from orchestrate.core.commands import Because, Refused
from orchestrate.core.people import Caller
from orchestrate.core.pipeline import Pipeline
from orchestrate.engine.door import Door
from orchestrate.engine.driver import Engine
from orchestrate.language.diagnostic import Diagnostic
from orchestrate.language.reader import Reading, read
from orchestrate.store.catalog import Current

Also = Callable[[Door, object], None]


class Invalid(Exception):
    """A definition with errors: all of them, in file order, and the text they are in."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...], text: str) -> None:
        errors = sum(each.severity == "error" for each in diagnostics)
        super().__init__(f"the definition has {errors} error{'s' if errors != 1 else ''}")
        self.diagnostics = diagnostics
        self.text = text


def found_agents(workspace: Path, pipeline: Pipeline | None = None) -> Found:
    """The agents that a run in this workspace can name."""
    own = pipeline.agents if pipeline is not None else {}
    return discover(workspace, home=_home(), pipeline_agents=own)


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:
        return None


def validate(engine: Engine, text: str | bytes) -> Reading:
    """What a definition means, or everything that is wrong with it."""
    found = found_agents(engine.layout.project)
    return read(text, known_agents=found.definitions, default_agent=found.default is not None)


def valid(engine: Engine, text: str) -> Pipeline:
    """The pipeline that a definition means. Raises Invalid."""
    reading = validate(engine, text)
    if reading.pipeline is None:
        raise Invalid(reading.diagnostics, text)
    return reading.pipeline


def create(
    engine: Engine, text: str, *, enabled: bool = True, by: Caller, also: Also | None = None
) -> str:
    """Keep a new pipeline; its name. Raises Invalid, Refused (the name is taken)."""
    pipeline = valid(engine, text)

    def act(door: Door) -> str:
        if door.store.current(pipeline.name) is not None:
            raise Refused(
                Because.CONFLICT,
                f"there is already a pipeline `{pipeline.name}`",
                f"change it: orchestrate pipeline update {pipeline.name} FILE",
            )
        _put(door, pipeline, text, enabled=enabled, by=by, action="pipeline.create")
        if also is not None:
            also(door, pipeline.name)
        return pipeline.name

    done = engine.perform(act).result()
    engine.catalog_changed()
    return done


def update(
    engine: Engine,
    name: str,
    text: str,
    *,
    by: Caller,
    if_match: str | None = None,
    also: Also | None = None,
) -> str:
    """Store a new revision; runs that live keep theirs. Raises Invalid, Refused.

    `if_match` is the sha256 that the caller has seen; another one is a conflict.
    """
    pipeline = valid(engine, text)
    if pipeline.name != name:
        raise Refused(
            Because.INVALID,
            f"this definition is of `{pipeline.name}`, not of `{name}`",
            "a pipeline keeps its name; create another one instead",
        )

    def act(door: Door) -> str:
        row = _existing(door, name)
        if if_match is not None and row.sha256 != if_match:
            raise Refused(
                Because.CONFLICT,
                f"`{name}` was changed meanwhile: it is at revision {row.revision}",
                "look at the present definition and decide again",
            )
        _put(door, pipeline, text, enabled=row.enabled, by=by, action="pipeline.update")
        if also is not None:
            also(door, name)
        return name

    done = engine.perform(act).result()
    engine.catalog_changed()
    return done


def enable(engine: Engine, name: str, *, flag: bool, by: Caller, also: Also | None = None) -> str:
    """Let events start a pipeline, or not (10.5); live runs go on."""

    def act(door: Door) -> str:
        _existing(door, name)
        now = door.clock()
        door.store.set_enabled(name, flag, now)
        _audit(door, by, "pipeline.enable" if flag else "pipeline.disable", name, {})
        if also is not None:
            also(door, name)
        return name

    done = engine.perform(act).result()
    engine.catalog_changed()
    return done


def delete(
    engine: Engine, name: str, *, by: Caller, force: bool = False, also: Also | None = None
) -> str:
    """Take a pipeline out of the catalog; its runs and revisions stay for the record.

    Refused while runs of it live, unless `force`: then they go on to their end.
    """

    def act(door: Door) -> str:
        row = _existing(door, name)
        live = door.store.live_of(row.id)
        if live and not force:
            listed = ", ".join(str(each) for each in live[:5])
            raise Refused(
                Because.CONFLICT,
                f"`{name}` has runs that are not at rest: {listed}",
                "cancel them, or delete with --force: they go on to their end",
            )
        door.store.delete_pipeline(name, door.clock())
        _audit(door, by, "pipeline.delete", name, {"force": force})
        if also is not None:
            also(door, name)
        return name

    done = engine.perform(act).result()
    engine.catalog_changed()
    return done


def _existing(door: Door, name: str) -> Current:
    row = door.store.current(name)
    if row is None:
        raise Refused(
            Because.NOT_FOUND, f"there is no pipeline `{name}`", "see: orchestrate pipeline list"
        )
    return row


def _put(
    door: Door, pipeline: Pipeline, text: str, *, enabled: bool, by: Caller, action: str
) -> None:
    sha256 = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    _, revision = door.store.put_pipeline(
        name=pipeline.name,
        definition=text,
        sha256=sha256,
        description=pipeline.description,
        version=pipeline.version,
        triggers=json.dumps([_trigger(each) for each in pipeline.triggers]),
        enabled=enabled,
        at=door.clock(),
        by=by.name,
    )
    _audit(door, by, action, pipeline.name, {"revision": revision, "sha256": sha256})


def _trigger(trigger: object) -> dict[str, object]:
    """What a trigger says, without its condition and its line: for lists and pages."""
    said = asdict(trigger)  # type: ignore[call-overload]
    said["if"] = said.pop("condition") is not None
    return {key: each for key, each in said.items() if each not in (None, (), False, [])}


def _audit(door: Door, by: Caller, action: str, subject: str, detail: dict[str, object]) -> None:
    door.store.add_audit(
        at=door.clock(),
        actor=by.name,
        via=by.via,
        action=action,
        subject=subject,
        detail=json.dumps(detail),
    )
