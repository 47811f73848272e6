"""What a scenario expects against what became of its run: every difference, at its place.

It compares and says; it never decides what should have been.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Final

from orchestrate.agent.definitions import Found
from orchestrate.core.commands import Refused
from orchestrate.core.pipeline import Pipeline
from orchestrate.core.run import Approval, Reason, Rollback, Run, StageRun, Step
from orchestrate.core.trigger import first_met, verdicts
from orchestrate.engine.rehearsal import MOVES_MAX, Rehearsed, rehearse
from orchestrate.language.document import Node
from orchestrate.language.faults import Faults, shown
from orchestrate.language.scenario import ASKED, Act, Scenario
from orchestrate.language.scenario_keys import NONE
from orchestrate.language.shape import Section

VALUE_CHARACTERS_MAX: Final = 200
CODE: Final = "not-as-expected"


def test(
    pipeline: Pipeline,
    scenario: Scenario,
    groups: Mapping[str, frozenset[str]],
    found: Found,
    faults: Faults,
) -> Run | None:
    """Live through a scenario and note all that came out otherwise; the run, if there was one."""
    try:
        rehearsed = rehearse(pipeline, scenario, groups, found)
    except Refused as refused:
        hint = refused.hint
        if "--var" in hint:
            hint = "write it under `variables` of the scenario"
        faults.at(scenario.variables_node, "not-started", refused.text, hint)
        return None
    verdict = _Verdict(scenario, rehearsed, faults)
    verdict.judge()
    return rehearsed.run


class _Verdict:
    def __init__(self, scenario: Scenario, rehearsed: Rehearsed, faults: Faults) -> None:
        self._scenario = scenario
        self._rehearsed = rehearsed
        self._run = rehearsed.run
        self._faults = faults

    def judge(self) -> None:
        if self._rehearsed.endless:
            what = f"the run does not come to rest within {MOVES_MAX:,} steps"
            self._faults.at(self._scenario.node, "never-rests", what)
            return
        for act in self._scenario.acts:
            self._answer(act)
        expect = self._scenario.expect
        self._whole(expect)
        for name, (_, _, section) in expect.get("stages", {}).items():
            if section is not None:
                self._stage(name, section)
        for name, (key, _, sections) in expect.get("approvals", {}).items():
            self._approvals(name, key, sections or [])
        if "rollback" in expect:
            self._rollbacks(expect.keys["rollback"], expect.get("rollback", []))
        if expect.get("exact"):
            self._exact(expect)

    # -- saying ------------------------------------------------------------------------

    def _differs(self, node: Node, what: str, expected: str, found: str, why: str = "") -> None:
        message = f"{what}: expected {expected}, found {found}"
        self._faults.at(node, CODE, message, why)

    def _plain(self, section: Section, key: str, what: str, found: object, why: str = "") -> None:
        """A value that must be the same."""
        if key not in section or section.get(key) == found:
            return
        self._differs(section.nodes[key], what, _word(section.get(key)), _word(found), why)

    def _because(self, section: Section, what: str, reason: Reason | None) -> None:
        """A sentence that must have a text in it."""
        wanted = section.get("because")
        said = "" if reason is None else reason.text
        if wanted is None or wanted in said:
            return
        found = f"it says: {_cut(said)}" if said else "nothing is said of why"
        message = f"{what}: expected a sentence with `{shown(wanted)}` in it"
        self._faults.at(section.nodes["because"], CODE, message, found)

    # -- comparing ---------------------------------------------------------------------

    def _answer(self, act: Act) -> None:
        """What a person did must have been possible, and refused where that is expected."""
        faults = self._faults
        if act in self._rehearsed.unsaid or act not in self._rehearsed.answered:
            faults.at(act.node, "never-asked", *self._never(act))
            return
        refusal = self._rehearsed.answered[act]
        if act.refused is None and refusal is not None:
            what = f"`{act.kind}` by {act.by} is refused: {refusal}"
            hint = "if that is what should happen, write `refused:` with a part of the sentence"
            faults.at(act.node, "refused", what, hint)
        elif act.refused is not None and refusal is None:
            what = f"`{act.kind}` by {act.by}: expected a refusal, and it was allowed"
            faults.at(act.refused_node, CODE, what)
        elif act.refused is not None and refusal is not None and act.refused not in refusal:
            what = f"`{act.kind}` by {act.by}: expected a refusal with `{shown(act.refused)}` in it"
            faults.at(act.refused_node, CODE, what, f"it says: {refusal}")

    def _never(self, act: Act) -> tuple[str, str]:
        run = self._run
        if act.kind not in ASKED:
            return f"`{act.kind}` by {act.by} never happens", "the run came to no end"
        asked = [each for each in run.approvals.values() if each.stage == act.stage]
        if not asked:
            stage = run.stages[act.stage or ""]
            what = f"`{act.stage}` never asked anybody"
            return what, f"it is {stage.status.value}{_sentence(stage.reason)}"
        closed = asked[-1]
        what = f"`{act.stage}` did not ask any more when {act.by} would have answered"
        return what, f"its approval was {closed.status.value}{_sentence(closed.reason)}"

    def _whole(self, expect: Section) -> None:
        run = self._run
        why = _why(run.reason) or self._unrest()
        self._plain(expect, "run", "the run", run.status.value, why)
        self._plain(expect, "reason", "the run's reason", _code(run.reason), why)
        self._because(expect, "the run's reason", run.reason)
        tolerated = [f"`{name}`" for name, stage in run.stages.items() if stage.tolerated]
        why = f"failed and tolerated: {', '.join(tolerated)}" if tolerated else ""
        self._plain(expect, "warnings", "warnings", run.warnings, why)
        if "starts" in expect:
            self._starts(expect)

    def _starts(self, expect: Section) -> None:
        pipeline = self._run.pipeline
        said = verdicts(pipeline.triggers, self._run.facts, pipeline.variables)
        met = first_met(said)
        if met is not None:
            why = f"it meets the trigger on line {met.line}" + (f": {met.text}" if met.text else "")
        else:
            why = "; ".join(each.text for each in said) or "the pipeline has no triggers"
        what = f"whether `{shown(self._run.facts.event)}` starts the pipeline"
        self._plain(expect, "starts", what, met is not None, why)

    def _unrest(self) -> str:
        """Why a run that did not end rests all the same."""
        if self._run.ended:
            return ""
        asking = [name for name, each in self._run.stages.items()
                  if each.status.value == "waiting_approval"]  # fmt: skip
        return f"it waits for people: {', '.join(f'`{name}`' for name in asking)}"

    def _stage(self, name: str, section: Section) -> None:
        stage = self._run.stages[name]
        attempt = stage.attempts[-1] if stage.attempts else None
        what = f"`{name}`"
        why = _why(stage.reason)
        self._plain(section, "status", what, stage.status.value, why)
        self._plain(section, "reason", f"{what}, reason", _code(stage.reason), why)
        self._because(section, f"{what}, reason", stage.reason or stage.note)
        self._plain(section, "attempts", f"{what}, attempts", len(stage.attempts), why)
        self._plain(section, "rolled_back", f"{what}, rolled back", _undone(stage))
        for part in ("agent", "task", "environment"):
            found = None if attempt is None else getattr(attempt, part)
            never = "it was never tried" if attempt is None else ""
            self._plain(section, part, f"{what}, {part}", found, never)
        if "outputs" in section:
            self._outputs(what, section.nodes["outputs"], stage)

    def _outputs(self, what: str, node: Node, stage: StageRun) -> None:
        has = ", ".join(f"`{each}`" for each in stage.outputs) or "none"
        for output, (key, value) in node.entries().items():
            wanted = value.plain()
            if output not in stage.outputs:
                self._differs(
                    key, f"{what}, output `{output}`", _word(wanted), "nothing", f"it has: {has}"
                )
            elif stage.outputs[output] != wanted:
                found = _word(stage.outputs[output])
                self._differs(value, f"{what}, output `{output}`", _word(wanted), found)

    def _approvals(self, name: str, key: Node, sections: list[Section]) -> None:
        found = [each for each in self._run.approvals.values() if each.stage == name]
        if len(found) != len(sections):
            stage = self._run.stages[name]
            why = f"`{name}` is {stage.status.value}{_sentence(stage.reason)}"
            self._differs(key, f"questions of `{name}`", str(len(sections)), str(len(found)), why)
            return
        for section, approval in zip(sections, found, strict=True):
            self._approval(f"approval of `{name}`", section, approval)

    def _approval(self, what: str, section: Section, approval: Approval) -> None:
        why = _why(approval.reason)
        self._plain(section, "status", what, approval.status.value, why)
        self._because(section, what, approval.reason)
        self._plain(section, "message", f"{what}, message", approval.message)
        if "by" in section:
            expected = sorted(word.text for word in section.get("by", []))
            found = sorted(each.by for each in approval.decisions if each.decision != "delegate")
            if expected != found:
                self._differs(section.nodes["by"], f"{what}, by", _list(expected), _list(found))

    def _rollbacks(self, key: Node, sections: list[Section]) -> None:
        found = self._run.rollbacks
        wanted = [each for each in sections if each.get("status") != NONE]
        if len(found) != len(wanted):
            why = found[-1].reason if found else _why(self._run.reason)
            became = ", ".join(_word(each.status.value) for each in found)
            self._differs(key, "rollback", _statuses(wanted), became or _word(NONE), why)
            return
        for section, rollback in zip(wanted, found, strict=True):
            self._rollback(section, rollback)

    def _rollback(self, section: Section, rollback: Rollback) -> None:
        self._plain(section, "status", "rollback", rollback.status.value, rollback.reason)
        self._plain(section, "trigger", "rollback, trigger", rollback.trigger)
        self._plain(section, "failed_stage", "rollback, failed stage", rollback.failed_stage)
        self._plain(section, "target", "rollback, target", rollback.target)
        self._because(section, "rollback", Reason("", rollback.reason))
        for name, (key, _, step) in section.get("steps", {}).items():
            if step is None:
                continue
            done = rollback.steps.get(name)
            if done is None:
                known = _list(rollback.steps)
                what = f"undoing `{name}`"
                self._differs(key, what, _word(step.get("status")), "nothing", f"steps: {known}")
                continue
            self._step(name, step, done)
        for before, after in pairwise(section.get("order", [])):
            self._follows(before.text, after.text, after.node)

    def _step(self, name: str, section: Section, step: Step) -> None:
        what = f"undoing `{name}`"
        self._plain(section, "status", what, step.status.value, _why(step.reason))
        self._because(section, what, step.reason)

    def _follows(self, before: str, after: str, node: Node) -> None:
        """One compensation began when the one before had ended."""
        ended = [each.ended_at for each in self._run.stages[before].compensations]
        began = [each.dispatched_at for each in self._run.stages[after].compensations]
        for name, times in ((before, ended), (after, began)):
            if not times:
                self._faults.at(node, CODE, f"nothing was done to undo `{name}`")
                return
        if (ended[-1] or 0.0) > began[0]:
            message = f"undoing `{after}` began before `{before}` was undone"
            self._faults.at(node, CODE, message)

    def _exact(self, expect: Section) -> None:
        """Nothing may have happened that is not written."""
        at = expect.keys["exact"]
        stages = expect.get("stages", {})
        for name, stage in self._run.stages.items():
            if name not in stages:
                found = f"it is {stage.status.value}{_sentence(stage.reason)}"
                self._faults.at(at, CODE, f"`{name}` is not among the stages expected", found)
        approvals = expect.get("approvals", {})
        for approval in self._run.approvals.values():
            if approval.stage not in approvals:
                what = f"the approval of `{approval.stage}` is not among those expected"
                self._faults.at(at, CODE, what, f"it is {approval.status.value}")
        if "rollback" not in expect and self._run.rollbacks:
            last = self._run.rollbacks[-1]
            what = f"rollback: expected none, found {last.status.value}"
            self._faults.at(at, CODE, what, last.reason)
        if "warnings" not in expect and self._run.warnings:
            what = f"warnings: expected none, found {self._run.warnings}"
            self._faults.at(at, CODE, what)


# -- words -----------------------------------------------------------------------------


def _code(reason: Reason | None) -> str | None:
    return None if reason is None else reason.code


def _undone(stage: StageRun) -> bool:
    return stage.rolled_back_at is not None


def _why(reason: Reason | None) -> str:
    if reason is None:
        return ""
    return f"{_cut(reason.text)} ({reason.code})"


def _sentence(reason: Reason | None) -> str:
    return "" if reason is None else f": {_why(reason)}"


def _word(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"`{_cut(text)}`"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= VALUE_CHARACTERS_MAX else line[: VALUE_CHARACTERS_MAX - 1] + "…"


def _list(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "nobody"


def _statuses(sections: list[Section]) -> str:
    return ", ".join(_word(each.get("status") or "any") for each in sections) or _word(NONE)
