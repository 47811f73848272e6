"""Concurrency groups: which runs of a group may go on, and which wait for others (10.7).

It is read from the runs themselves, and stores nothing. It ends runs only as their own
definition says, by the same word as a person: Cancel.
"""

from __future__ import annotations

from dataclasses import replace

from orchestrate.core.commands import Because, Refused, Start
from orchestrate.core.pipeline import Concurrency
from orchestrate.core.run import Reason, Run
from orchestrate.core.template import Undefined, render
from orchestrate.core.values import fact


class Admission:
    """group → its runs that have not ended, in the order they came: (run, whether it goes on)."""

    def __init__(self) -> None:
        self._groups: dict[str, dict[int, bool]] = {}
        self._limits: dict[int, int] = {}
        self._moved: set[str] = set()

    def note(self, run: Run) -> None:
        """Take in whether a run waits, goes on or has ended."""
        if run.group is None:
            return
        runs = self._groups.setdefault(run.group, {})
        before = runs.get(run.id)
        if run.ended:
            runs.pop(run.id, None)
            self._limits.pop(run.id, None)
        else:
            runs[run.id] = run.started_at is not None
            concurrency = run.pipeline.concurrency
            self._limits[run.id] = 1 if concurrency is None else concurrency.limit
        if runs.get(run.id) != before:
            self._moved.add(run.group)
        if not runs:
            del self._groups[run.group]

    def forget(self, run_id: int, group: str | None) -> None:
        """What was noted of a run did not happen."""
        if group is not None:
            self._groups.get(group, {}).pop(run_id, None)
            self._moved.add(group)

    def ask(self, command: Start) -> tuple[Start, list[int]]:
        """The command with its group, and the runs that must be cancelled for it first.

        Raises Refused where the group's name cannot be resolved.
        """
        concurrency = command.pipeline.concurrency
        if concurrency is None:
            return command, []
        group = _name(concurrency, command)
        runs = self._groups.get(group, {})
        going = [run for run, goes in runs.items() if goes]
        waiting = [run for run, goes in runs.items() if not goes]
        if len(going) < concurrency.limit and not waiting:
            return replace(command, group=group), []
        ahead = going or waiting
        who = ", ".join(str(each) for each in ahead[:3])
        words = f"waits for run {who} (concurrency group `{group}`)"
        hold = Reason("concurrency", words)
        ended: list[int] = []
        if concurrency.on_conflict == "replace_pending":
            ended = waiting
        elif concurrency.on_conflict == "cancel_running":
            ended = [*waiting, *going]
        return replace(command, group=group, hold=hold), ended

    def next_runs(self) -> list[int]:
        """The runs that may go on now, since the last time this was asked."""
        moved, self._moved = self._moved, set()
        found: list[int] = []
        for group in sorted(moved):
            runs = self._groups.get(group, {})
            going = sum(runs.values())
            for run, goes in runs.items():
                if goes:
                    continue
                if going >= self._limits[run]:
                    break
                found.append(run)
                going += 1
        return found


def _name(concurrency: Concurrency, command: Start) -> str:
    """The group's name, with the run's variables and the event's facts in it (9.1)."""

    def value(name: str) -> str | None:
        if name in command.variables:
            return command.variables[name]
        if name == "pipeline.name":
            return command.pipeline.name
        return fact(command.facts, name.removeprefix("event.")) if name[:6] == "event." else None

    try:
        return render(concurrency.group, value)
    except Undefined as hole:
        words = f"the concurrency group uses `{hole.args[0]}`, which has no value"
        raise Refused(
            Because.INVALID,
            words,
            "give the name a default: `${name:-text}`",
        ) from None
