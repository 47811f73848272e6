"""Secrets hidden in a stream of bytes; a secret must never leave it, however the reads fall."""

import binascii
import re
from collections.abc import Iterable
from functools import lru_cache
from json.encoder import encode_basestring, encode_basestring_ascii

SECRET_BYTES_MIN = 6
"""Shorter values would shred the text, and hide nothing that cannot be guessed."""
COMPILED_MAX = 32
"""The stages of a pipeline mostly share their secrets, and compiling takes milliseconds."""
HIDDEN = b"***"
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~")
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def _url_encoded(value: bytes) -> Iterable[bytes]:
    upper = b"".join(b"%c" % byte if byte in _PLAIN else b"%%%02X" % byte for byte in value)
    lower = b"".join(b"%c" % byte if byte in _PLAIN else b"%%%02x" % byte for byte in value)
    return upper, lower, upper.replace(b"%20", b"+"), lower.replace(b"%20", b"+")


def _sextets(value: bytes) -> Iterable[bytes]:
    """What of the value shows in base64, whatever stands before it (as in `user:secret`)."""
    for before in range(3):
        text = binascii.b2a_base64(b"\0" * before + value, newline=False)
        known = text[(0, 2, 3)[before] : (before + len(value)) * 8 // 6]
        yield known
        yield known.translate(_URL_SAFE)


def forms(secret: str) -> set[bytes]:
    """Every way of writing the secret that is looked for."""
    value = secret.encode("utf-8", "surrogateescape")
    parts = {value, value.strip(), *(line.strip() for line in value.splitlines())}
    found: set[bytes] = set()
    for part in parts:
        if len(part) < SECRET_BYTES_MIN:
            continue
        text = part.decode("utf-8", "surrogateescape")
        found.add(part)
        found.update(_url_encoded(part))
        found.update(_sextets(part))
        found.add(encode_basestring(text)[1:-1].encode("utf-8", "surrogateescape"))
        found.add(encode_basestring_ascii(text)[1:-1].encode("ascii"))
    return {form for form in found if len(form) >= SECRET_BYTES_MIN}


@lru_cache(maxsize=COMPILED_MAX)
def _compiled(secrets: tuple[str, ...]) -> tuple[list[bytes], re.Pattern[bytes]]:
    found = {form for secret in secrets for form in forms(secret)}
    ordered = sorted(found, key=len, reverse=True)
    return ordered, re.compile(b"|".join(map(re.escape, ordered)))


class Mask:
    """Hides secrets in what is fed; keeps back only what might be the beginning of one."""

    __slots__ = ("_held", "_longest", "_pattern", "_secrets")

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets, self._pattern = _compiled(tuple(secrets))
        self._longest = len(self._secrets[0]) if self._secrets else 0
        self._held = b""

    def __bool__(self) -> bool:
        return bool(self._secrets)

    def whole(self, data: bytes) -> bytes:
        """Hide the secrets in a text that is complete."""
        return self._pattern.sub(HIDDEN, data) if self._secrets else data

    def feed(self, data: bytes) -> bytes:
        """What of the stream can be shown already."""
        data = self._held + data
        keep_from = self._beginning(data)
        for match in self._pattern.finditer(data):
            if match.end() > keep_from:
                keep_from = min(keep_from, match.start())
                break
        self._held = data[keep_from:]
        return self.whole(data[:keep_from])

    def end(self) -> bytes:
        """What was kept back, when nothing more can come."""
        held, self._held = self._held, b""
        return self.whole(held)

    def _beginning(self, data: bytes) -> int:
        """Where the longest end of the data starts that is the beginning of a secret."""
        earliest = max(0, len(data) - self._longest + 1)
        tail = data[earliest:]
        best = len(tail)
        for secret in self._secrets:
            place = tail.find(secret[:1], max(0, len(tail) - len(secret) + 1))
            while 0 <= place < best:
                if secret.startswith(tail[place:]):
                    best = place
                    break
                place = tail.find(secret[:1], place + 1)
        return earliest + best
