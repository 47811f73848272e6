"""A Markdown file with front matter → its fields and its body, as tolerant as its first readers.

Files written for other programs are full of a byte order mark, CRLF and text that is not YAML
(`description: Use when: x`). What is broken is read entry by entry, as plain text where it must
be. Our own entry, `orchestrate:`, is never guessed at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from orchestrate.agent.yamltext import BadText, load

OURS = "orchestrate"

_FENCE = re.compile(r"\s*?---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_ENTRY = re.compile(r"""["']?([A-Za-z_][\w.-]*)["']?[ \t]*:(?:[ \t]+(.*)|)\Z""")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """`mended`: the keys whose values are no YAML and were taken as plain text."""

    fields: dict[str, Any]
    body: str
    mended: tuple[str, ...] = field(default=())


def read(text: str) -> FrontMatter | None:
    """The front matter and body of `text`; None where it has no front matter.

    Raises BadText with a line of the file when `orchestrate:` is broken, or nothing is readable.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    fence = _FENCE.match(text)
    if fence is None:
        return None
    above = text.count("\n", 0, fence.start(1))
    body = text[fence.end() :].strip()
    try:
        fields, _ = load(fence[1])
    except BadText as fault:
        fields, mended = _entry_by_entry(fence[1], above, fault)
        return FrontMatter(fields, body, mended)
    if not isinstance(fields, dict | None):
        raise BadText("the front matter is no list of `name: value`", above + 1)
    return FrontMatter(fields or {}, body)


def _entry_by_entry(
    text: str, above: int, fault: BadText
) -> tuple[dict[str, Any], tuple[str, ...]]:
    fields: dict[str, Any] = {}
    mended: list[str] = []
    for line, key, entry in _entries(text):
        try:
            value = load(entry)[0]
            fields |= value if isinstance(value, dict) else {key: value}
        except BadText as own:
            if key == OURS:
                raise BadText(own.why, above + line + (own.line or 1) - 1) from None
            fields[key] = _plain(entry)
            mended.append(key)
    if not fields:
        raise BadText(fault.why, above + fault.line if fault.line else above + 1)
    return fields, tuple(mended)


def _entries(text: str) -> list[tuple[int, str, str]]:
    """(line from 1, key, text with what is indented below it)."""
    found: list[tuple[int, str, list[str]]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if entry := _ENTRY.match(line):
            found.append((number, entry[1], [line]))
        elif found:
            found[-1][2].append(line)
    return [(number, key, "\n".join(lines)) for number, key, lines in found]


def _plain(entry: str) -> str:
    """The value of one entry as its author meant it: the text behind the colon."""
    text = " ".join(part.strip() for part in entry.split(":", 1)[1].split("\n")).strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    return re.sub(r"\A[|>][+-]?\s+", "", text).replace("\x00", "")
