"""The log of an attempt over HTTP: from a place on, as text or as records, also while it grows."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrate.agent.log_reader import read_log
from orchestrate.core.run import Mode
from orchestrate.engine.layout import attempt_key
from orchestrate.web.access import Scope
from orchestrate.web.api.runs import WAIT, no_run
from orchestrate.web.body import INTEGER_MAX
from orchestrate.web.call import NDJSON, TEXT, Answer, Asked, Call, Param
from orchestrate.web.problem import not_found
from orchestrate.web.schemas import one_of

LOOK_AGAIN_S = 0.2
"""While somebody waits for more of a log; nothing tells us when a file grows."""
ENDED = frozenset({"succeeded", "failed", "skipped", "needs_person"})
STAGE_ENDED = frozenset({"succeeded", "failed", "skipped", "cancelled"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a log lies, and whether nothing will be added to it any more."""

    directory: Path | None
    attempt: int
    over: bool


async def log(asked: Asked) -> Answer:
    """Records from `offset` on; with `wait`, as soon as there are any."""
    offset = asked.query["offset"]
    until = time.monotonic() + asked.query["wait"]
    with asked.site.ear.on(asked.path["id"]) as moment:
        while True:
            place, text, following = await asked.site.blocking(lambda: _read(asked, offset))
            left_s = until - time.monotonic()
            if text or place.over or left_s <= 0 or asked.site.ear.closed:
                break
            await moment.wait(min(left_s, LOOK_AGAIN_S))
    ended = place.over and not text
    headers = {
        "Orchestrate-Log-Attempt": str(place.attempt),
        "Orchestrate-Log-Offset": str(following),
        "Orchestrate-Log-End": "true" if ended else "false",
    }
    if asked.query["format"] == "ndjson":
        return Answer(content=text, headers=headers, media=NDJSON)
    words = "".join(json.loads(line)["text"] for line in text.splitlines())
    return Answer(content=words, headers=headers, media=TEXT)


def _read(asked: Asked, offset: int) -> tuple[Place, str, int]:
    place = _place(asked)
    if place.directory is None:
        return place, "", offset
    text, following = read_log(place.directory, offset)
    return place, text, following


def _place(asked: Asked) -> Place:
    """The attempt that is asked for, or the latest. Raises Problem 404."""
    run_id, stage, number = asked.path["id"], asked.path["stage"], asked.query["attempt"]
    mode = Mode(asked.query["mode"])
    rows = asked.engine.reader.attempts(run_id, stage)
    found = [
        each
        for each in rows
        if each["mode"] == mode and (number is None or each["attempt"] == number)
    ]
    if found:
        latest = found[-1]
        key = attempt_key(run_id, stage, mode, latest["attempt"])
        directory = asked.engine.layout.attempt(key)
        return Place(directory, latest["attempt"], latest["status"] in ENDED)
    run = asked.engine.reader.run(run_id)
    if run is None:
        raise no_run(run_id)
    state = next((each for each in run["stages"] if each["stage_name"] == stage), None)
    if state is None:
        raise not_found(f"run {run_id} has no stage `{stage}`")
    if number is not None:
        raise not_found(f"stage `{stage}` of run {run_id} has no attempt {number}")
    return Place(None, 0, _never(state, mode))


def _never(state: dict[str, Any], mode: Mode) -> bool:
    """Whether there will be no attempt, as far as the stage can tell."""
    return mode is Mode.ROLLBACK or state["status"] in STAGE_ENDED


CALLS = (
    Call(
        method="GET", path="/api/pipeline-runs/{id}/stages/{stage}/logs", name="get_log",
        tag="runs",
        about="The log of an attempt, at most 1 MiB of it; `Orchestrate-Log-Offset` says where "
        "to go on, `Orchestrate-Log-End` whether there is nothing more to come.",
        act=log, scope=Scope.READ,
        query=(
            Param(
                name="attempt", schema={"type": "integer", "minimum": 1, "maximum": INTEGER_MAX},
                about="Its number; else the latest.",
            ),
            Param(
                name="offset",
                schema={
                    "type": "integer", "minimum": 0, "maximum": INTEGER_MAX, "default": 0
                },
                about="Where to begin: the place an earlier answer named.",
            ),
            Param(
                name="mode", schema={**one_of(Mode), "default": "run"},
                about="The stage's own work, or undoing it.",
            ),
            Param(
                name="format",
                schema={"type": "string", "enum": ["text", "ndjson"], "default": "text"},
                about='Text, or a record a line with its time: {"t": seconds, "text": ...}.',
            ),
            WAIT,
        ),
        answers={200: "Log"}, problems=(404,),
    ),
)  # fmt: skip
