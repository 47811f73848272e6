"""Webhooks at a real server: who is let in, what is kept, and that nothing makes it stumble."""

from __future__ import annotations

import json
import random
import time
from typing import Any
from urllib.parse import urlencode

import pytest

from orchestrate.engine.forges.source import Source
from orchestrate.web import arrival
from orchestrate.web.api.webhooks import RAW_BYTES_MAX
from tests.engine.forges.recorded import github as recorded
from tests.engine.forges.test_github import twisted
from tests.web.client import Client
from tests.web.conftest import SOURCES, House
from tests.web.signed import NUMBERS, github, hub, kept, post, waits

SLOWEST_S = 0.25


@pytest.fixture
def outside(hooked: House) -> Client:
    """Somebody on the network without a token."""
    return hooked.tcp()


def push(**changed: Any) -> dict[str, Any]:
    commits = [{"added": [], "modified": ["README.md"], "removed": []}]
    return {
        "ref": "refs/heads/main", "after": "a" * 40, "commits": commits,
        "repository": {"full_name": "acme/shop"}, "sender": {"login": "octo"},
        "number": next(NUMBERS), **changed,
    }  # fmt: skip


def how_many(house: House) -> int:
    """The events that GitHub has told of."""
    rows = house.engine.reader.trigger_events(10_000)
    return sum(row["source"] == "github" for row in rows)


# ── what comes of one ────────────────────────────────────────────────────────────────────────────


def test_a_signed_push_starts_what_waits_for_it(hooked: House, outside: Client) -> None:
    name = waits(hooked, "push", ", branches: hooked")
    reply = github(outside, "push", push(ref="refs/heads/hooked"))
    assert reply.status == 202
    (run_id,) = reply.data["runs"]
    run = hooked.until(run_id)
    assert (run["pipeline"], run["status"], run["actor"]) == (name, "succeeded", "octo")
    assert run["trigger_event_id"] == reply.data["event"]
    event = kept(hooked, reply)
    assert (event["name"], event["source"], event["actor"]) == ("push", "github", "octo")
    assert event["payload"]["repository"] == {"full_name": "acme/shop"}
    assert event["runs"] == [run_id]


def test_a_delivery_again_is_answered_and_does_nothing(hooked: House, outside: Client) -> None:
    waits(hooked, "push", ", branches: twice")
    payload = push(ref="refs/heads/twice")
    first = github(outside, "push", payload, X_GitHub_Delivery="again-1")
    before = how_many(hooked)
    again = github(outside, "push", payload, X_GitHub_Delivery="again-1")
    assert (again.status, again.data) == (200, first.data)
    assert how_many(hooked) == before


def test_a_replay_under_another_number_starts_nothing(hooked: House, outside: Client) -> None:
    """C9: the number of a delivery is not signed; the body is."""
    waits(hooked, "push", ", branches: stolen")
    payload = push(ref="refs/heads/stolen")
    first = github(outside, "push", payload)
    stolen = github(outside, "push", payload)
    assert (stolen.status, stolen.data["runs"]) == (202, [])
    (run_id,) = first.data["runs"]
    told = kept(hooked, stolen)["outcome"]["not_started"]
    assert f"this very body has started run {run_id} already" in {each["reason"] for each in told}


def test_an_event_that_nobody_waits_for_is_kept_with_the_reason(
    hooked: House, outside: Client
) -> None:
    reply = github(outside, "of_tomorrow", {"action": "dawned"})
    event = kept(hooked, reply)
    assert (reply.status, reply.data["runs"]) == (202, [])
    assert event["name"] == "of_tomorrow.dawned"
    assert event["outcome"]["reason"] == "no pipeline waits for such an event"


def test_nobody_else_makes_our_own_events(hooked: House, outside: Client) -> None:
    """Not even with the secret: what ends a run here is known here."""
    reply = github(outside, "pipeline", {"action": "succeeded"})
    event = kept(hooked, reply)
    assert event["name"] == "github.pipeline.succeeded"
    assert event["outcome"]["notes"] == [
        "only we make `pipeline.succeeded`, so it is `github.pipeline.succeeded`"
    ]


def test_every_recorded_payload_is_taken(hooked: House, outside: Client) -> None:
    """All 329 of GitHub's own examples: 202, under the name that the table says."""
    slowest = 0.0
    for event, payload in recorded():
        begun = time.monotonic()
        reply = github(outside, event, payload)
        slowest = max(slowest, time.monotonic() - begun)
        assert reply.status == 202, (event, reply.text)
    names = {row["name"] for row in hooked.engine.reader.trigger_events(400)}
    assert {
        "pull_request.opened",
        "push.deleted",
        "release.published",
        "check_run.completed",
    } < names
    assert slowest < 4 * SLOWEST_S, "also on a machine that does other things"


# ── who is let in ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "signature",
    [
        None, "", "sha256=", "sha256=" + "0" * 64, hub("another secret", b"{}"), "sha1=" + "0" * 40,
        "é" * 64, hub("it is a secret", b"{} "),
    ],
)  # fmt: skip
def test_what_is_not_signed_is_refused_and_not_kept(
    hooked: House, outside: Client, signature: str | None
) -> None:
    before = how_many(hooked)
    if signature is not None:
        signature = signature.encode("utf-8").decode("latin-1")
    refused = github(outside, "push", b"{}", X_Hub_Signature_256=signature)
    assert refused.status == 401
    assert refused.data["detail"] == "this is not signed with a secret of `github`"
    assert how_many(hooked) == before


def test_a_token_of_ours_opens_no_webhook(hooked: House) -> None:
    """Neither does being the owner at the socket."""
    owner = hooked.tcp(hooked.token())
    for client in (owner, hooked.client):
        assert github(client, "push", push(), X_Hub_Signature_256=None).status == 401


def test_a_source_without_a_secret_does_not_exist(hooked: House, outside: Client) -> None:
    for name in ("jenkins", "GITHUB", "github.", "..", "a/b", "%00"):
        reply = post(outside, name, b"{}", {"X-Hub-Signature-256": hub("", b"{}")})
        assert reply.status in (400, 404), name
    huge = post(outside, "jenkins", b" " * (3 << 20), {"Content-Type": "application/json"})
    assert huge.status == 404, "nothing is read for nobody"


def test_a_secret_that_is_replaced_opens_until_it_is_taken_out(
    hooked: House, outside: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = Source(name="github", secrets=("fresh", "it is a secret"), words=SOURCES["github"].words)
    monkeypatch.setitem(SOURCES, "github", both)
    raw = json.dumps(push()).encode()
    for secret in both.secrets:
        assert github(outside, "push", raw, X_Hub_Signature_256=hub(secret, raw)).status == 202


def test_a_webhook_may_come_by_any_name_of_the_host(hooked: House, outside: Client) -> None:
    """A tunnel keeps the name that the forge knows; the signature says enough."""
    headers = {"Host": "hooks.example.com", "Origin": "https://hooks.example.com"}
    assert github(outside, "push", push(), **headers).status == 202
    assert outside.get("/api/events", headers=headers).status == 421


# ── what is refused of the right sender ──────────────────────────────────────────────────────────


BAD: dict[str, tuple[bytes, dict[str, str | None], int, str]] = {
    "nothing": (b"", {}, 400, "no JSON"),
    "truncated": (json.dumps(push()).encode()[:-9], {}, 400, "no JSON"),
    "a list": (b"[]", {}, 422, "an object"),
    "text": (b"{}", {"Content-Type": "text/plain"}, 415, "JSON in UTF-8"),
    "no type": (b"{}", {"Content-Type": ""}, 415, "JSON in UTF-8"),
    "a form without it": (
        b"a=b", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "`payload`",
    ),
    "a form of something else": (
        b"payload=%5B", {"Content-Type": "application/x-www-form-urlencoded"}, 400, "no JSON",
    ),
    "compressed": (b"{}", {"Content-Encoding": "gzip"}, 415, "Content-Encoding"),
    "no event": (b"{}", {"X-GitHub-Event": None}, 400, "X-GitHub-Event"),
    "a strange event": (b"{}", {"X-GitHub-Event": "../push"}, 400, "X-GitHub-Event"),
    "deep": (b'{"a":' * 900 + b"1" + b"}" * 900, {}, 400, "deeper"),
    "NaN": (b'{"a": NaN}', {}, 400, "NaN"),
    "too large a number": (b'{"a": 9223372036854775808}', {}, 422, "2^63-1"),
    "a key twice": (b'{"a": 1, "a": 2}', {}, 400, "twice"),
    "half of a pair": (b'{"a": "\\ud800"}', {}, 400, "surrogate"),
    "one byte too many": (b" " * (RAW_BYTES_MAX + 1), {}, 413, "25 MiB"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_body_that_is_none_is_told_what_is_wrong(
    hooked: House, outside: Client, name: str
) -> None:
    raw, headers, status, said = BAD[name]
    before = how_many(hooked)
    reply = github(outside, "push", raw, **headers)
    assert (reply.status, said in reply.data["detail"]) == (status, True), reply.text
    assert how_many(hooked) == before


def test_a_body_of_25_mb_is_read(hooked: House, outside: Client) -> None:
    """What came with it is too long to be kept, and that is said."""
    room = RAW_BYTES_MAX - len(json.dumps(push(filler="")))
    reply = github(outside, "push", json.dumps(push(filler="x" * room)).encode()[:RAW_BYTES_MAX])
    event = kept(hooked, reply)
    assert event["payload"] is None
    assert "is not kept: at most 256 KiB are" in event["outcome"]["notes"][0]


def test_large_bodies_share_a_bound(
    hooked: House, outside: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has no secret cannot fill the memory either; what was held is let go."""
    monkeypatch.setattr(arrival, "HELD_BYTES_MAX", 4 << 20)
    for _ in range(2):
        assert github(outside, "push", push(filler="x" * (3 << 20))).status == 202
        refused = github(outside, "push", b" " * (5 << 20))
        assert (refused.status, refused.headers["Retry-After"]) == (503, "1")


def test_a_delivery_number_that_cannot_be_kept_is_left_out(hooked: House, outside: Client) -> None:
    for number in ("x" * 256, "two words", "é"):
        sent = number.encode("utf-8").decode("latin-1")
        event = kept(hooked, github(outside, "push", push(), X_GitHub_Delivery=sent))
        assert event["delivery"] is None
        assert event["outcome"]["notes"] == ["the number of its delivery is none that can be kept"]


def test_hostile_bodies_under_a_seed(hooked: House, outside: Client) -> None:
    """Signed nonsense: cut, twisted, with bytes changed. Never a 5xx, and never slow."""
    dice = random.Random(4)
    examples = recorded()
    for _ in range(150):
        event, payload = dice.choice(examples)
        raw = bytearray(json.dumps(twisted(payload, dice)).encode("utf-8", "replace"))
        how = dice.randrange(3)
        if how == 0:
            del raw[dice.randrange(len(raw) + 1) :]
        elif how == 1:
            for _ in range(5):
                raw[dice.randrange(len(raw))] = dice.randrange(256)
        begun = time.monotonic()
        reply = github(outside, event, bytes(raw))
        assert reply.status in (202, 400, 413, 422), reply.text
        assert time.monotonic() - begun < 4 * SLOWEST_S


def test_a_form_is_read_as_github_sends_it(hooked: House, outside: Client) -> None:
    raw = urlencode({"payload": json.dumps(push(note="ä & b"))}).encode()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    event = kept(hooked, github(outside, "push", raw, **form))
    assert (event["facts"]["branch"], event["payload"]["note"]) == ("main", "ä & b")
