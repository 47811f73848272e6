"""Webhooks as their senders make them: a body, the headers that sign it; and what becomes of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Mapping
from typing import Any

from tests.web.client import Client, Reply
from tests.web.conftest import SOURCES, House

NUMBERS = itertools.count(1)


def secret_of(name: str) -> str:
    return SOURCES[name].secrets[0]


def hub(secret: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def github(client: Client, event: str, payload: Any, **headers: str | None) -> Reply:
    """As GitHub sends it; a header whose value is None is left out."""
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    sent = {
        "Content-Type": "application/json",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": f"delivery-{next(NUMBERS)}",
        "X-Hub-Signature-256": hub(secret_of("github"), raw),
        **{name.replace("_", "-"): each for name, each in headers.items()},
    }
    return post(client, "github", raw, sent)


def gitlab(client: Client, payload: Any, **headers: str | None) -> Reply:
    raw = json.dumps(payload).encode()
    sent = {
        "Content-Type": "application/json",
        "X-Gitlab-Event": "Push Hook",
        "X-Gitlab-Token": secret_of("gitlab"),
        **{name.replace("_", "-"): each for name, each in headers.items()},
    }
    return post(client, "gitlab", raw, sent)


def standard(secret: str, raw: bytes, number: str, at: float | None = None) -> dict[str, str]:
    """The headers of the Standard Webhooks specification, which GitLab's signing tokens follow."""
    stamp = str(int(time.time() if at is None else at))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{number}.{stamp}.".encode() + raw, hashlib.sha256).digest()
    return {
        "webhook-id": number,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(signed).decode(),
    }


def post(client: Client, source: str, raw: bytes, headers: Mapping[str, str | None]) -> Reply:
    sent = {name: each for name, each in headers.items() if each is not None}
    return client.ask("POST", f"/api/webhooks/{source}", raw=raw, headers=sent)


def waits(house: House, event: str, more: str = "") -> str:
    """A pipeline that waits for an event."""
    head = f"triggers: [{{event: {event}{more}}}]\n"
    return house.create("- {name: a, run: 'true'}", head)


def kept(house: House, reply: Reply) -> dict[str, Any]:
    assert reply.status in (200, 202), reply.text
    found: dict[str, Any] = house.client.get(f"/api/events/{reply.data['event']}").data
    return found
