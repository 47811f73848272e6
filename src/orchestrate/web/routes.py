"""The one table of every call there is, with who may make it. What is not here does not exist."""

from __future__ import annotations

from orchestrate.web.api import (
    about,
    approvals,
    events,
    logs,
    notifications,
    pipelines,
    previews,
    runs,
    sessions,
    templates,
    tokens,
    webhooks,
)
from orchestrate.web.call import Answer, Asked, Call
from orchestrate.web.openapi import document


def _openapi(_: Asked) -> Answer:
    return Answer(content=document(CALLS))


CALLS: tuple[Call, ...] = (
    *pipelines.CALLS,
    *runs.CALLS,
    *logs.CALLS,
    *approvals.CALLS,
    *notifications.CALLS,
    *events.CALLS,
    *webhooks.CALLS,
    *about.CALLS,
    *templates.CALLS,
    *tokens.CALLS,
    *sessions.CALLS,
    *previews.CALLS,
    Call(
        method="GET",
        path="/api/openapi.json",
        name="get_openapi",
        tag="about",
        about="This document.",
        act=_openapi,
        scope=None,
        answers={200: "OpenApi"},
    ),
)
