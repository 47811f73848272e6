"""`triggers`: which events start the pipeline (semantics 10.1, 10.2, 10.6)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from orchestrate.core.pipeline import Trigger
from orchestrate.language.conditions import WHEN, Asked
from orchestrate.language.cron import cron_fault
from orchestrate.language.faults import Faults, shown
from orchestrate.language.kinds import Choice, Items, Text, Word, words
from orchestrate.language.predicates import GLOBS
from orchestrate.language.shape import Field, Section, Shape

TRIGGERS_MAX: Final = 100
SCHEDULE: Final = "schedule"


def _timezone_fault(text: str) -> tuple[str, str, str] | None:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zones = _zones()
        if not zones:  # this system has no table of zones; the one that runs it may
            return None
        near = [zone for zone in zones if zone.rpartition("/")[2].lower() == text.lower()]
        return (
            "bad-timezone",
            f"no time zone is called `{shown(text)}`",
            f"did you mean `{near[0]}`?" if near else "such as `UTC` or `Europe/Berlin`",
        )
    return None


@lru_cache(maxsize=1)
def _zones() -> tuple[str, ...]:
    return tuple(sorted(available_timezones()))


TRIGGER: Final = Shape(
    "a trigger",
    {
        "event": Field(GLOBS, "Names of events, or patterns: `push`, `pull_request.merged`, "
                       "`schedule`, `pipeline.succeeded`, ...", also=("events",)),
        "branches": Field(GLOBS, "Only for these branches; of a pull request, its base.",
                          also=("branch",)),
        "paths": Field(GLOBS, "Only if one of the changed paths matches.", also=("path",)),
        "labels": Field(words("labels"), "Only if the event carries one of these labels.",
                        also=("label",)),
        "repositories": Field(GLOBS, "Only for these repositories, as `owner/name`.",
                              also=("repository",)),
        "pipeline": Field(GLOBS, "Of `pipeline.*` events: the pipelines whose end is meant.",
                          also=("pipelines",)),
        "if": Field(WHEN, "A condition as in `when`, over the facts of the event and variables."),
        "cron": Field(Text(200, "a schedule such as `0 2 * * *`", cron_fault),
                      "When: minute, hour, day of the month, month, day of the week."),
        "timezone": Field(Text(100, "a time zone such as `Europe/Berlin`", _timezone_fault),
                          "The time zone of `cron`; UTC if it is not given."),
        "missed": Field(Choice(("once", "skip", "all")),
                        "What becomes of times that passed while nothing ran: one run, none, or "
                        "all of them, at most 10."),
    },
    elsewhere={
        "on": "the name of the event is written as `event`",
        "when": "a condition of a trigger is written as `if`",
        "schedule": 'write `event: schedule` and `cron: "0 2 * * *"`',
        "types": "the type is part of the event's name: `event: pull_request.opened`",
    },
    name="trigger",
    instead="write `event: NAME`",
    about="One way the pipeline starts: its filters are and-ed; several triggers are or-ed.",
)  # fmt: skip

TRIGGERS: Final = Items(TRIGGER, single=True, least=0, most=TRIGGERS_MAX, what="triggers")


def build(section: Section, pipeline: str | None, faults: Faults) -> Trigger:
    """The trigger that a section describes; its own contradictions are noted."""
    events = _texts(section, "event")
    if not events and "event" not in section:
        if "cron" in section:
            events = (SCHEDULE,)
        else:
            faults.at(
                section.node,
                "missing-key",
                "a trigger needs `event`",
                "such as `event: push`, or `cron:` for a schedule",
            )
    _check_schedule(section, events, faults)
    pipelines: list[Word] = section.get("pipeline", [])
    if pipelines and events and not any(_may_be_pipeline(event) for event in events):
        faults.at(
            section.keys["pipeline"],
            "misplaced-key",
            "`pipeline` filters events such as `pipeline.succeeded`, and this is none",
            "write `event: pipeline.succeeded`, or delete the key",
        )
    for word in pipelines:
        if word.text == pipeline:
            faults.at(
                word.node,
                "self-trigger",
                "the pipeline is started by its own end",
                "a chain of more than five runs is refused",
            )
    asked: Asked | None = section.get("if")
    if asked is not None:
        for mention in asked.mentions.names:
            if mention.kind != "variable":
                faults.at(
                    mention.node,
                    "not-upstream",
                    "no stage has run when a trigger is judged",
                    "ask for stages and outputs in a stage's `when`",
                )
    return Trigger(
        events=events,
        branches=_texts(section, "branches"),
        paths=_texts(section, "paths"),
        labels=_texts(section, "labels"),
        repositories=_texts(section, "repositories"),
        pipelines=tuple(word.text for word in pipelines),
        condition=asked.condition if asked is not None else None,
        cron=section.get("cron"),
        timezone=section.get("timezone"),
        missed=section.get("missed", "once"),
        line=section.node.line,
    )


def _check_schedule(section: Section, events: tuple[str, ...], faults: Faults) -> None:
    if "cron" in section:
        if events != (SCHEDULE,) and events:
            faults.at(
                section.keys["cron"],
                "misplaced-key",
                "`cron` belongs to `event: schedule`",
                "write a trigger of its own for the other events",
            )
        return
    if SCHEDULE in events:
        faults.at(
            section.node,
            "missing-key",
            "`event: schedule` needs `cron`",
            'such as `cron: "0 2 * * *"`: every day at two',
        )
        return
    for key in ("timezone", "missed"):
        if key in section:
            faults.at(
                section.keys[key],
                "misplaced-key",
                f"`{key}` belongs to `cron`",
                "give the schedule, or delete the key",
            )


def _may_be_pipeline(event: str) -> bool:
    return event.startswith(("pipeline.", "*", "pipeline*", "!", "{", "["))


def _texts(section: Section, key: str) -> tuple[str, ...]:
    found: Any = section.get(key, [])
    return tuple(word.text for word in found)
