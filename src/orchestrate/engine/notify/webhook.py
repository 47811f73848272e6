"""Outgoing webhooks: a signed POST, by the rules of Standard Webhooks, so that any receiver can
check it with a library. It never sends without a signature.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json

from orchestrate.engine.notify.channels import Channel
from orchestrate.engine.notify.letter import Letter
from orchestrate.engine.notify.reach import Line, Undelivered, ask

PREFIX = "whsec_"


def post(
    channel: Channel, letter: Letter, at: float, *, deadline_s: float, line: Line | None = None
) -> None:
    """Deliver a letter. Raises Undelivered unless the answer is a 2xx."""
    body = json.dumps(
        {**letter.data, "title": letter.title, "text": letter.text}, separators=(",", ":")
    ).encode("ascii")
    timestamp = str(int(at))
    reply = ask(
        "POST",
        channel.url,
        headers={
            "Content-Type": "application/json",
            "webhook-id": letter.key,
            "webhook-timestamp": timestamp,
            "webhook-signature": signature(channel.secret, letter.key, timestamp, body),
        },
        body=body,
        allow_private=channel.allow_private,
        deadline_s=deadline_s,
        line=line,
    )
    if not 200 <= reply.status < 300:
        raise reply.fault()


def signature(secret: str, key: str, timestamp: str, body: bytes) -> str:
    """`v1,` and the HMAC-SHA256 over `key.timestamp.body`, in base64."""
    signed = b".".join((key.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.digest(_key(secret), signed, "sha256")).decode("ascii")


def _key(secret: str) -> bytes:
    """`whsec_` stands before base64; any other secret is taken as it is."""
    if not secret.startswith(PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise Undelivered("its secret begins with whsec_, and what follows is no base64") from None
