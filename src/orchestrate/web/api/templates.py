"""Calls about templates: the pipelines one can begin with, as data. It writes nothing anywhere."""

from __future__ import annotations

from orchestrate.language.templates import gallery
from orchestrate.web.access import Scope
from orchestrate.web.call import Answer, Asked, Call


def listed(_: Asked) -> Answer:
    items = [gallery.described(each) for each in gallery.templates()]
    return Answer(content={"items": items, "next": None})


CALLS = (
    Call(
        method="GET", path="/api/templates", name="list_templates", tag="about",
        about="The pipelines one can begin with, each with its text and that of its agents.",
        act=listed, scope=Scope.READ, answers={200: "Templates"},
    ),
)  # fmt: skip
