"""One checker per invariant: its number, its sentence, and the function that looks.

A checker answers with what is wrong, or None. It recomputes from the definition and the history;
it must never ask the core.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# Invariants that no single run in memory can show, and where they are proved.
ELSEWHERE = {
    "I19": "environments across runs: tests of the engine; max_parallel is checked here",
    "I20": "idempotency keys live in the store and the web: tests/store, tests/web",
    "I24": "webhooks: tests/web",
    "I26": "secrets: tests/agent, tests/web; the sight of outputs is checked here",
    "I30": "the audit trail's table and chain: tests/store; the actor is checked here",
}


class Violation(Exception):
    """An invariant does not hold: its number first."""

    def __init__(self, number: str, fault: str) -> None:
        sentence = SENTENCES.get(number, "once faults stop, every run ends in a bounded time")
        super().__init__(f"{number} ({sentence}): {fault}")
        self.number = number


@dataclass(frozen=True, slots=True)
class Checker:
    number: str
    look: Callable[..., str | None]


SENTENCES: dict[str, str] = {}
AT_EVENT: dict[type, list[Checker]] = {}  # before an event is taken into the history
AT_COMMIT: list[Checker] = []  # after all events of one command are
AT_END: list[Checker] = []  # after the whole life
LOOKED: Counter[str] = Counter()


def _known(number: str, sentence: str) -> None:
    assert SENTENCES.setdefault(number, sentence) == sentence, f"{number} says one thing"


def at_event(number: str, sentence: str, *kinds: type) -> Callable[[Any], Any]:
    """Looks at (history, event), just before the history takes the event."""

    def register(look: Callable[..., str | None]) -> Callable[..., str | None]:
        _known(number, sentence)
        for kind in kinds:
            AT_EVENT.setdefault(kind, []).append(Checker(number, look))
        return look

    return register


def at_commit(number: str, sentence: str) -> Callable[[Any], Any]:
    """Looks at (history, run, events) after a commit."""

    def register(look: Callable[..., str | None]) -> Callable[..., str | None]:
        _known(number, sentence)
        AT_COMMIT.append(Checker(number, look))
        return look

    return register


def at_end(number: str, sentence: str) -> Callable[[Any], Any]:
    """Looks at (history, run, log) when nothing is to come any more."""

    def register(look: Callable[..., str | None]) -> Callable[..., str | None]:
        _known(number, sentence)
        AT_END.append(Checker(number, look))
        return look

    return register


def examine(checkers: list[Checker], *facts: Any) -> None:
    for checker in checkers:
        fault = checker.look(*facts)
        if fault is not None:
            raise Violation(checker.number, fault)
