"""Text to `Document`: parses and counts, and stops at the first limit that is met.

Everything dangerous is refused before it is expanded: the size and the depth of what an alias or
a merge key stands for are added up while parsing, never built. Never let an exception out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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
    COLLECTIONS_MAX,
    DEPTH_MAX,
    NODES_MAX,
    Document,
    Form,
    Node,
)
from orchestrate.language.faults import Faults, shown
from orchestrate.language.syntax import explain

_TAG = re.compile(r"![^\s,\[\]{}]*")
_TAG_DIRECTIVE = re.compile(r"^%TAG[^\r\n]*", re.MULTILINE)


Parsed: TypeAlias = Any  # an event of PyYAML: its marks are typed as if they could be missing


_PLAIN, _QUOTED = int(Form.PLAIN), int(Form.QUOTED)


class _Stop(Exception):
    """A limit is met, or nothing sensible can follow. The fault is already noted."""


def compose(text: str, faults: Faults) -> Document | None:
    """The nodes of the one document in `text`; None if its structure cannot be relied on."""
    tags = _TAG_DIRECTIVE.search(text)
    if tags:  # the parser's time for these is quadratic, and there are no tags to shorten
        faults.place(
            "tag", tags.start(), tags.end(), "tag directives are not used here", "delete this line"
        )
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
    """A collection whose end has not come. `keys` is None in a sequence."""

    at: int
    keys: dict[str, int] | None = None  # key → its node
    key: int = -1  # the key that waits for its value
    height: int = 0  # levels below
    anchor: str | None = None
    nodes: int = 0  # what aliases had added when it began
    characters: int = 0


@dataclass(slots=True)
class _Composer:
    """One parse. `keys` and `key` are those of the innermost open mapping, for speed."""

    text: str
    faults: Faults
    built: Document = field(init=False)
    documents: int = 0
    collections: int = 0  # written; aliases do not count
    keys: dict[str, int] | None = None
    key: int = -1
    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, int] = field(default_factory=dict)
    added_nodes: int = 0  # by aliases: what they stand for
    added_characters: int = 0
    last: int = NODES_MAX - 1  # the number of the last node that is allowed
    sizes: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    # of collections with an anchor: nodes, characters, levels

    def document(self) -> Document | None:
        built = self.built = self.faults.document = Document(self.text)
        self.documents = 0
        forms, texts, starts, ends = built.forms, built.texts, built.starts, built.ends
        events: Iterator[Parsed] = iter(CParser(self.text).get_event, None)
        for event in events:
            kind = event.__class__
            if kind is not ScalarEvent:
                self.structure(event)
                continue
            # Written out, for it happens two hundred thousand times.
            at = len(texts)
            text = event.value
            forms.append(_QUOTED if event.style else _PLAIN)
            texts.append(text)
            starts.append(event.start_mark.index)
            ends.append(event.end_mark.index)
            keys = self.keys
            if keys is not None:
                if self.key < 0:
                    self.key = at
                    if keys.setdefault(text, at) != at or text == "<<":
                        self.odd_key(event, at)
                else:
                    self.key = -1
            if event.tag is not None or event.anchor is not None:
                self.marked(event, at)
            if at > self.last:
                self.too_many(event)
        return self.ended()

    def structure(self, event: Parsed) -> None:
        """Every event but that of a scalar."""
        kind = event.__class__
        if kind is MappingStartEvent or kind is SequenceStartEvent:
            self.begin(event, mapping=kind is MappingStartEvent)
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            self.finish(event)
        elif kind is AliasEvent:
            self.alias(event)
        elif kind is DocumentStartEvent:
            self.documents += 1
            if self.documents > 1:
                self.stop(
                    "several-documents",
                    event,
                    "a second document starts here",
                    "keep one pipeline per file; delete the `---`",
                )
        else:
            assert kind in {StreamStartEvent, StreamEndEvent, DocumentEndEvent}

    def ended(self) -> Document | None:
        if not self.built.forms:
            self.faults.place(
                "empty",
                0,
                0,
                "there is no pipeline in this text",
                "start with `name: my-pipeline` and `stages:`",
            )
            return None
        for at in sorted(self.built.merging):
            self.check_merge(at)
        return self.built

    def stop(self, code: str, event: Parsed, message: str, hint: str) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        self.faults.place(code, start, max(start, end), message, hint)
        raise _Stop

    def add(self, form: int, event: Parsed) -> int:
        """A node without a text of its own, in its place; its number."""
        built = self.built
        at = len(built.texts)
        built.forms.append(form)
        built.texts.append("")
        built.starts.append(event.start_mark.index)
        built.ends.append(event.end_mark.index)
        if at > self.last:
            self.too_many(event)
        if self.keys is not None:
            if self.key < 0:
                self.stop(
                    "complex-key",
                    event,
                    "a key must be plain text",
                    "write the key as a word before a `:`",
                )
            self.key = -1
        return at

    def too_many(self, event: Parsed) -> None:
        what = f"{NODES_MAX:,} values"
        if self.collections > COLLECTIONS_MAX:
            what = f"{COLLECTIONS_MAX:,} lists and mappings"
        elif self.added_characters > CHARACTERS_MAX:
            what = f"{CHARACTERS_MAX:,} characters"
        self.stop(
            "too-many-nodes",
            event,
            f"more than {what}, counting what aliases and merges stand for",
            "write less, or reuse less with `*` and `<<`",
        )

    def marked(self, event: Parsed, at: int) -> None:
        """An anchor or a tag before a node."""
        if event.anchor is not None:
            self.anchors[event.anchor] = at
        if event.tag is not None:
            start, end = event.start_mark.index, event.end_mark.index
            if found := _TAG.search(self.text, start, max(end, start + 1)):
                start, end = found.span()
            self.faults.place(
                "tag",
                start,
                end,
                f"tags such as `{shown(self.text[start:end])}` are refused",
                "delete it; a value in quotes is text, one without may be a number",
            )

    def odd_key(self, event: Parsed, at: int) -> None:
        """A key that was there before, or `<<`."""
        assert self.keys is not None
        key = event.value
        first = self.keys[key]
        if first != at:
            line, _ = self.built.place(self.built.starts[first])
            self.faults.place(
                "duplicate-key",
                event.start_mark.index,
                event.end_mark.index,
                f"`{shown(key)}` is written twice; the first is on line {line}",
                "keep one of them",
            )
        if key == "<<" and not event.style:
            self.built.merging.add(at)

    def alias(self, event: Parsed) -> None:
        anchor = event.anchor
        if anchor not in self.anchors:
            known = ", ".join(f"`&{shown(each)}`" for each in list(self.anchors)[:5])
            self.stop(
                "unknown-anchor",
                event,
                f"nothing is anchored as `&{shown(anchor)}`",
                f"anchors before this place: {known}"
                if known
                else "an anchor must be written before the alias that uses it",
            )
        built, target = self.built, self.anchors[anchor]
        if built.past.get(target) == 0:
            self.stop(
                "recursive-alias",
                event,
                f"`*{shown(anchor)}` stands inside of itself",
                "an alias must refer to something that has ended",
            )
        at = self.add(Form.ALIAS, event)
        built.target[at] = target
        nodes, characters, height = self.sizes.get(target) or (1, len(built.texts[target]), 0)
        self.added_nodes += nodes - 1
        self.added_characters += characters
        self.last -= nodes - 1
        if at > self.last or self.added_characters > CHARACTERS_MAX:
            self.too_many(event)
        self.below(height, event)

    def begin(self, event: Parsed, *, mapping: bool) -> None:
        at = self.add(Form.MAPPING if mapping else Form.SEQUENCE, event)
        if event.tag is not None or event.anchor is not None:
            self.marked(event, at)
        if len(self.stack) >= DEPTH_MAX:
            self.too_deep(event)
        self.collections += 1
        if self.collections > COLLECTIONS_MAX:
            self.too_many(event)
        self.built.past[at] = 0  # until it ends
        if self.stack:
            self.stack[-1].key = self.key
        self.keys = {} if mapping else None
        self.key = -1
        self.stack.append(
            _Open(
                at,
                self.keys,
                anchor=event.anchor,
                nodes=self.added_nodes,
                characters=self.added_characters,
            )
        )

    def finish(self, event: Parsed) -> None:
        ended = self.stack.pop()
        built = self.built
        nodes = built.past[ended.at] = len(built.texts)
        # A block collection ends where its last part does, not where the next line starts.
        flow = event.end_mark.index > event.start_mark.index
        end = built.ends[ended.at] = event.end_mark.index if flow else built.ends[nodes - 1]
        if ended.anchor is not None:
            self.sizes[ended.at] = (
                nodes - ended.at + self.added_nodes - ended.nodes,
                end - built.starts[ended.at] + self.added_characters - ended.characters,
                ended.height + 1,
            )
        if self.stack:
            self.keys, self.key = self.stack[-1].keys, self.stack[-1].key
        else:
            self.keys = None
        self.below(ended.height + 1, event)

    def below(self, height: int, event: Parsed) -> None:
        """Something `height` levels high stands in the innermost open collection."""
        if self.stack:
            above = self.stack[-1]
            above.height = max(above.height, height)
            if len(self.stack) + height > DEPTH_MAX:
                self.too_deep(event)

    def too_deep(self, event: Parsed) -> None:
        self.stop(
            "too-deep",
            event,
            f"nested deeper than {DEPTH_MAX} levels",
            "a pipeline needs fewer than ten",
        )

    def check_merge(self, at: int) -> None:
        """`<<` takes a mapping or a list of mappings."""
        source = Node(self.built, at + 1)
        parts = list(source.children()) if source.is_sequence else [source]
        if not parts or not all(part.is_mapping for part in parts):
            self.faults.at(
                source,
                "merge",
                "`<<` merges mappings, and this is none",
                "write `<<: *anchor` or `<<: [*one, *two]`",
            )
