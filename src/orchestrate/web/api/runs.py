"""Calls about runs: what became of them, their events and logs, and what people ask of them."""

from __future__ import annotations

import time
from typing import Any

from orchestrate.engine import asking, starting
from orchestrate.engine.why import why as sentences
from orchestrate.web import schemas, shapes
from orchestrate.web.access import Scope
from orchestrate.web.api.pipelines import STATUS, started
from orchestrate.web.body import INTEGER_MAX
from orchestrate.web.call import Answer, Asked, Call, Deed, Param
from orchestrate.web.paging import PAGING, page_by_id, place_id
from orchestrate.web.problem import Problem, not_found
from orchestrate.web.schemas import NAME
from orchestrate.web.waiting import WAIT_S_MAX

EVENTS_MAX = 1_000
EVENTS = 200


def listed(asked: Asked) -> Answer:
    limit = asked.query["limit"]
    rows = asked.engine.reader.runs(
        pipeline=asked.query["pipeline"],
        status=asked.query["status"],
        limit=limit + 1,
        before=place_id(asked.query["cursor"]),
    )
    return Answer(content=page_by_id(rows, limit, shapes.run_in_list))


def no_run(run_id: int) -> Problem:
    return not_found(f"there is no run {run_id}")


def _shown(asked: Asked, status: int = 200) -> Answer:
    run_id = asked.path["id"]
    row = asked.engine.reader.run(run_id)
    if row is None:
        raise no_run(run_id)
    return Answer(content=shapes.run(row), status=status)


def shown(asked: Asked) -> Answer:
    return _shown(asked)


async def events(asked: Asked) -> Answer:
    """What happened behind `after`; with `wait`, as soon as there is anything."""
    run_id, after, limit = asked.path["id"], asked.query["after"], asked.query["limit"]
    reader = asked.engine.reader
    until = time.monotonic() + asked.query["wait"]
    with asked.site.ear.on(run_id) as moment:
        while True:
            rows = await asked.site.blocking(lambda: reader.events(run_id, after, limit + 1))
            left_s = until - time.monotonic()
            if rows or left_s <= 0 or asked.site.ear.closed:
                break
            if not await asked.site.blocking(lambda: _exists(asked)):
                break
            await moment.wait(left_s)
    if not rows and not await asked.site.blocking(lambda: _exists(asked)):
        raise no_run(run_id)
    items = [shapes.event(each) for each in rows[:limit]]
    more = str(items[-1]["seq"]) if len(rows) > limit else None
    return Answer(content={"items": items, "next": more})


def _exists(asked: Asked) -> bool:
    return bool(asked.engine.reader.events(asked.path["id"], 0, 1))


def attempts(asked: Asked) -> Answer:
    run_id, stage = asked.path["id"], asked.query["stage"]
    if not _exists(asked):
        raise no_run(run_id)
    rows = asked.engine.reader.attempts(run_id, stage)
    before = place_id(asked.query["cursor"])
    later = [each for each in rows if before is None or each["id"] > before]
    limit = asked.query["limit"]
    return Answer(content=page_by_id(later[: limit + 1], limit, shapes.attempt))


def why(asked: Asked) -> Answer:
    return Answer(content=sentences(asked.engine, asked.path["id"], asked.query["stage"]))


# ── what is asked of a run ───────────────────────────────────────────────────────────────────────


def cancel(asked: Asked) -> None:
    asking.cancel(
        asked.engine,
        asked.path["id"],
        by=asked.by,
        reason=asked.body.get("reason", ""),
        force=asked.body.get("force", False),
        also=asked.also,
    )


def roll_back(asked: Asked) -> None:
    asking.roll_back(
        asked.engine,
        asked.path["id"],
        by=asked.by,
        to=asked.body.get("to"),
        reason=asked.body.get("reason", ""),
        also=asked.also,
    )


def taken(asked: Asked, _: Any) -> Answer:
    return _shown(asked, 202)


def rerun(asked: Asked) -> int:
    return starting.rerun(
        asked.engine,
        asked.path["id"],
        from_stage=asked.body.get("from"),
        failed=asked.body.get("failed", False),
        by=asked.by,
        also=asked.also,
    )


STAGE = Param(name="stage", schema=NAME, about="Only this stage.")
AFTER = Param(
    name="after",
    schema={"type": "integer", "minimum": 0, "maximum": INTEGER_MAX, "default": 0},
    about="The `seq` of the last event you have.",
)
WAIT = Param(
    name="wait",
    schema={"type": "number", "minimum": 0, "maximum": WAIT_S_MAX, "default": 0},
    about=f"Wait so many seconds, at most {WAIT_S_MAX}, for there to be anything.",
)
HOW_MANY = Param(
    name="limit",
    schema={"type": "integer", "minimum": 1, "maximum": EVENTS_MAX, "default": EVENTS},
    about="How many at most.",
)
PIPELINE = Param(name="pipeline", schema=NAME, about="Only runs of this pipeline.")
ONE = "/api/pipeline-runs/{id}"
CALLS = (
    Call(
        method="GET", path="/api/pipeline-runs", name="list_runs", tag="runs",
        about="Runs of all pipelines, newest first.", act=listed, scope=Scope.READ,
        query=(STATUS, PIPELINE, *PAGING), answers={200: "Runs"},
    ),
    Call(
        method="GET", path=ONE, name="get_run", tag="runs",
        about="One run, with its stages, approvals and rollback.", act=shown, scope=Scope.READ,
        answers={200: "Run"}, problems=(404,),
    ),
    Call(
        method="GET", path=f"{ONE}/events", name="list_events", tag="runs",
        about="Its log: everything that happened to it, in order.", act=events,
        scope=Scope.READ, query=(AFTER, WAIT, HOW_MANY), answers={200: "Events"},
        problems=(404,),
    ),
    Call(
        method="GET", path=f"{ONE}/attempts", name="list_attempts", tag="runs",
        about="Every attempt at its stages and at undoing them, in order.", act=attempts,
        scope=Scope.READ, query=(STAGE, *PAGING), answers={200: "Attempts"}, problems=(404,),
    ),
    Call(
        method="GET", path=f"{ONE}/why", name="why_run", tag="runs",
        about="Why it, and each of its stages, is as it is, in sentences.", act=why,
        scope=Scope.READ, query=(STAGE,), answers={200: "Why"}, problems=(404,),
    ),
    Call(
        method="POST", path=f"{ONE}/cancel", name="cancel_run", tag="runs",
        about="Start nothing more, and stop what runs.", act=Deed(cancel, taken),
        scope=Scope.RUN, body=schemas.CANCEL, answers={202: "Run"}, problems=(404, 409),
    ),
    Call(
        method="POST", path=f"{ONE}/rollback", name="roll_back_run", tag="runs",
        about="Undo what it did, back to and including `to`; without it, everything.",
        act=Deed(roll_back, taken), scope=Scope.RUN, body=schemas.ROLL_BACK,
        answers={202: "Run"}, problems=(404, 409),
    ),
    Call(
        method="POST", path=f"{ONE}/rerun", name="rerun", tag="runs",
        about="A new run of the same revision: the whole, from a stage, or what failed.",
        act=Deed(rerun, started), scope=Scope.RUN, body=schemas.RERUN, answers={202: "Run"},
        problems=(404, 409),
    ),
)  # fmt: skip
