"""GitLab's events, after the examples of its documentation: the names that GitHub's have."""

from __future__ import annotations

import random
from typing import Any

from orchestrate.engine.forges.gitlab import occurrence
from tests.engine.forges.recorded import HERE
from tests.engine.forges.test_github import line, twisted

A, B, NONE = "a" * 40, "b" * 40, "0" * 40
PROJECT = {"path_with_namespace": "mike/diaspora", "web_url": "http://example.com/mike/diaspora"}
USER = {"name": "Administrator", "username": "root"}
BUG = {"id": 206, "title": "bug", "type": "ProjectLabel"}
API = {"id": 205, "title": "API", "type": "ProjectLabel"}
COMMIT = {
    "id": A,
    "message": "Update Catalan translation.\n\nSee elsewhere",
    "added": ["CHANGELOG"],
    "modified": ["app/controller/application.rb"],
    "removed": [],
}


def push(**changed: Any) -> dict[str, Any]:
    return {
        "object_kind": "push", "event_name": "push", "before": B, "after": A,
        "ref": "refs/heads/master", "checkout_sha": A, "user_name": "John Smith",
        "user_username": "jsmith", "project": PROJECT, "commits": [COMMIT],
        "total_commits_count": 1, **changed,
    }  # fmt: skip


def tag(**changed: Any) -> dict[str, Any]:
    kind = {"object_kind": "tag_push", "event_name": "tag_push", "ref": "refs/tags/v1.0.0"}
    return push(**{**kind, "before": NONE, "commits": [], "total_commits_count": 0, **changed})


def request(action: str, changes: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "object_kind": "merge_request", "event_type": "merge_request", "user": USER,
        "project": PROJECT,
        "object_attributes": {
            "iid": 1, "target_branch": "master", "source_branch": "ms-viewport",
            "title": "MS-Viewport", "state": "opened", "draft": False,
            "url": "http://example.com/diaspora/merge_requests/1", "last_commit": {"id": A},
            "source": {"path_with_namespace": "ann/diaspora"}, "action": action, **more,
        },
        "labels": [BUG],
        "changes": changes or {},
    }  # fmt: skip


def labels(before: list[Any], after: list[Any]) -> dict[str, Any]:
    return {"labels": {"previous": before, "current": after}}


def issue(action: str, changes: Any = None) -> dict[str, Any]:
    return {
        "object_kind": "issue", "event_type": "issue", "user": USER, "project": PROJECT,
        "object_attributes": {
            "iid": 23, "title": "New API", "state": "opened", "action": action,
            "url": "http://example.com/diaspora/issues/23",
        },
        "labels": [API], "changes": changes or {},
    }  # fmt: skip


def comment(on: str, more: Any, **attributes: Any) -> dict[str, Any]:
    return {
        "object_kind": "note", "user": USER, "project": PROJECT,
        "object_attributes": {
            "note": "How does this work?", "noteable_type": on, "action": "create",
            "url": "http://example.com/note_1", **attributes,
        },
        **more,
    }  # fmt: skip


def pipeline(status: str, **changed: Any) -> dict[str, Any]:
    return {
        "object_kind": "pipeline", "user": USER, "project": PROJECT,
        "object_attributes": {
            "iid": 3, "name": "Pipeline for master", "ref": "master", "tag": False, "sha": A,
            "source": "push", "status": status, "url": "http://example.com/pipelines/31", **changed,
        },
        "merge_request": {"iid": 1, "source_branch": "test", "target_branch": "master"},
    }  # fmt: skip


def job(status: str, **changed: Any) -> dict[str, Any]:
    return {
        "object_kind": "build", "ref": "main", "tag": False, "sha": A, "build_id": 1977,
        "build_name": "test", "build_status": status, "user": USER, "project": PROJECT, **changed,
    }  # fmt: skip


def deployment(status: str) -> dict[str, Any]:
    return {
        "object_kind": "deployment", "status": status, "environment": "staging", "user": USER,
        "environment_external_url": "https://staging.example.com", "project": PROJECT,
        "commit_url": f"http://example.com/mike/diaspora/-/commit/{A}", "commit_title": "Add it",
    }  # fmt: skip


def release(action: str) -> dict[str, Any]:
    return {
        "object_kind": "release", "name": "v1.1", "tag": "v1.1", "action": action, "commit":
        {"id": A}, "url": "http://example.com/-/releases/v1.1", "project": PROJECT,
    }  # fmt: skip


CASES: list[tuple[str, dict[str, Any]]] = [
    ("Push Hook", push()),
    ("Push Hook", push(after=NONE, checkout_sha=None, commits=[], total_commits_count=0)),
    ("Tag Push Hook", tag()),
    ("Tag Push Hook", tag(before=A, after=NONE)),
    ("Merge Request Hook", request("open")),
    ("Merge Request Hook", request("close")),
    ("Merge Request Hook", request("reopen")),
    ("Merge Request Hook", request("merge", merge_commit_sha=B)),
    ("Merge Request Hook", request("merge")),
    ("Merge Request Hook", request("update", oldrev=B)),
    ("Merge Request Hook", request("update")),
    ("Merge Request Hook", request("update", {"draft": {"previous": True, "current": False}})),
    ("Merge Request Hook", request("update", {"draft": {"previous": False, "current": True}})),
    ("Merge Request Hook", request("update", labels([API], [API, BUG]))),
    ("Merge Request Hook", request("update", labels([API, BUG], [BUG]))),
    ("Merge Request Hook", request("approved")),
    ("Merge Request Hook", request("unapproval")),
    ("Issue Hook", issue("open")),
    ("Issue Hook", issue("close")),
    ("Issue Hook", issue("update")),
    ("Issue Hook", issue("update", labels([], [API]))),
    ("Note Hook", comment("Commit", {"commit": {"id": A}}, commit_id=A)),
    (
        "Note Hook",
        comment(
            "MergeRequest",
            {
                "merge_request": {
                    "iid": 1,
                    "target_branch": "main",
                    "source_branch": "x",
                    "last_commit": {"id": A},
                    "title": "Fix",
                    "labels": [BUG],
                }
            },
        ),
    ),
    ("Note Hook", comment("MergeRequest", {"merge_request": {}}, type="DiffNote", action="update")),
    ("Note Hook", comment("Issue", {"issue": {"iid": 17, "title": "T", "labels": [API]}})),
    ("Pipeline Hook", pipeline("success")),
    ("Pipeline Hook", pipeline("failed")),
    ("Pipeline Hook", pipeline("canceled")),
    ("Pipeline Hook", pipeline("running")),
    ("Pipeline Hook", pipeline("pending")),
    ("Pipeline Hook", pipeline("success", ref="v1", tag=True)),
    ("Pipeline Hook", pipeline("success", ref="refs/merge-requests/1/head")),
    ("Job Hook", job("failed")),
    ("Job Hook", job("created", environment={"name": "production"})),
    ("Deployment Hook", deployment("success")),
    ("Deployment Hook", deployment("failed")),
    ("Release Hook", release("create")),
    ("Release Hook", release("delete")),
    (
        "Wiki Page Hook",
        {
            "object_kind": "wiki_page",
            "user": USER,
            "project": PROJECT,
            "object_attributes": {
                "title": "Awesome",
                "url": "http://example.com/w",
                "action": "create",
            },
        },
    ),
    (
        "Feature Flag Hook",
        {
            "object_kind": "feature_flag",
            "user": USER,
            "project": PROJECT,
            "object_attributes": {"name": "new-page", "active": True},
        },
    ),
    ("Member Hook", {"event_name": "user_add_to_group", "user_username": "test_user"}),
    ("Project Hook", {"event_name": "project_create", "path_with_namespace": "group1/project1"}),
    ("Something Of Tomorrow Hook", {}),
    ("", {}),
]


def test_each_event_becomes_what_github_would_call_it() -> None:
    found = [line(occurrence(hook, payload).facts) for hook, payload in CASES]
    wanted = (HERE / "gitlab.txt").read_text(encoding="utf-8").splitlines()
    assert found == wanted


def test_a_push_of_more_commits_than_are_listed_has_no_known_paths() -> None:
    found = occurrence("Push Hook", push(total_commits_count=21))
    assert found.facts.paths is None
    assert found.notes == (
        "the push lists 1 of its commits, and there are 21: the changed paths are not known",
    )


def test_nothing_in_a_payload_makes_it_fail() -> None:
    dice = random.Random(11)
    for hook, payload in CASES:
        for _ in range(50):
            found = occurrence(hook, twisted(payload, dice)).facts
            assert all(isinstance(each, str) for each in (*found.labels, *(found.paths or ())))
