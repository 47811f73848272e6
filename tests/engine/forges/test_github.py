"""GitHub's own examples: each becomes the event and the facts that a reader would expect."""

from __future__ import annotations

import random
from typing import Any

import pytest

from orchestrate.core.condition import Facts
from orchestrate.engine.forges.github import COMMITS_MAX, occurrence
from tests.engine.forges.recorded import HERE, github

SHOWN = ("branch", "head_branch", "tag", "sha", "repository", "actor")


def line(facts: Facts) -> str:
    """One outcome as the table has it: what is unknown is left out, what is none is `-`."""
    said = [facts.event]
    for name in SHOWN:
        value = getattr(facts, name)
        if value is not None:
            said.append(f"{name}={value[:7] if name == 'sha' else value or '-'}")
    if facts.labels:
        said.append(f"labels={','.join(facts.labels)}")
    if facts.paths is not None:
        said.append(f"paths={','.join(facts.paths) or '-'}")
    more = ("number", "title", "url", "conclusion", "environment", "review", "label", "forced")
    said += [f"{name}={facts.data[name]}" for name in more if name in facts.data]
    return " | ".join(said)


def test_every_example_becomes_what_the_table_says() -> None:
    found = dict.fromkeys(line(occurrence(event, payload).facts) for event, payload in github())
    wanted = (HERE / "github.txt").read_text(encoding="utf-8").splitlines()
    assert list(found) == wanted
    assert len(github()) == 329


def dig(payload: Any, *path: str) -> Any:
    for key in path:
        payload = payload.get(key) if isinstance(payload, dict) else None
    return payload


@pytest.mark.parametrize("kind", sorted({event for event, _ in github()}))
def test_what_every_event_has_is_taken_as_it_is(kind: str) -> None:
    """The name, the repository and the actor, read from the payload by other means."""
    for event, payload in github():
        if event != kind:
            continue
        facts = occurrence(event, payload).facts
        action = payload.get("action")
        name = f"{event}.{action}" if action else event
        if event == "pull_request" and action == "closed" and payload["pull_request"]["merged"]:
            name = "pull_request.merged"
        if event == "push" and payload["deleted"]:
            name = "push.deleted"
        assert facts.event == name
        assert facts.repository == dig(payload, "repository", "full_name")
        assert facts.actor == dig(payload, "sender", "login")
        assert None not in facts.data.values()


def test_the_branch_of_a_pull_request_is_the_one_it_goes_to() -> None:
    seen = 0
    for event, payload in github():
        request = payload.get("pull_request")
        if not isinstance(request, dict) or "base" not in request:
            continue
        facts = occurrence(event, payload).facts
        assert (facts.branch, facts.head_branch) == (request["base"]["ref"], request["head"]["ref"])
        assert facts.data["base_sha"] == request["base"]["sha"]
        assert facts.data["head_sha"] == request["head"]["sha"]
        assert facts.labels == tuple(each["name"] for each in request.get("labels", []))
        assert facts.paths is None
        seen += 1
    assert seen > 30


def closed(*, merged: bool) -> dict[str, Any]:
    payload = next(
        each for event, each in github() if event == "pull_request" and each["action"] == "closed"
    )
    request = {**payload["pull_request"], "merged": merged, "merge_commit_sha": "c" * 40}
    return {**payload, "pull_request": request}


def test_a_merged_pull_request_is_an_event_of_its_own() -> None:
    """At the commit that it became; one that was closed otherwise is at its head (10.4)."""
    merged, not_merged = (
        occurrence("pull_request", closed(merged=each)).facts for each in (True, False)
    )
    assert (merged.event, merged.sha) == ("pull_request.merged", "c" * 40)
    assert (not_merged.event, not_merged.sha) == ("pull_request.closed", merged.data["head_sha"])


def push(**changed: Any) -> dict[str, Any]:
    commits = [
        {"added": ["a.py"], "modified": [], "removed": []},
        {"added": [], "modified": ["b/c.md", "a.py"], "removed": ["d"]},
    ]
    return {"ref": "refs/heads/main", "after": "a" * 40, "commits": commits, **changed}


def test_a_push_that_lists_every_commit_knows_its_paths() -> None:
    found = occurrence("push", push())
    assert found.facts.paths == ("a.py", "b/c.md", "d")
    assert found.notes == ()
    assert occurrence("push", push(commits=[], created=True)).facts.paths == ()


@pytest.mark.parametrize(
    ("changed", "note"),
    [
        ({"commits": [push()["commits"][0]] * COMMITS_MAX}, ("the push lists 2,048 commits, and may"
         " have more: the changed paths are not known")),
        ({"forced": True}, ("the push was forced, and does not tell what it took away: the changed"
         " paths are not known")),
        ({"commits": None}, ("the push does not list its commits, so the changed paths are not"
         " known")),
        ({"commits": [{"id": "a"}]}, "the push does not list its changed paths, or too many"),
        ({"commits": [{"added": [str(n) for n in range(10_001)], "modified": [], "removed": []}]},
         "the push does not list its changed paths, or too many"),
        ({"ref": "refs/tags/v1"}, "a tag has no changed paths of its own"),
    ],
)  # fmt: skip
def test_a_push_that_may_not_list_everything_says_so(changed: dict[str, Any], note: str) -> None:
    found = occurrence("push", push(**changed))
    assert found.facts.paths is None
    assert found.notes == (note,)


def test_what_is_deleted_is_no_push() -> None:
    """`event: push` is for commits; so is GitHub's own."""
    for deleted in ({"deleted": True}, {"after": "0" * 40}):
        facts = occurrence("push", push(before="b" * 40, **deleted)).facts
        assert (facts.event, facts.branch, facts.sha) == ("push.deleted", "main", None)


def test_nothing_in_a_payload_makes_it_fail() -> None:
    """Values of other types in every place, under a seed: facts, or fewer facts."""
    dice = random.Random(7)
    for event, payload in github():
        for _ in range(3):
            facts = occurrence(event, twisted(payload, dice)).facts
            for name in SHOWN:
                assert isinstance(getattr(facts, name), str | None)
            assert all(isinstance(each, str) for each in (*facts.labels, *(facts.paths or ())))


STRANGE: tuple[Any, ...] = (
    None,
    True,
    0,
    -1.5,
    "",
    "x" * 100_000,
    "\ud800",
    [],
    {},
    [None],
    {"name": 7},
    [[[]]],
)


def twisted(value: Any, dice: random.Random) -> Any:
    """The same payload, with some of its values replaced."""
    if dice.random() < 0.08:
        return dice.choice(STRANGE)
    if isinstance(value, dict):
        return {key: twisted(each, dice) for key, each in value.items()}
    if isinstance(value, list):
        return [twisted(each, dice) for each in value]
    return value
