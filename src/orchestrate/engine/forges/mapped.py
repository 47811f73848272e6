"""JSON of anybody, and CloudEvents → facts, by the pointers that were written for their source.

Pure. A pointer that leads nowhere leaves a fact unknown, and says so; it never fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrate.core.predicate import quoted
from orchestrate.engine.forges.occurrence import (
    LABELS_MAX,
    NAME_CHARACTERS_MAX,
    PATHS_MAX,
    Draft,
    Occurrence,
    Payload,
    text,
    title,
)
from orchestrate.engine.forges.source import Source

TEXTS = ("branch", "head_branch", "tag", "sha", "repository", "actor")
LISTS = {"paths": PATHS_MAX, "labels": LABELS_MAX}
EVENT = "/event"
"""Where the name of an event stands, unless its source says otherwise."""
STEPS_MAX = 32
_NOTHING = object()


def occurrence(source: Source, payload: Payload) -> Occurrence:
    """What happened, by a body in a source's own words."""
    named = _value(payload, source.event or EVENT)
    draft = Draft(event=named if isinstance(named, str) and named else source.name)
    if draft.event is not named and source.event is not None:
        draft.notes.append(f"{quoted(source.event)} holds no name of an event")
    draft.note(title=title(payload, "title"), url=text(payload, "url"))
    return _mapped(draft, source, payload)


def cloud_occurrence(source: Source, event: Payload) -> Occurrence:
    """What a CloudEvent tells; its attributes and `/data` are what pointers lead into."""
    named = _value(event, source.event) if source.event is not None else None
    draft = Draft(event=named if isinstance(named, str) and named else str(event["type"]))
    draft.note(subject=text(event, "subject"), source=text(event, "source"))
    draft.note(time=text(event, "time"), title=text(event, "subject"))
    return _mapped(draft, source, event)


def _mapped(draft: Draft, source: Source, payload: Payload) -> Occurrence:
    for name, pointer in source.facts.items():
        value = _value(payload, pointer)
        if value is _NOTHING or value is None:
            draft.notes.append(f"`{name}` is not known: nothing is at {quoted(pointer)}")
        elif name in TEXTS:
            _set_text(draft, name, pointer, value)
        elif name in LISTS:
            _set_list(draft, name, pointer, value)
        else:
            draft.note(**{name: value})
    return draft.done()


def _set_text(draft: Draft, name: str, pointer: str, value: object) -> None:
    found = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(found, str) or len(found) > NAME_CHARACTERS_MAX:
        draft.notes.append(f"`{name}` is not known: no short text is at {quoted(pointer)}")
    elif name == "branch":
        head = draft.head_branch
        draft.at_ref(found)
        draft.head_branch = head if head is not None else draft.head_branch
    else:
        setattr(draft, name, found.removeprefix("refs/heads/").removeprefix("refs/tags/"))


def _set_list(draft: Draft, name: str, pointer: str, value: object) -> None:
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        draft.notes.append(f"`{name}` is not known: no list of texts is at {quoted(pointer)}")
    elif len(found) > LISTS[name]:
        draft.notes.append(f"`{name}` is not known: more than {LISTS[name]:,} are listed")
    else:
        setattr(draft, name, tuple(dict.fromkeys(found)))


# ── JSON pointers (RFC 6901), and `*` for every member of a list ─────────────────────────────────


def pointer_fault(pointer: str) -> str | None:
    """What is wrong with a pointer, or with a text that stands for itself."""
    if len(pointer) > NAME_CHARACTERS_MAX:
        return f"is longer than {NAME_CHARACTERS_MAX} characters"
    if pointer.startswith("/") and pointer.count("/") > STEPS_MAX:
        return f"has more than {STEPS_MAX} steps"
    if pointer.count("/*") > 1:
        return "has more than one `*`"
    return None


def _value(payload: object, pointer: str) -> Any:
    """What a pointer leads to; a text without a slash in front stands for itself."""
    if not pointer.startswith("/"):
        return pointer
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer[1:].split("/")]
    return _follow(payload, steps)


def _follow(found: object, steps: list[str]) -> Any:
    for place, step in enumerate(steps):
        if step == "*" and isinstance(found, list):
            rest = steps[place + 1 :]
            every = (_follow(each, rest) for each in found)
            return [each for each in every if each is not _NOTHING]
        if isinstance(found, Mapping) and step in found:
            found = found[step]
        elif isinstance(found, list) and step.isdecimal() and len(step) < 10:
            index = int(step)
            if index >= len(found):
                return _NOTHING
            found = found[index]
        else:
            return _NOTHING
    return found
