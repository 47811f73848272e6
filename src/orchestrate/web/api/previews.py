"""Calls that say what something would take or do before anybody asks for it."""

from __future__ import annotations

from orchestrate.core.commands import Because, Refused
from orchestrate.engine import catalog, preview
from orchestrate.web.access import Scope
from orchestrate.web.call import Answer, Asked, Call, Param
from orchestrate.web.schemas import NAME


def variables(asked: Asked) -> Answer:
    """What a run of the pipeline can be given: each variable, its default, whether it has one."""
    name = asked.path["name"]
    row = asked.engine.reader.pipeline(name)
    if row is None:
        raise Refused(Because.NOT_FOUND, f"there is no pipeline `{name}`")
    found = catalog.valid(asked.engine, row["definition"]).variables
    items = [
        {"name": each, "default": value, "required": value is None} for each, value in found.items()
    ]
    return Answer(content={"items": items, "next": None})


def rollback(asked: Asked) -> Answer:
    to = asked.query["to"]
    return Answer(content=preview.rollback(asked.engine, asked.path["id"], by=asked.by, to=to))


TO = Param(name="to", schema=NAME, about="The stage to go back to, which is undone too.")
CALLS = (
    Call(
        method="GET", path="/api/pipelines/{name}/variables", name="list_variables",
        tag="pipelines", about="What a run of it can be given, and what it must be given.",
        act=variables, scope=Scope.READ, answers={200: "Variables"}, problems=(404, 422),
    ),
    Call(
        method="GET", path="/api/pipeline-runs/{id}/rollback-plan", name="plan_rollback",
        tag="runs", about="What a rollback would undo, in order; nothing is stored.",
        act=rollback, scope=Scope.READ, query=(TO,), answers={200: "RollbackPlan"},
        problems=(404, 409),
    ),
)  # fmt: skip
