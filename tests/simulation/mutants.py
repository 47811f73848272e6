"""Small faults put into the core on purpose, one at a time: do the checkers see them?

A mutant is a function of the core with one text in it replaced, in memory only. One that lives
through the whole hunt is a hole in the drawing or in the checkers.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType
from typing import Any

from tests.simulation.campaign import campaign

LIVES_MAX = 8_000


@dataclass(frozen=True)
class Mutant:
    """`function` of core room `room`, where `old` is replaced by `new`."""

    what: str
    room: str
    function: str
    old: str
    new: str

    @property
    def name(self) -> str:
        return self.what.replace(" ", "-")


MUTANTS = (
    Mutant("quorum off by one", "approval", "settled",
           ">= approval.quorum", ">= approval.quorum - 1"),
    Mutant("every entry but one agrees", "approval", "settled",
           ">= len(approval.approvers)", ">= len(approval.approvers) - 1"),
    Mutant("agents approve", "approval", "_voice", "by.kind is not Kind.PERSON", "False"),
    Mutant("anybody approves", "approval", "_voice", "approval.approvers and not fills", "False"),
    Mutant("two votes each", "approval", "_voice",
           'each.by == by.name and each.decision != "delegate"', "False"),
    Mutant("a vote given is kept", "approval", "_voice",
           "by.name in approval.delegations", "False"),
    Mutant("a vote given is for anything", "approval", "_received",
           "return next(gifts, ())", "return tuple(range(len(approval.approvers)))"),
    Mutant("two votes in one hand", "approval", "delegate",
           "_held(approval, to) or _listed(approval, to, command.roster)", "False"),
    Mutant("who started it approves", "approval", "_excluded",
           "name in (turn.run.by, turn.run.facts.actor)", "False"),
    Mutant("answers after the deadline", "approval", "_open",
           "approval.expires_at <= turn.now", "False"),
    Mutant("silence means the opposite", "approval", "expire",
           'approval.on_timeout == "approve"', 'approval.on_timeout != "approve"'),
    Mutant("any packet will do", "approval", "ask", "render(gate.message", "(gate.message"),
    Mutant("stop nothing before a rollback", "rollback", "advance",
           "mode is Mode.RUN and name in active.steps", "False"),
    Mutant("undo in any order", "rollback", "plan",
           "steps.append((name, tuple(found)))", "steps.append((name, ()))"),
    Mutant("undo again", "rollback", "_compensated",
           "any(name in each.steps for each in run.rollbacks)", "False"),
    Mutant("a lost process did nothing", "rollback", "_may_have_run", "lost or", ""),
    Mutant("a rollback always succeeds", "rollback", "verdict", "if not undone", "if True"),
    Mutant("forget a retry", "evolve_stage", "retry_scheduled",
           'run.timers["retry", event.stage] = event.due_at', "pass"),
    Mutant("forget an expiry", "evolve_answer", "approval_requested",
           'run.timers["expire", str(event.approval)] = event.expires_at', "pass"),
    Mutant("any report will do", "decide", "_report", "attempt.number != command.attempt", "False"),
    Mutant("claim twice", "attempts", "claim", "attempt.claimed_at is not None", "False"),
    Mutant("one attempt more", "attempts", "due", "made >= retry.attempts",
           "made > retry.attempts"),
    Mutant("one attempt less", "attempts", "due", "made >= retry.attempts",
           "made + 1 >= retry.attempts"),
    Mutant("escalate after a question", "attempts", "begin",
           "_counted(spec, turn.run.stages[name]) + 1", "number"),
    Mutant("lost is never repeated", "attempts", "_retry_at",
           "spec.on_lost is OnLost.RERUN", "False"),
    Mutant("a retry asks again", "advance", "_consider",
           "not stage.started and stage.approval is None", "True"),
    Mutant("no output gets out", "evolve_stage", "stage_succeeded",
           "stage.outputs = event.outputs", "stage.outputs = {}"),
    Mutant("try everything again", "attempts", "due", "outcome.reason in retry.on", "True"),
    Mutant("repeat lost deployments", "attempts", "_retry_at",
           "lost and spec.environment is not None", "False"),
    Mutant("act half a minute early", "decide", "_tick", "now = turn.now", "now = turn.now + 30"),
    Mutant("cancel leaves agents running", "advance", "_cancel",
           'stop_stage(turn, name, "cancelled")', "pass"),
    Mutant("one place more", "turn", "Turn.has_place", "used < run.pipeline.max_parallel",
           "used <= run.pipeline.max_parallel"),
    Mutant("last come first served", "advance", "_advance",
           "list(run.queue)", "list(reversed(run.queue))"),
    Mutant("two in one environment", "turn", "Turn.busy",
           "own is not None", "False"),
    Mutant("start during a rollback", "advance", "_going_back",
           "run.rolling_back is not None or", ""),
    Mutant("unknown is false", "advance", "_holds",
           "truth is Truth.UNKNOWN", "truth is Truth.YES"),
    Mutant("nothing is tolerated", "ending", "is_broken", "not stage.tolerated", "True"),
    Mutant("everything is tolerated", "ending", "is_broken", "not stage.tolerated", "False"),
    Mutant("fail_fast ends deployments", "ending", "_fail_fast",
           "spec.environment is not None or", ""),
    Mutant("fail_fast ends clean-up", "ending", "_fail_fast",
           "or spec.run_if is not RunIf.SUCCESS", ""),
    Mutant("a cancelled run owes a rollback", "advance", "_going_back",
           "run.owed and run.cancelling is None", "run.owed"),
    Mutant("a compensation loses its place", "turn", "Turn.has_place",
           "step.status is StepStatus.RUNNING",
           "step.status is StepStatus.RUNNING and step.retry_at is None"),
    Mutant("going back is waiting", "evolve", "_mood", "and run.rolling_back is None", ""),
    Mutant("a second rollback while one goes on", "rollback", "owe",
           "and turn.run.rolling_back is None", ""),
    Mutant("silence is asked about on_failure", "approval", "_refuse",
           'approval.kind == "agent"', "True"),
    Mutant("clean-up starts too soon", "ending", "halt", "gone or stage.unmet or", "gone or"),
    Mutant("a gate waits for nobody", "ending", "halt", "withdraw(turn, spec.name, reason)",
           "pass"),
    Mutant("waiting while it works", "evolve", "_mood", "run.waiting and idle", "run.waiting"),
    Mutant("the clock never stands", "evolve", "_mood", "run.worked_s += at - run.working_since",
           "run.worked_s += at - run.created_at"),
)  # fmt: skip


class Stale(Exception):
    """The core has changed, and a mutant no longer fits it."""


@contextmanager
def put_in(mutant: Mutant) -> Iterator[None]:
    """The core with this fault in it."""
    module = importlib.import_module(f"orchestrate.core.{mutant.room}")
    function: Any = module
    for name in mutant.function.split("."):
        function = getattr(function, name)
    assert inspect.isfunction(function), "functions are changed, nothing else"
    text = inspect.getsource(module)
    lines, first = inspect.getsourcelines(function)
    here = "".join(lines)
    if here.count(mutant.old) != 1:
        raise Stale(f"`{mutant.old}` is not in {mutant.room}.{mutant.function} once")
    changed = text.splitlines(keepends=True)
    changed[first - 1 : first - 1 + len(lines)] = [here.replace(mutant.old, mutant.new)]
    whole = compile("".join(changed), module.__file__ or mutant.room, "exec")
    sound = function.__code__
    function.__code__ = _inner(whole, mutant.function)
    try:
        yield
    finally:
        function.__code__ = sound


def _inner(code: CodeType, path: str) -> CodeType:
    """The code of a function by its name, in the code of its module."""
    name, _, rest = path.partition(".")
    for each in code.co_consts:
        if isinstance(each, CodeType) and each.co_name == name:
            return _inner(each, rest) if rest else each
    raise Stale(f"there is no {path}")


def called(name: str) -> Mutant:
    """The mutant of that name: its words, joined by hyphens."""
    names = {mutant.name: mutant for mutant in MUTANTS}
    if name not in names:
        raise SystemExit(f"no mutant is called {name}; there are: {', '.join(names)}")
    return names[name]


def noticed(mutant: Mutant, lives: int = LIVES_MAX) -> tuple[str, int] | None:
    """The number of what noticed it, and in which life; None if nothing did."""
    with put_in(mutant):
        tally = campaign(range(lives))
    return None if tally.wrong is None else (tally.wrong.number, tally.lives + 1)


def hunt() -> int:
    """Every mutant in turn, told in a line."""
    missed = 0
    for mutant in MUTANTS:
        found = noticed(mutant)
        missed += found is None
        said = "NOT FOUND" if found is None else f"{found[0]:>14}  after {found[1]:>5} lives"
        print(f"{mutant.what:<34} {said}", flush=True)
    print(f"{len(MUTANTS) - missed} of {len(MUTANTS)} found")
    return 1 if missed else 0
