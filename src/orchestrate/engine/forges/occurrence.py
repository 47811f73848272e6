"""Something that happened outside, as facts; and careful reading of what was sent about it.

Whoever signed a payload may still write anything into it: nothing here raises, whatever the type
of a value is, and every text is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from orchestrate.core.condition import Facts

NAME_CHARACTERS_MAX = 1_000
TITLE_CHARACTERS_MAX = 1_000
EVENT_CHARACTERS_MAX = 200
LABELS_MAX = 1_000
PATHS_MAX = 10_000

Payload: TypeAlias = Mapping[str, Any]

_HEADS = "refs/heads/"
_TAGS = "refs/tags/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """`notes` say what is not known of it, and why."""

    facts: Facts
    notes: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Draft:
    """An occurrence while it is read. `data` takes what has a value, and leaves out the rest."""

    event: str
    branch: str | None = None
    head_branch: str | None = None
    tag: str | None = None
    sha: str | None = None
    repository: str | None = None
    paths: tuple[str, ...] | None = None
    labels: tuple[str, ...] = ()
    actor: str | None = None
    data: dict[str, object] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def note(self, **facts: object) -> None:
        """Facts without a key of their own; those without a value are left out."""
        self.data |= {name: each for name, each in facts.items() if each is not None}

    def act(self, action: str | None) -> None:
        """The action becomes part of the event's name."""
        if action:
            self.event = f"{self.event}.{action}"
            self.note(action=action)

    def no_branch(self) -> None:
        """It is known to concern none."""
        self.branch = self.head_branch = ""

    def on(self, branch: str | None) -> None:
        self.branch = self.head_branch = branch

    def at_ref(self, ref: str | None) -> None:
        """A branch, or a tag, by the name that git gives it."""
        if ref is None:
            return
        if ref.startswith(_TAGS):
            self.tag = ref.removeprefix(_TAGS)
            self.no_branch()
        elif ref.startswith(_HEADS) or not ref.startswith("refs/"):
            self.on(ref.removeprefix(_HEADS))
        else:
            self.notes.append("it names neither a branch nor a tag, so the branch is not known")

    def done(self) -> Occurrence:
        event = self.event
        if len(event) > EVENT_CHARACTERS_MAX:
            event = event[:EVENT_CHARACTERS_MAX]
            self.notes.append(f"its name was cut at {EVENT_CHARACTERS_MAX} characters")
        facts = Facts(
            event=event,
            branch=self.branch,
            head_branch=self.head_branch,
            tag=self.tag,
            sha=self.sha,
            repository=self.repository,
            paths=self.paths,
            labels=self.labels,
            actor=self.actor,
            data=self.data,
        )
        return Occurrence(facts=facts, notes=tuple(self.notes))


# ── careful reading ──────────────────────────────────────────────────────────────────────────────


def at(payload: object, *path: str) -> object:
    """The value at a path of keys; None where there is none."""
    found = payload
    for key in path:
        if not isinstance(found, Mapping):
            return None
        found = found.get(key)
    return found


def text(payload: object, *path: str) -> str | None:
    """A text that can be a name; None for an empty one, for anything else and for a long one."""
    found = at(payload, *path)
    if isinstance(found, str) and 0 < len(found) <= NAME_CHARACTERS_MAX:
        return found
    return None


def title(payload: object, *path: str) -> str | None:
    """The first line of a text for people, shortened."""
    found = at(payload, *path)
    if not isinstance(found, str) or not found:
        return None
    line = found.split("\n", 1)[0].strip()
    return line if len(line) <= TITLE_CHARACTERS_MAX else f"{line[:TITLE_CHARACTERS_MAX]}…"


def number(payload: object, *path: str) -> int | None:
    found = at(payload, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def flag(payload: object, *path: str) -> bool | None:
    found = at(payload, *path)
    return found if isinstance(found, bool) else None


def listed(payload: object, *path: str) -> list[Any]:
    found = at(payload, *path)
    return found if isinstance(found, list) else []


def first(*found: str | None) -> str | None:
    """The first that has a value."""
    return next((each for each in found if each), None)


def names(payload: object, *path: str, key: str) -> tuple[str, ...]:
    """The names of things in a list, each once: `[{"name": "bug"}]` → `("bug",)`."""
    found = (text(each, key) for each in listed(payload, *path)[:LABELS_MAX])
    return tuple(dict.fromkeys(each for each in found if each is not None))


def is_commit(sha: str | None) -> bool:
    """Whether a text is a whole commit id, and not the zeros that stand for none."""
    whole = sha is not None and len(sha) in (40, 64) and set(sha) <= set("0123456789abcdef")
    return whole and sha is not None and set(sha) != {"0"}


def paths_of_commits(commits: Iterable[object]) -> tuple[str, ...] | None:
    """What the commits of a push changed; None where one of them does not say."""
    found: dict[str, None] = {}
    for commit in commits:
        for key in ("added", "modified", "removed"):
            changed = at(commit, key)
            if not isinstance(changed, list) or not all(isinstance(each, str) for each in changed):
                return None
            found |= dict.fromkeys(changed)
        if len(found) > PATHS_MAX:
            return None
    return tuple(sorted(found))


Reads: TypeAlias = Callable[[Draft, Payload], None]
