"""Text to `Document`: decodes, parses and counts, and stops at the first limit that is met.

Everything dangerous is refused before it is expanded: the size and the depth of what an alias or
a merge key stands for are added up while parsing, never built. Never let an exception out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from yaml import YAMLError
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from orchestrate.language.document import (
    CHARACTERS_MAX,
    DEPTH_MAX,
    NODES_MAX,
    TEXT_BYTES_MAX,
    Document,
    Form,
    Node,
)
from orchestrate.language.faults import Faults, shown
from orchestrate.language.syntax import explain

_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_TAG = re.compile(r"![^\s,\[\]{}]*")
_TAG_DIRECTIVE = re.compile(r"^%TAG[^\r\n]*", re.MULTILINE)


Parsed: TypeAlias = Any  # an event of PyYAML: its marks are typed as if they could be missing


class _Stop(Exception):
    """A limit is met, or nothing sensible can follow. The fault is already noted."""


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


def compose(text: str, faults: Faults) -> Document | None:
    """The nodes of the one document in `text`; None if its structure cannot be relied on."""
    tags = _TAG_DIRECTIVE.search(text)
    if tags:  # the parser's time for these is quadratic, and there are no tags to shorten
        faults.place("tag", tags.start(), tags.end(), "tag directives are not used here",
                     "delete this line")  # fmt: skip
        return None
    try:
        return _Composer(text, faults).document()
    except _Stop:
        return None
    except YAMLError as broken:
        faults.place("syntax", *explain(broken, text))
        return None


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come, and what had been counted when it began."""

    at: int
    nodes: int
    characters: int
    keys: dict[str, int] | None  # of a mapping: key → its node
    height: int = 0  # levels below it
    key: int = -1  # of a mapping: the node that waits for its value
    anchor: str | None = None


@dataclass(slots=True)
class _Composer:
    text: str
    faults: Faults
    built: Document = field(init=False)
    nodes: int = 0  # what aliases and merges stand for included
    characters: int = 0  # of all texts, the same included
    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, int] = field(default_factory=dict)
    sizes: dict[int, tuple[int, int]] = field(default_factory=dict)  # of those with an anchor
    heights: dict[int, int] = field(default_factory=dict)

    def document(self) -> Document | None:
        self.built = self.faults.document = Document(self.text)
        documents = 0
        for event in iter(CParser(self.text).get_event, None):
            kind = event.__class__
            if kind is ScalarEvent:
                self.scalar(event)
            elif kind is AliasEvent:
                self.alias(event)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self.begin(event, mapping=kind is MappingStartEvent)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self.finish(event)
            elif kind is DocumentStartEvent:
                documents += 1
                if documents > 1:
                    self.stop("several-documents", event, "a second document starts here",
                              "keep one pipeline per file; delete the `---`")  # fmt: skip
            else:
                assert kind in {StreamStartEvent, StreamEndEvent, DocumentEndEvent}
        if not self.built.forms:
            self.faults.place("empty", 0, 0, "there is no pipeline in this text",
                              "start with `name: my-pipeline` and `stages:`")  # fmt: skip
            return None
        for at in sorted(self.built.merging):
            self.check_merge(at)
        return self.built

    def stop(self, code: str, event: Parsed, message: str, hint: str) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        self.faults.place(code, start, max(start, end), message, hint)
        raise _Stop

    def add(self, form: int, text: str, event: Parsed) -> int:
        """A node more, in its place; its number."""
        built = self.built
        at = len(built.forms)
        built.forms.append(form)
        built.texts.append(text)
        built.starts.append(event.start_mark.index)
        built.ends.append(event.end_mark.index)
        built.past.append(at + 1)
        self.nodes += 1
        self.characters += len(text)
        if self.nodes > NODES_MAX:
            self.too_many(event)
        return at

    def too_many(self, event: Parsed) -> None:
        what = f"{NODES_MAX:,} values"
        if self.nodes <= NODES_MAX:
            what = f"{CHARACTERS_MAX:,} characters"
        self.stop("too-many-nodes", event,
                  f"more than {what}, counting what aliases and merges stand for",
                  "write less, or reuse less with `*` and `<<`")  # fmt: skip

    def scalar(self, event: Parsed) -> None:
        text = event.value
        at = self.add(Form.QUOTED if event.style else Form.PLAIN, text, event)
        if event.tag is not None:
            self.tagged(event)
        if event.anchor is not None:
            self.anchors[event.anchor] = at
        if self.stack:
            above = self.stack[-1]
            keys = above.keys
            if keys is not None:
                if above.key >= 0:
                    above.key = -1
                    return
                above.key = at
                if text in keys:
                    self.repeated(at, keys[text])
                else:
                    keys[text] = at
                if text == "<<" and not event.style:
                    self.built.merging.add(at)

    def alias(self, event: Parsed) -> None:
        anchor = event.anchor
        if anchor not in self.anchors:
            known = ", ".join(f"`&{each}`" for each in list(self.anchors)[:5])
            self.stop("unknown-anchor", event, f"nothing is anchored as `&{shown(anchor)}`",
                      f"anchors before this place: {known}" if known else
                      "an anchor must be written before the alias that uses it")  # fmt: skip
        target = self.anchors[anchor]
        if self.built.past[target] == 0:
            self.stop("recursive-alias", event, f"`*{shown(anchor)}` stands inside of itself",
                      "an alias must refer to something that has ended")  # fmt: skip
        at = self.add(Form.ALIAS, "", event)
        self.built.target[at] = target
        nodes, characters = self.sizes.get(target) or (1, len(self.built.texts[target]))
        self.nodes += nodes - 1
        self.characters += characters
        if self.nodes > NODES_MAX or self.characters > CHARACTERS_MAX:
            self.too_many(event)
        self.below(self.heights.get(target, 0), event)
        self.placed(event)

    def begin(self, event: Parsed, *, mapping: bool) -> None:
        nodes, characters = self.nodes, self.characters
        at = self.add(Form.MAPPING if mapping else Form.SEQUENCE, "", event)
        if event.tag is not None:
            self.tagged(event)
        self.built.past[at] = 0  # until it ends
        if event.anchor is not None:
            self.anchors[event.anchor] = at
        self.placed(event)
        if len(self.stack) >= DEPTH_MAX:
            self.too_deep(event)
        keys: dict[str, int] | None = {} if mapping else None
        self.stack.append(_Open(at, nodes, characters, keys, anchor=event.anchor))

    def finish(self, event: Parsed) -> None:
        ended = self.stack.pop()
        built = self.built
        built.past[ended.at] = len(built.forms)
        last = len(built.forms) - 1
        # A block collection ends where its last part does, not where the next line starts.
        flow = event.end_mark.index > event.start_mark.index
        built.ends[ended.at] = event.end_mark.index if flow else built.ends[last]
        if ended.anchor is not None:
            characters = self.characters - ended.characters
            self.sizes[ended.at] = self.nodes - ended.nodes, characters
            self.heights[ended.at] = ended.height + 1
        self.below(ended.height + 1, event)

    def placed(self, event: Parsed) -> None:
        """A collection or an alias stands as an item or a value; it cannot be a key."""
        if self.stack and self.stack[-1].keys is not None:
            above = self.stack[-1]
            if above.key < 0:
                self.stop("complex-key", event, "a key must be plain text",
                          "write the key as a word before a `:`")  # fmt: skip
            above.key = -1

    def below(self, height: int, event: Parsed) -> None:
        """Something `height` levels high stands in the innermost open collection."""
        if self.stack:
            above = self.stack[-1]
            above.height = max(above.height, height)
            if len(self.stack) + height > DEPTH_MAX:
                self.too_deep(event)

    def too_deep(self, event: Parsed) -> None:
        self.stop("too-deep", event, f"nested deeper than {DEPTH_MAX} levels",
                  "a pipeline needs fewer than ten")  # fmt: skip

    def tagged(self, event: Parsed) -> None:
        start = event.start_mark.index
        found = _TAG.search(self.text, start, event.end_mark.index + 1)
        end = found.end() if found else start + 1
        start = found.start() if found else start
        self.faults.place("tag", start, end, f"tags such as `{shown(self.text[start:end])}` are "
                          "refused", "delete it; quotes make text, their absence numbers and "
                          "`true`")  # fmt: skip

    def repeated(self, at: int, first: int) -> None:
        line, _ = self.built.place(self.built.starts[first])
        key = shown(self.built.texts[at])
        self.faults.place("duplicate-key", self.built.starts[at], self.built.ends[at],
                          f"`{key}` is written twice; the first is on line {line}",
                          "keep one of them")  # fmt: skip

    def check_merge(self, at: int) -> None:
        """`<<` takes a mapping or a list of mappings."""
        source = Node(self.built, self.built.past[at])
        parts = list(source.children()) if source.is_sequence else [source]
        if not parts or not all(part.is_mapping for part in parts):
            self.faults.at(source, "merge", "`<<` merges mappings, and this is none",
                           "write `<<: *anchor` or `<<: [*one, *two]`")  # fmt: skip
