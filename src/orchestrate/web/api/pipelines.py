"""Calls about pipelines: kept, changed, switched, deleted, started. It judges nothing itself."""

from __future__ import annotations

import re
from typing import Any

from orchestrate.core.commands import Because, Refused
from orchestrate.core.run import RunStatus
from orchestrate.engine import catalog, starting
from orchestrate.engine.starting import Order
from orchestrate.web import schemas, shapes
from orchestrate.web.access import Scope
from orchestrate.web.call import Answer, Asked, Call, Deed, Param
from orchestrate.web.paging import PAGING, cursor, page_by_id, place, place_id
from orchestrate.web.problem import BAD_REQUEST, CHANGED, Problem, invalid, not_found
from orchestrate.web.schemas import one_of

PAGE_CHARACTERS_MAX = 4 << 20
"""A page of pipelines ends early where their definitions are long."""
_ETAG = re.compile(r'(W/)?"([\x21\x23-\x7e]*)"')


def listed(asked: Asked) -> Answer:
    after = place(asked.query["cursor"])
    items: list[dict[str, Any]] = []
    size = 0
    more = None
    for row in asked.engine.reader.pipelines():
        if after is not None and row["name"] <= after:
            continue
        size += len(row["definition"])
        if len(items) == asked.query["limit"] or (items and size > PAGE_CHARACTERS_MAX):
            more = cursor(items[-1]["name"])
            break
        items.append(shapes.pipeline(row, asked.engine.clock()))
    return Answer(content={"items": items, "next": more})


def _shown(asked: Asked, name: str, status: int = 200) -> Answer:
    row = asked.engine.reader.pipeline(name)
    if row is None:
        raise _nobody(name)
    answer = Answer(content=shapes.pipeline(row, asked.engine.clock()), status=status)
    answer.headers["ETag"] = f'"{row["sha256"]}"'
    if status == 201:
        answer.headers["Location"] = f"/api/pipelines/{name}"
    return answer


def _nobody(name: str) -> Problem:
    problem = not_found(f"there is no pipeline `{name}`")
    problem.hint = "see: orchestrate pipeline list"
    return problem


def shown(asked: Asked) -> Answer:
    return _shown(asked, asked.path["name"])


def create(asked: Asked) -> str:
    enabled = asked.body.get("enabled", True)
    text = asked.body["definition"]
    return catalog.create(asked.engine, text, enabled=enabled, by=asked.by, also=asked.also)


def created(asked: Asked, name: Any) -> Answer:
    return _shown(asked, name, 201)


def update(asked: Asked) -> Answer:
    name = asked.path["name"]
    seen = _if_match(asked, name)
    try:
        catalog.update(asked.engine, name, asked.body["definition"], by=asked.by, if_match=seen)
    except Refused as refused:
        if seen is not None and refused.because is Because.CONFLICT:
            raise _changed(refused) from None
        raise
    return _shown(asked, name)


def delete(asked: Asked) -> Answer:
    """The pipeline as it was."""
    name = asked.path["name"]
    answer = _shown(asked, name)
    seen = _if_match(asked, name)
    if seen is not None and seen != answer.content["sha256"]:
        raise _changed(Refused(Because.CONFLICT, f"`{name}` was changed meanwhile"))
    catalog.delete(asked.engine, name, by=asked.by, force=asked.query["force"])
    return answer


def _if_match(asked: Asked, name: str) -> str | None:
    """The sha256 that the caller has seen, if the request says one; `*` is any."""
    given = asked.headers.get("if-match")
    if given is None:
        return None
    if given.strip() == "*":
        if asked.engine.reader.pipeline(name) is None:
            raise Problem(CHANGED, f"there is no pipeline `{name}`")
        return None
    found = _ETAG.fullmatch(given.strip())
    if found is None:
        raise Problem(
            BAD_REQUEST, "If-Match holds no single entity tag", "send the ETag that you were given"
        )
    return "" if found[1] else found[2]  # a weak tag is never the same


def _changed(refused: Refused) -> Problem:
    hint = refused.hint or "look at the present definition and decide again"
    return Problem(CHANGED, refused.text, hint)


def enable(asked: Asked) -> str:
    name = asked.path["name"]
    return catalog.enable(asked.engine, name, flag=True, by=asked.by, also=asked.also)


def disable(asked: Asked) -> str:
    name = asked.path["name"]
    return catalog.enable(asked.engine, name, flag=False, by=asked.by, also=asked.also)


def switched(asked: Asked, name: Any) -> Answer:
    return _shown(asked, name)


def revisions(asked: Asked) -> Answer:
    name = asked.path["name"]
    rows = asked.engine.reader.revisions(name)
    if not rows:
        raise _nobody(name)
    before = place_id(asked.query["cursor"])
    limit = asked.query["limit"]
    rows = [each for each in rows if before is None or each["revision"] < before]
    more = cursor(str(rows[limit - 1]["revision"])) if len(rows) > limit else None
    return Answer(content={"items": [shapes.revision(each) for each in rows[:limit]], "next": more})


def revision(asked: Asked) -> Answer:
    name, number = asked.path["name"], asked.path["revision"]
    row = asked.engine.reader.revision(name, number)
    if row is None:
        raise not_found(f"there is no revision {number} of a pipeline `{name}`")
    return Answer(content=shapes.revision(row))


# ── runs of a pipeline ───────────────────────────────────────────────────────────────────────────


def _order(asked: Asked) -> Order:
    body = asked.body
    return Order(
        pipeline=asked.path["name"],
        variables=body.get("variables", {}),
        event=body.get("event", {}),
        force=body.get("force", False),
        workspace=body.get("workspace", ""),
    )


def start(asked: Asked) -> int | None:
    """The number of the new run; None where only its plan is wanted."""
    if asked.body.get("dry_run", False):
        return None
    if "definition" in asked.body:
        raise invalid([("definition", "is for `dry_run` alone; store it, then run it")])
    return starting.start(asked.engine, _order(asked), by=asked.by, also=asked.also)


def started(asked: Asked, run_id: Any) -> Answer:
    if run_id is None:
        text = asked.body.get("definition")
        plan = starting.dry_run(asked.engine, _order(asked), by=asked.by, definition=text)
        return Answer(content=plan)
    row = asked.engine.reader.run(run_id)
    assert row is not None, "what was started is stored"
    location = {"Location": f"/api/pipeline-runs/{run_id}"}
    return Answer(content=shapes.run(row), status=202, headers=location)


def runs(asked: Asked) -> Answer:
    name = asked.path["name"]
    if not asked.engine.reader.revisions(name):
        raise _nobody(name)
    limit = asked.query["limit"]
    rows = asked.engine.reader.runs(
        pipeline=name,
        status=asked.query["status"],
        limit=limit + 1,
        before=place_id(asked.query["cursor"]),
    )
    return Answer(content=page_by_id(rows, limit, shapes.run_in_list))


STATUS = Param(name="status", schema=one_of(RunStatus), about="Only runs that have this status.")
FORCE = Param(
    name="force",
    schema={"type": "boolean", "default": False},
    about="Delete it although runs of it live; they go on to their end.",
)
ONE = "/api/pipelines/{name}"
CALLS = (
    Call(
        method="GET", path="/api/pipelines", name="list_pipelines", tag="pipelines",
        about="Every pipeline, by name.", act=listed, scope=Scope.READ, query=PAGING,
        answers={200: "Pipelines"},
    ),
    Call(
        method="POST", path="/api/pipelines", name="create_pipeline", tag="pipelines",
        about="Keep a new pipeline.", act=Deed(create, created), scope=Scope.WRITE,
        body=schemas.NEW_PIPELINE, body_required=True, answers={201: "Pipeline"},
        problems=(409,),
    ),
    Call(
        method="GET", path=ONE, name="get_pipeline", tag="pipelines",
        about="One pipeline, with its definition.", act=shown, scope=Scope.READ,
        answers={200: "Pipeline"}, problems=(404,), etag=True,
    ),
    Call(
        method="PUT", path=ONE, name="update_pipeline", tag="pipelines",
        about="Store a new revision of its definition. Runs that live keep theirs.", act=update,
        scope=Scope.WRITE, body=schemas.CHANGED_PIPELINE, body_required=True,
        answers={200: "Pipeline"}, problems=(404, 409, 412), etag=True,
    ),
    Call(
        method="DELETE", path=ONE, name="delete_pipeline", tag="pipelines",
        about="Take it out of the catalog. Its runs and revisions stay.", act=delete,
        scope=Scope.WRITE, query=(FORCE,), answers={200: "Pipeline"}, problems=(404, 409, 412),
        etag=True,
    ),
    Call(
        method="POST", path=f"{ONE}/enable", name="enable_pipeline", tag="pipelines",
        about="Let events start it.", act=Deed(enable, switched), scope=Scope.WRITE,
        body=schemas.NOTHING, answers={200: "Pipeline"}, problems=(404,),
    ),
    Call(
        method="POST", path=f"{ONE}/disable", name="disable_pipeline", tag="pipelines",
        about="Let nothing start it but people who insist. Live runs go on.",
        act=Deed(disable, switched), scope=Scope.WRITE, body=schemas.NOTHING,
        answers={200: "Pipeline"}, problems=(404,),
    ),
    Call(
        method="GET", path=f"{ONE}/revisions", name="list_revisions", tag="pipelines",
        about="Its revisions, newest first, without their texts.", act=revisions,
        scope=Scope.READ, query=PAGING, answers={200: "Revisions"}, problems=(404,),
    ),
    Call(
        method="GET", path=f"{ONE}/revisions/{{revision}}", name="get_revision", tag="pipelines",
        about="One revision, with its text.", act=revision, scope=Scope.READ,
        answers={200: "Revision"}, problems=(404,),
    ),
    Call(
        method="POST", path=f"{ONE}/run", name="run_pipeline", tag="pipelines",
        about="Start a run (202), or say what it would do (200, with `dry_run`).",
        act=Deed(start, started), scope=Scope.RUN, body=schemas.ORDER,
        answers={202: "Run", 200: "Plan"}, problems=(404, 409),
    ),
    Call(
        method="GET", path=f"{ONE}/runs", name="list_runs_of_pipeline", tag="pipelines",
        about="Its runs, newest first.", act=runs, scope=Scope.READ, query=(STATUS, *PAGING),
        answers={200: "Runs"}, problems=(404,),
    ),
)  # fmt: skip
