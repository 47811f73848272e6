"""Rollback: how far back each failure goes, and how each stage is undone (semantics 8.1, 8.3).

A stage can only be asked for what it does not say where a rollback would come to it: the targets
and every stage after one that has an environment. The rest has nothing to undo.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from orchestrate.core.pipeline import Compensation, OnFailure, Retry
from orchestrate.language.faults import Faults
from orchestrate.language.graph import Graph
from orchestrate.language.shape import Section

_FAR: Final = 1 << 30


@dataclass(slots=True)
class Undone:
    """What is resolved for one stage: its target, if it rolls back, and its own compensation."""

    rollback_to: str | None = None
    how: Compensation | None = None


@dataclass(slots=True)
class Undoing:
    """`agents`: the agent of each stage, None where it has a `run`. `commands`: agents known to
    be plain commands.
    """

    graph: Graph
    faults: Faults
    agents: list[str | None]
    timeouts: list[float]
    retry: Callable[[Section | None], Retry]
    commands: Collection[str]
    pipeline: str

    def resolve(self) -> list[Undone]:
        targets = self.targets()
        reached = self.reached(set(targets.values()))
        aimed_at = set(targets.values())
        undone: list[Undone] = []
        for stage in range(len(self.graph.stages)):
            target = targets.get(stage)
            how = self.how(stage, reached=stage in reached, target=stage in aimed_at)
            name = None if target is None else self.graph.stages[target].name
            undone.append(Undone(name, how))
        return undone

    def section(self, stage: int) -> Section:
        return self.graph.stages[stage].section

    def says(self, stage: int) -> bool:
        """Whether a stage says that there is something to undo."""
        section = self.section(stage)
        return "rollback" in section or "environment" in section

    # ── how far ──

    def targets(self) -> dict[int, int]:
        """stage with `on_failure: rollback` → the stage back to and including which it goes."""
        nearest = self.nearest()
        found: dict[int, int] = {}
        for stage in range(len(self.graph.stages)):
            section = self.section(stage)
            rolls_back = section.get("on_failure") == OnFailure.ROLLBACK
            if "rollback_to" in section:
                if not rolls_back and ("on_failure" not in section or section.get("on_failure")):
                    self.faults.at(
                        section.keys["rollback_to"],
                        "unused-rollback-to",
                        "`rollback_to` does nothing without `on_failure: rollback`",
                        "add `on_failure: rollback`, or delete it",
                    )
                target = self.written(stage, section)
            else:
                target = nearest[stage][1] if rolls_back and self.graph.sound else None
                if rolls_back and target is None and self.graph.sound:
                    self.faults.at(
                        section.nodes["on_failure"],
                        "no-rollback-target",
                        "nothing says how far back to go: neither this stage nor one "
                        "before it has `rollback` or `environment`",
                        "add `rollback_to: STAGE`, or say `rollback: {run: ...}` where "
                        "something can be undone",
                    )
            if rolls_back and target is not None:
                found[stage] = target
        return found

    def written(self, stage: int, section: Section) -> int | None:
        name = section.get("rollback_to")
        if name is None:
            return None
        target = self.graph.by_name.get(name)
        node = section.nodes["rollback_to"]
        if target is None:
            self.faults.at(
                node,
                "unknown-stage",
                f"no stage is called `{name}`",
                self.faults.spelling.guess(name, self.graph.by_name, "stages"),
            )
        elif target != stage and self.graph.sound and not self.graph.is_upstream(target, stage):
            here = self.graph.stages[stage].name or "the stage"
            self.faults.at(
                node,
                "bad-rollback-target",
                f"`{here}` does not wait for `{name}`, so it cannot go back to it",
                "name the stage itself or one that it depends on",
            )
            return None
        return target

    def nearest(self) -> list[tuple[int, int | None]]:
        """Of each stage: how far the nearest that says how to undo is, and which; itself is 0."""
        found: list[tuple[int, int | None]] = [(_FAR, None)] * len(self.graph.stages)
        rank = {stage: place for place, stage in enumerate(self.graph.order)}
        for stage in self.graph.order:
            if self.says(stage):
                found[stage] = (0, stage)
                continue
            for need in self.graph.needs[stage]:
                far, which = found[need]
                best, chosen = found[stage]
                closer = far + 1 < best or (
                    far + 1 == best
                    and which is not None
                    and chosen is not None
                    and rank[which] > rank[chosen]
                )
                if which is not None and closer:
                    found[stage] = (far + 1, which)
        return found

    def reached(self, targets: set[int]) -> set[int]:
        """The targets and all stages after them."""
        found = set(targets)
        for stage in self.graph.order:
            if not found.isdisjoint(self.graph.needs[stage]):
                found.add(stage)
        return found

    # ── how ──

    def how(self, stage: int, *, reached: bool, target: bool) -> Compensation | None:
        section = self.section(stage)
        if "rollback" in section:
            written: Section | None = section.get("rollback")
            return None if written is None else self.declared(stage, section, written)
        if not target and "environment" not in section:
            return None
        agent = self.agents[stage]
        if agent is None:
            if reached:
                where = "a rollback goes back to here" if target else "a rollback comes by here"
                self.faults.at(
                    section.lone("run"),
                    "cannot-undo",
                    f"{where}, and nothing says how to undo the command of "
                    f"`{self.graph.stages[stage].name}`",
                    "add `rollback: {run: ...}`",
                )
            return None
        if reached and agent in self.commands:
            self.faults.at(
                section.lone("agent"),
                "undo-by-command",
                f"to undo this stage, the command of `{agent}` is started once more with "
                "ORCHESTRATE_MODE=rollback",
                "let its script look at the mode, or add `rollback: {run: ...}`",
            )
        return Compensation(
            agent=agent, task=self.task(stage), timeout_s=self.timeouts[stage], retry=Retry()
        )

    def task(self, stage: int) -> str:
        name = self.graph.stages[stage].name
        default = f"Perform stage {name} of pipeline {self.pipeline}"
        return f"Roll back: {self.section(stage).get('task', default)}"

    def declared(self, stage: int, section: Section, written: Section) -> Compensation | None:
        run = written.get("run")
        if "run" in written and ("agent" in written or "task" in written):
            other = "agent" if "agent" in written else "task"
            self.faults.at(
                written.keys[other],
                "agent-and-run",
                f"`run` and `{other}` exclude each other",
                "keep one of them",
            )
        agent = written.get("agent", self.agents[stage])
        if "run" not in written and agent is None and "agent" not in written:
            self.faults.at(
                section.keys["rollback"],
                "missing-key",
                "`rollback` needs `run` or `agent`: the stage has no agent of its own",
                "add `run: ...`",
            )
        return Compensation(
            agent=None if run is not None else agent,
            task=None if run is not None else written.get("task", self.task(stage)),
            run=run,
            timeout_s=written.get("timeout", self.timeouts[stage]),
            retry=self.retry(written.get("retry")) if "retry" in written else Retry(),
        )
