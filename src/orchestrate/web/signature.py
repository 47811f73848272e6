"""Whether a webhook is of whom it says: its signature over the raw body, in constant time.

Nothing of a body is read before; whoever has not signed it learns that, and no more.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

from orchestrate.engine.forges.source import Source, Words
from orchestrate.web.problem import UNAUTHENTICATED, Problem

SIGNING = "whsec_"
"""How the secret begins that signs by the Standard Webhooks specification."""
SKEW_S_MAX = 3_600.0
"""How old a signed time may be, or ahead of ours. Within it the hash of the body knows repeats."""
SIGNATURES_MAX = 10

Headers = Mapping[str, str]


def check(source: Source, headers: Headers, body: bytes, now: float) -> None:
    """Raises Problem 401 unless one of the source's secrets was used."""
    if not any(_opens(secret, source, headers, body, now) for secret in source.secrets):
        raise Problem(
            UNAUTHENTICATED,
            f"this is not signed with a secret of `{source.name}`",
            "is the secret the same on both sides?",
            headers={"WWW-Authenticate": 'Bearer realm="webhooks"'},
        )


def signing_key(secret: str) -> bytes | None:
    """The key that a `whsec_` secret holds; None for one that is broken."""
    try:
        return base64.b64decode(secret.removeprefix(SIGNING), validate=True) or None
    except (ValueError, binascii.Error):
        return None


def _opens(secret: str, source: Source, headers: Headers, body: bytes, now: float) -> bool:
    if secret.startswith(SIGNING):
        return _standard(secret, headers, body, now)
    match source.words:
        case Words.GITHUB:
            return _hmac(secret, headers.get("x-hub-signature-256"), body)
        case Words.GITLAB:
            return _same(secret, headers.get("x-gitlab-token"))
        case Words.JSON:
            if source.signature is not None:
                return _hmac(secret, headers.get(source.signature.lower()), body)
            if source.token is not None:
                return _same(secret, headers.get(source.token.lower()))
            if "x-hub-signature-256" in headers:
                return _hmac(secret, headers["x-hub-signature-256"], body)
            scheme, _, bearer = headers.get("authorization", "").partition(" ")
            return scheme.lower() == "bearer" and _same(secret, bearer)


def _hmac(secret: str, given: str | None, body: bytes) -> bool:
    """`sha256=` and the HMAC in hexadecimal; or in base64, or without the word in front."""
    if not given:
        return False
    digest = hmac.new(secret.encode(), body, hashlib.sha256)
    said = given.strip().removeprefix("sha256=")
    return _same(digest.hexdigest(), said.lower()) or _same(
        base64.b64encode(digest.digest()).decode(), said
    )


def _standard(secret: str, headers: Headers, body: bytes, now: float) -> bool:
    """Standard Webhooks: id, time and body are signed together; GitLab's signing tokens too."""
    key = signing_key(secret)
    number, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if key is None or not number or not (at.isascii() and at.isdigit() and len(at) < 16):
        return False
    if abs(now - int(at)) > SKEW_S_MAX:
        return False
    signed = f"{number}.{at}.".encode("latin-1") + body
    right = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = headers.get("webhook-signature", "").split(" ")[:SIGNATURES_MAX]
    return any(_same(f"v1,{right}", each) for each in given)


def _same(right: str, given: str | None) -> bool:
    """Compared in a time that tells nothing; a header is read as Latin-1, a secret as UTF-8."""
    return given is not None and hmac.compare_digest(right.encode(), given.encode("latin-1"))
