"""Webhooks in other words than GitHub's: GitLab's, anybody's JSON, CloudEvents."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from orchestrate.engine.forges.source import Source
from orchestrate.web.signature import SKEW_S_MAX
from tests.web.client import Client
from tests.web.conftest import SOURCES, House
from tests.web.signed import NUMBERS, gitlab, hub, kept, post, secret_of, standard, waits

SIGNING = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def outside(hooked: House) -> Client:
    """Somebody on the network without a token."""
    return hooked.tcp()


# ── GitLab ───────────────────────────────────────────────────────────────────────────────────────


def merge_request() -> dict[str, Any]:
    return {
        "object_kind": "merge_request", "user": {"username": "ann"}, "n": next(NUMBERS),
        "object_attributes": {
            "action": "merge", "target_branch": "gl", "source_branch": "x", "iid": 7,
        },
    }  # fmt: skip


def test_a_merge_at_gitlab_starts_what_a_merge_at_github_does(
    hooked: House, outside: Client
) -> None:
    waits(hooked, "pull_request.merged", ", branches: gl")
    reply = gitlab(outside, merge_request())
    assert (reply.status, len(reply.data["runs"])) == (202, 1)
    assert gitlab(outside, merge_request(), X_Gitlab_Token="between").status == 401
    assert gitlab(outside, merge_request(), X_Gitlab_Token=None).status == 401


def test_the_number_of_a_delivery_of_gitlab(hooked: House, outside: Client) -> None:
    body = merge_request()
    first = gitlab(outside, body, Idempotency_Key="gl-1")
    assert gitlab(outside, body, Idempotency_Key="gl-1").status == 200
    assert kept(hooked, first)["delivery"] == "gl-1"
    # Events that follow from one another bear one UUID: the body tells them apart.
    one = gitlab(outside, merge_request(), X_Gitlab_Event_UUID="u")
    other = gitlab(outside, merge_request(), X_Gitlab_Event_UUID="u")
    assert (one.status, other.status) == (202, 202)
    assert kept(hooked, one)["delivery"] != kept(hooked, other)["delivery"]


@pytest.fixture
def signing(monkeypatch: pytest.MonkeyPatch) -> str:
    """GitLab with a signing token."""
    source = Source(name="gitlab", secrets=(SIGNING,), words=SOURCES["gitlab"].words)
    monkeypatch.setitem(SOURCES, "gitlab", source)
    return SIGNING


def test_a_signing_token_of_gitlab(hooked: House, outside: Client, signing: str) -> None:
    raw = json.dumps(merge_request()).encode()
    plain = {"Content-Type": "application/json"}
    right = standard(signing, raw, "gl-signed-1")
    reply = post(outside, "gitlab", raw, plain | right)
    assert reply.status == 202, reply.text
    assert kept(hooked, reply)["delivery"] == "gl-signed-1"
    several = right["webhook-signature"].replace("v1,", "v1,AAAA v2,x v1,")
    assert (
        post(outside, "gitlab", raw, plain | {**right, "webhook-signature": several}).status == 200
    )
    for wrong in (
        {**right, "webhook-id": "gl-signed-2"},
        {**right, "webhook-signature": "v1,AAAA"},
        {**right, "webhook-signature": ""},
        {**right, "webhook-timestamp": "soon"},
        {"X-Gitlab-Token": signing},
        standard(signing, raw, "old", time.time() - SKEW_S_MAX - 60),
        standard(signing, raw, "ahead", time.time() + SKEW_S_MAX + 60),
    ):
        assert post(outside, "gitlab", raw, plain | wrong).status == 401, wrong
    for at in (-1, 1):  # a clock that is somewhat wrong loses no event
        late = standard(signing, raw, f"skew{at}", time.time() + at * (SKEW_S_MAX - 60))
        assert post(outside, "gitlab", raw, plain | late).status == 202


# ── anybody ──────────────────────────────────────────────────────────────────────────────────────


JSON = {"Content-Type": "application/json"}


def test_json_of_anybody(hooked: House, outside: Client) -> None:
    raw = json.dumps({"event": "built", "build": {"branch": "main"}, "n": next(NUMBERS)}).encode()
    bearer = {"Authorization": f"Bearer {secret_of('ci')}"}
    event = kept(hooked, post(outside, "ci", raw, JSON | bearer))
    assert (event["name"], event["facts"]["branch"]) == ("built", "main")
    hubbed = {"X-Hub-Signature-256": hub(secret_of("ci"), raw)}
    assert post(outside, "ci", raw, JSON | hubbed).status == 202
    strangers: list[dict[str, str]] = [
        {},
        {"Authorization": "Bearer x"},
        {"Authorization": secret_of("ci")},
    ]
    for wrong in strangers:
        assert post(outside, "ci", raw, JSON | wrong).status == 401


def test_a_signature_in_a_header_of_their_own(
    hooked: House, outside: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Source(name="own", secrets=("s3",), signature="X-Own", delivery="X-Number")
    monkeypatch.setitem(SOURCES, "own", own)
    raw = json.dumps({"n": next(NUMBERS)}).encode()
    sent = {"X-Own": hub("s3", raw).removeprefix("sha256=").upper(), "X-Number": "17"}
    event = kept(hooked, post(outside, "own", raw, JSON | sent))
    assert (event["name"], event["delivery"]) == ("own", "17")
    assert post(outside, "own", raw, JSON | {"Authorization": "Bearer s3"}).status == 401


def cloud(**changed: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0", "type": "com.example.built", "source": "/ci",
        "id": f"ce-{next(NUMBERS)}", "data": {"n": next(NUMBERS)}, **changed,
    }  # fmt: skip


def test_cloud_events_in_both_forms(hooked: House, outside: Client) -> None:
    bearer = {"Authorization": f"Bearer {secret_of('ci')}"}
    structured = {"Content-Type": "application/cloudevents+json; charset=utf-8"} | bearer
    event = cloud(subject="shop")
    raw = json.dumps(event).encode()
    first = post(outside, "ci", raw, structured)
    shown = kept(hooked, first)
    assert (shown["name"], shown["delivery"]) == ("com.example.built", f"/ci#{event['id']}")
    assert (shown["payload"], shown["facts"]["data"]["subject"]) == (event["data"], "shop")
    assert post(outside, "ci", raw, structured).status == 200
    binary = {
        "ce-specversion": "1.0", "ce-type": "com.example.sent", "ce-source": "/ci", "ce-id": "b1",
        "ce-subject": "sh%C3%B6p",
    } | bearer  # fmt: skip
    shown = kept(hooked, post(outside, "ci", json.dumps([next(NUMBERS)]).encode(), JSON | binary))
    assert (shown["name"], shown["facts"]["data"]["subject"]) == ("com.example.sent", "shöp")
    empty = post(outside, "ci", b"", {**binary, "ce-id": "b2"})
    assert kept(hooked, empty)["payload"] is None


@pytest.mark.parametrize("missing", ["id", "source", "type", "specversion"])
def test_a_cloud_event_that_lacks_something(hooked: House, outside: Client, missing: str) -> None:
    event = cloud()
    del event[missing]
    headers = {
        "Content-Type": "application/cloudevents+json",
        "Authorization": f"Bearer {secret_of('ci')}",
    }
    reply = post(outside, "ci", json.dumps(event).encode(), headers)
    assert (reply.status, reply.data["detail"]) == (400, f"the CloudEvent has no `{missing}`")


def test_a_batch_of_cloud_events_is_refused(hooked: House, outside: Client) -> None:
    headers = {
        "Content-Type": "application/cloudevents-batch+json",
        "Authorization": f"Bearer {secret_of('ci')}",
    }
    assert post(outside, "ci", json.dumps([cloud()]).encode(), headers).status in (415, 422)
