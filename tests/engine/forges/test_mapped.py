"""JSON of anybody, and CloudEvents: the facts that pointers lead to, and those that they miss."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrate.engine.forges.mapped import cloud_occurrence, occurrence, pointer_fault
from orchestrate.engine.forges.source import Source

BODY = {
    "event": "build.finished",
    "title": "Build 17",
    "url": "https://ci.example.com/17",
    "build": {
        "ref": "refs/heads/main",
        "n": 17,
        "files": ["a.py", "b.py", "a.py"],
        "a/b": {"~": 1},
    },
    "tags": [{"name": "nightly"}, {"name": "slow"}, {"other": 1}],
    "who": {"login": "ann"},
}


def source(**more: Any) -> Source:
    return Source(name="jenkins", secrets=("s",), **more)


def test_pointers_lead_to_facts() -> None:
    facts = {
        "branch": "/build/ref", "paths": "/build/files", "labels": "/tags/*/name",
        "actor": "/who/login", "repository": "acme/shop", "sha": "/build/n",
        "number": "/build/n", "odd": "/build/a~1b/~0", "second": "/tags/1/name",
    }  # fmt: skip
    found = occurrence(source(facts=facts), BODY)
    seen = found.facts
    assert (seen.event, seen.branch, seen.head_branch) == ("build.finished", "main", "main")
    assert (seen.paths, seen.labels) == (("a.py", "b.py"), ("nightly", "slow"))
    assert (seen.actor, seen.repository, seen.sha) == ("ann", "acme/shop", "17")
    assert seen.data == {
        "title": "Build 17", "url": "https://ci.example.com/17", "number": 17, "odd": 1,
        "second": "slow",
    }  # fmt: skip
    assert found.notes == ()


@pytest.mark.parametrize(
    ("event", "body", "name"),
    [
        (None, BODY, "build.finished"),
        (None, {}, "jenkins"),
        (None, {"event": 7}, "jenkins"),
        ("/who/login", BODY, "ann"),
        ("deployed", BODY, "deployed"),
    ],
)
def test_the_name_of_an_event(event: str | None, body: Any, name: str) -> None:
    assert occurrence(source(event=event), body).facts.event == name


def test_a_tag_has_no_branch() -> None:
    seen = occurrence(source(facts={"branch": "/ref"}), {"ref": "refs/tags/v1"}).facts
    assert (seen.tag, seen.branch) == ("v1", "")


def test_what_is_not_there_is_unknown_and_said() -> None:
    facts = {"branch": "/nowhere", "paths": "/who", "labels": "/build/n", "sha": "/build"}
    found = occurrence(source(event="/nowhere", facts=facts), BODY)
    assert found.facts.event == "jenkins"
    assert (found.facts.branch, found.facts.paths, found.facts.labels) == (None, None, ())
    assert found.notes == (
        "`/nowhere` holds no name of an event",
        "`branch` is not known: nothing is at `/nowhere`",
        "`paths` is not known: no list of texts is at `/who`",
        "`labels` is not known: no list of texts is at `/build/n`",
        "`sha` is not known: no short text is at `/build`",
    )


def test_a_cloud_event_is_called_by_its_type() -> None:
    event = {
        "specversion": "1.0", "id": "1", "source": "/ci", "type": "com.example.built",
        "subject": "shop", "data": {"ref": "main"},
    }  # fmt: skip
    seen = cloud_occurrence(source(facts={"branch": "/data/ref"}), event).facts
    assert (seen.event, seen.branch) == ("com.example.built", "main")
    assert seen.data == {"subject": "shop", "source": "/ci", "title": "shop"}
    assert cloud_occurrence(source(event="/subject"), event).facts.event == "shop"


def test_what_is_no_pointer() -> None:
    assert pointer_fault("/a/b") is None
    assert pointer_fault("main") is None
    assert pointer_fault("/" * 40) == "has more than 32 steps"
    assert pointer_fault("/a/*/b/*") == "has more than one `*`"
    assert pointer_fault("x" * 1_001) == "is longer than 1000 characters"
