"""Bytes to text: UTF-8 without a byte order mark, within its bound, of printable characters."""

from __future__ import annotations

import re
from typing import Final

from orchestrate.language.document import TEXT_BYTES_MAX
from orchestrate.language.faults import Faults

_UNPRINTABLE: Final = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


def decode(raw: str | bytes, faults: Faults) -> str | None:
    """The text without a byte order mark; None if it is no text or too much of it."""
    size = len(raw) if isinstance(raw, bytes) else _size(raw)
    if size > TEXT_BYTES_MAX:
        faults.text = ""
        faults.place(
            "too-large",
            0,
            0,
            f"the text is longer than {TEXT_BYTES_MAX:,} bytes (1 MiB)",
            "a pipeline that long is best split into several, started by `pipeline.succeeded`",
        )
        return None
    written = _decoded(raw, faults) if isinstance(raw, bytes) else raw
    if written is None:
        return None
    text = written.removeprefix("\ufeff")
    faults.text = text
    if bad := _UNPRINTABLE.search(text):
        faults.place(
            "unprintable",
            bad.start(),
            bad.end(),
            f"the character U+{ord(bad[0]):04X} cannot stand in YAML",
            'delete it, or write it as an escape in double quotes ("\\0", "\\x07", "\\uFEFF")',
        )
        return None
    return text


def _size(text: str) -> int:
    """The length in UTF-8, or enough to know that it is too much."""
    return len(text) if len(text) > TEXT_BYTES_MAX else len(text.encode("utf-8", "surrogatepass"))


def _decoded(raw: bytes, faults: Faults) -> str | None:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as broken:
        faults.text = raw[: broken.start].decode("utf-8", "replace").removeprefix("\ufeff")
        at = len(faults.text)
        faults.place("encoding", at, at, *_encoding(raw, broken))
        return None


def _encoding(raw: bytes, broken: UnicodeDecodeError) -> tuple[str, str]:
    if raw[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return "the text is UTF-16, not UTF-8", "save the file as UTF-8"
    byte = raw[broken.start]
    return f"the text is not UTF-8: byte 0x{byte:02X} starts no character", "save the file as UTF-8"
