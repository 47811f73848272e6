"""What forges and other programs tell: known by a signature over the body, and by nothing else.

A source without a secret does not exist. What is not signed is not read, and not kept; what is
kept is durable before it is acknowledged, and one body starts a pipeline once (C9).
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import parse_qs, unquote

from orchestrate.engine.forges import github, gitlab, mapped
from orchestrate.engine.forges.occurrence import Occurrence
from orchestrate.engine.forges.source import Source, Words
from orchestrate.engine.happening import Happening, is_ours, kept_payload
from orchestrate.web import signature
from orchestrate.web.body import expect_json, read_json
from orchestrate.web.call import Answer, Asked, Call
from orchestrate.web.problem import (
    BAD_REQUEST,
    INVALID,
    NOT_FOUND,
    WRONG_MEDIA_TYPE,
    Problem,
)

RAW_BYTES_MAX = 25 << 20
"""GitHub sends no more than this either."""
VALUES_MAX = 2_000_000
RUNS_WAIT_S = 1.0
"""How long an answer waits for the runs of an event about which git is asked first."""
_DELIVERY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
_GITHUB_EVENT = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}", re.ASCII)
_FORM = "application/x-www-form-urlencoded"
_CLOUD = "application/cloudevents+json"
_NEEDED = ("id", "source", "type", "specversion")


def exists(asked: Asked, name: str | None = None) -> None:
    """Raises Problem 404 for a source that has no secret, before anything is taken in."""
    _source(asked, name)


def _source(asked: Asked, name: str | None) -> Source:
    source = asked.site.sources(name or asked.path["source"])
    if source is None:
        raise Problem(NOT_FOUND, "nothing is at this address", "every call is in /api/openapi.json")
    return source


def receive(asked: Asked, name: str | None = None) -> Answer:
    source = _source(asked, name)
    signature.check(source, asked.headers, asked.raw, time.time())
    kept = asked.site.intake.take(_READS[source.words](source, asked), wait_s=RUNS_WAIT_S)
    content = {"event": kept.event, "runs": list(kept.runs)}
    return Answer(content=content, status=200 if kept.repeated else 202)


# ── each in its words ────────────────────────────────────────────────────────────────────────────


def _of_github(source: Source, asked: Asked) -> Happening:
    event = asked.headers.get("x-github-event", "")
    if _GITHUB_EVENT.fullmatch(event) is None:
        raise Problem(BAD_REQUEST, "X-GitHub-Event does not name an event")
    if asked.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM:
        payload = _object(_in_form(asked.raw))
    else:
        payload = _json(asked)
    delivery = asked.headers.get("x-github-delivery")
    return _happening(source, asked, github.occurrence(event, payload), payload, delivery)


def _in_form(raw: bytes) -> Any:
    """The JSON in the field `payload`: what GitHub sends unless told to send JSON."""
    try:
        form = parse_qs(raw.decode("ascii"), strict_parsing=True, max_num_fields=10)
        (text,) = form["payload"]
    except (ValueError, KeyError):
        raise Problem(
            WRONG_MEDIA_TYPE,
            "the form has no field `payload`",
            "choose application/json as the content type of the webhook",
        ) from None
    return _parsed(text.encode())


def _of_gitlab(source: Source, asked: Asked) -> Happening:
    payload = _json(asked)
    headers = asked.headers
    delivery = headers.get("webhook-id") or headers.get("idempotency-key")
    if delivery is None and "x-gitlab-event-uuid" in headers:
        # Events that follow from one another share it, so it is no number of a delivery alone.
        digest = hashlib.sha256(asked.raw).hexdigest()[:16]
        delivery = f"{headers['x-gitlab-event-uuid']}:{digest}"
    occurrence = gitlab.occurrence(headers.get("x-gitlab-event", "")[:200], payload)
    return _happening(source, asked, occurrence, payload, delivery)


def _of_anybody(source: Source, asked: Asked) -> Happening:
    headers = asked.headers
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == _CLOUD or "ce-specversion" in headers:
        event = _json(asked) if kind == _CLOUD else _binary(asked)
        missing = [each for each in _NEEDED if not isinstance(event.get(each), str)]
        if missing:
            raise Problem(BAD_REQUEST, f"the CloudEvent has no `{missing[0]}`")
        delivery = f"{event['source']}#{event['id']}"
        occurrence = mapped.cloud_occurrence(source, event)
        return _happening(source, asked, occurrence, event.get("data"), delivery)
    payload = _json(asked)
    named = source.delivery.lower() if source.delivery else None
    number = headers.get(named or "webhook-id")
    if number is None and named is None:
        number = headers.get("idempotency-key")
    return _happening(source, asked, mapped.occurrence(source, payload), payload, number)


def _binary(asked: Asked) -> Mapping[str, Any]:
    """A CloudEvent whose attributes are headers, and whose body is its data."""
    event: dict[str, Any] = {
        name.removeprefix("ce-"): unquote(value)
        for name, value in asked.headers.items()
        if name.startswith("ce-")
    }
    if asked.raw:
        expect_json(asked.headers.get("content-type"), asked.headers.get("content-encoding"))
        event["data"] = _parsed(asked.raw)
    return event


_READS = {Words.GITHUB: _of_github, Words.GITLAB: _of_gitlab, Words.JSON: _of_anybody}


# ── what they share ──────────────────────────────────────────────────────────────────────────────


def _json(asked: Asked) -> Mapping[str, Any]:
    expect_json(asked.headers.get("content-type"), asked.headers.get("content-encoding"))
    return _object(_parsed(asked.raw))


def _parsed(raw: bytes) -> Any:
    return read_json(raw, bytes_max=RAW_BYTES_MAX, values_max=VALUES_MAX)


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Problem(INVALID, "the body has to be an object")
    return value


def _happening(
    source: Source, asked: Asked, occurrence: Occurrence, payload: Any, delivery: str | None
) -> Happening:
    facts, notes = occurrence.facts, occurrence.notes
    if is_ours(facts.event):
        facts = replace(facts, event=f"{source.name}.{facts.event}")
        notes = (*notes, f"only we make `{occurrence.facts.event}`, so it is `{facts.event}`")
    if delivery is not None and _DELIVERY.fullmatch(delivery) is None:
        delivery, notes = None, (*notes, "the number of its delivery is none that can be kept")
    text, dropped = kept_payload(payload)
    return Happening(
        facts=facts,
        source=source.name,
        delivery=delivery,
        body_sha256=hashlib.sha256(asked.raw).hexdigest(),
        payload=text,
        notes=(*notes, *dropped),
    )


def _call(path: str, about: str, name: str | None) -> Call:
    return Call(
        method="POST",
        path=f"/api/webhooks/{path}",
        name=f"receive_{name}" if name else "receive_webhook",
        tag="events",
        about=about,
        act=partial(receive, name=name),
        first=partial(exists, name=name),
        scope=None,
        signed=True,
        raw_bytes_max=RAW_BYTES_MAX,
        answers={202: "Received", 200: "Received"},
        problems=(401, 404, 408, 413, 415, 422, 507),
    )


CALLS = (
    _call("github", "GitHub tells of an event; X-Hub-Signature-256 signs it.", "github"),
    _call("gitlab", "GitLab tells of an event; X-Gitlab-Token or a signature opens.", "gitlab"),
    _call("{source}", "Anybody else tells: JSON, or a CloudEvent.", None),
)
