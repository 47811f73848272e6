"""Runs as the core makes them, told to a store: pipelines, and what may happen to their runs."""

from collections.abc import Sequence
from random import Random
from typing import Any

from orchestrate.core.commands import (
    Admit,
    Approve,
    Cancel,
    Claim,
    Command,
    Delegate,
    Refused,
    Reject,
    Report,
    RollBack,
    Start,
    Tick,
)
from orchestrate.core.condition import Always, Branch, Every, Facts, Not, Paths
from orchestrate.core.decide import decide
from orchestrate.core.events import Event
from orchestrate.core.people import Caller
from orchestrate.core.pipeline import (
    Compensation,
    Concurrency,
    Escalation,
    Gate,
    OnFailure,
    OnLost,
    OutputUse,
    Pipeline,
    Retry,
    RunIf,
    Stage,
    Trigger,
)
from orchestrate.core.run import ApprovalStatus, Attempt, Outcome, OutcomeKind, Reason, Run
from orchestrate.store.outbox import Notice
from orchestrate.store.sqlite import Store

ANNA = Caller(name="anna", via="socket")
BELA = Caller(name="béla \ud800", via="token")
PEOPLE = [ANNA, BELA, Caller(name="carol", via="token"), Caller(name="dora", via="link")]
NOW = 1_764_000_000.123456789
DONE = Outcome(kind=OutcomeKind.SUCCEEDED, code=0, outputs={"version": "1.2.3", "parts": [1, 2.5]})
BROKEN = Outcome(kind=OutcomeKind.FAILED, reason="exit", detail="exit code 1\0\ud8ff", code=1)


def notice(run_id: int, **changed: Any) -> Notice:
    """One channel is to be told one thing."""
    values: dict[str, Any] = {
        "key": f"key of {run_id} {changed.get('target')}",
        "channel": "mail",
        "occasion": "run.failed",
        "run_id": run_id,
        "approval": None,
        "seq": 1,
        "at": NOW,
    }
    return Notice(**{**values, **changed})


def chain(stages: int, name: str = "chain") -> Pipeline:
    names = [f"stage-{place}" for place in range(stages)]
    needs = [(), *((each,) for each in names)]
    made = [
        Stage(name=each, run="true", needs=need) for each, need in zip(names, needs, strict=False)
    ]
    return Pipeline(name=name, stages=tuple(made))


def rich() -> Pipeline:
    """One with everything that leaves a trace: gates, retries, conditions, a way back."""
    careful = Retry(attempts=3, delay_s=0.1, escalate=(Escalation(model="opus"),))
    gate = Gate(
        approvers=("anna", "carol", "dora"),
        quorum=2,
        self_approval=True,
        message="Ship it? ✓",
        notify=("mail",),
        remind_s=(60.0, 3_600.0),
    )
    stages = (
        Stage(
            name="build",
            agent="builder",
            task="Build it",
            retry=careful,
            on_lost=OnLost.RERUN,
            rollback=Compensation(agent="builder", task="Remove it"),
        ),
        Stage(
            name="docs",
            run="make docs",
            on_failure=OnFailure.CONTINUE,
            when=Every((Branch(globs=("main", "!old/**")), Not(Paths(globs=("src/**",))))),
        ),
        Stage(name="never", run="false", when=Always(value=False)),
        Stage(
            name="deploy",
            agent="deployer",
            task="Deploy",
            needs=("build", "docs"),
            gate=gate,
            environment="production",
            uses=(OutputUse(stage="build", name="version", default=True),),
            rollback=Compensation(run="undo", retry=Retry(attempts=2)),
        ),
        Stage(
            name="smoke",
            run="smoke",
            needs=("deploy",),
            on_failure=OnFailure.ROLLBACK,
            rollback_to="deploy",
        ),
        Stage(name="report", run="report", needs=("smoke",), run_if=RunIf.ALWAYS),
    )
    return Pipeline(
        name="rich",
        description="everything",
        stages=stages,
        triggers=(Trigger(events=("push",), branches=("main",)),),
        variables={"environment": "staging", "asked": None},
        agents={"builder": '{"kind":"command"}'},
        max_parallel=1,
        timeout_s=86_400.0,
        concurrency=Concurrency(group="rich"),
    )


class House:
    """A store, and runs that are told commands as the door of the engine would."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOW
        self.started = 0

    def put(self, pipeline: Pipeline, definition: str = "name: it", sha256: str = "1") -> int:
        with self.store.transaction():
            pipeline_id, _ = self.store.put_pipeline(
                name=pipeline.name,
                definition=definition,
                sha256=sha256,
                description=pipeline.description,
                version=pipeline.version,
                triggers='[{"events": ["push"]}]',
                enabled=True,
                at=self.now,
                by="anna",
            )
        return pipeline_id

    def start(self, pipeline: Pipeline, trigger: int | None = None) -> Run:
        with self.store.transaction():
            self.started += 1
            held = self.started % 5 == 3
            return self.begin(self.put_within(pipeline), pipeline, trigger, held=held)

    def put_within(self, pipeline: Pipeline) -> int:
        pipeline_id, _ = self.store.put_pipeline(
            name=pipeline.name,
            definition="name: it",
            sha256="1",
            description=None,
            version=1,
            triggers="[]",
            enabled=True,
            at=self.now,
            by="anna",
        )
        return pipeline_id

    def begin(
        self,
        pipeline_id: int,
        pipeline: Pipeline,
        trigger: int | None = None,
        *,
        held: bool = False,
    ) -> Run:
        """A new run, within a transaction; `held`: it waited for others of its group first."""
        data: dict[str, object] = {"pull": {"title": "$(rm -rf /) \ud83d \0", "n": 0.1 + 0.2}}
        facts = Facts(event="push", branch="main", labels=("x",), actor="béla", data=data)
        run_id = self.store.next_run_id()
        command = Start(
            run_id=run_id,
            group="g" if held else None,
            hold=Reason("concurrency", "waits for run 1") if held else None,
            pipeline=pipeline,
            pipeline_id=pipeline_id,
            revision=1,
            sha256="1",
            facts=facts,
            variables={"environment": "staging", "asked": "yes"},
            by=ANNA,
            agents={"builder": "{}"},
            trigger=trigger,
            workspace="~/project",
        )
        run, events = decide(None, command, self.now)
        self.store.append(run, events, after=0, actor="anna", via="socket")
        if held:
            after = run.seq
            run, events = decide(run, Admit(), self.now)
            self.store.append(run, events, after=after, actor="orchestrate", via="")
        return run

    def decide(self, run: Run, command: Command) -> tuple[Run, list[Event], int]:
        """The run after a command, its events, and the entry to write them behind."""
        self.now += 1.000001
        after = run.seq
        moved, events = decide(run, command, self.now)
        return moved, events, after

    def tell(self, run: Run, command: Command, by: Caller = ANNA) -> Run:
        moved, events, after = self.decide(run, command)
        if events:
            with self.store.transaction():
                self.store.append(moved, events, after=after, actor=by.name, via=by.via)
        return moved

    def work(self, run: Run, outcome: Outcome = DONE) -> Run:
        """Claim and end the first attempt in flight."""
        first = next(iter(run.live.values()))
        if first.claimed_at is None:
            run = self.tell(run, claim_of(run, self.now))
        ended = Outcome(
            kind=outcome.kind,
            reason=outcome.reason,
            detail=outcome.detail,
            code=outcome.code,
            outputs=outcome.outputs,
            started_at=self.now,
            ended_at=self.now + 1 / 3,
        )
        return self.tell(run, Report(outcome=ended, jitter=0.5, **key_of(first)))

    def finish(self, run: Run) -> Run:
        while run.live:
            run = self.work(run)
        return run


def key_of(attempt: Attempt) -> dict[str, Any]:
    """What names an attempt in a command."""
    return {"stage": attempt.stage, "mode": attempt.mode, "attempt": attempt.number}


def claim_of(run: Run, at: float = NOW) -> Claim:
    first = next(iter(run.live.values()))
    return Claim(worker="w1", pid=4711, started_at=at, **key_of(first))


def wander(house: House, run: Run, dice: Random, steps: int = 60) -> Run:
    """Let a run live as it may: work ends well or not, people answer, time passes."""
    for _ in range(steps):
        if run.resting and (run.rollbacks or dice.random() < 0.5):
            break
        command, by = _something(house, run, dice)
        try:
            run = house.tell(run, command, by)
        except Refused:
            continue  # a person asked in vain; another will ask
    return run


def _something(house: House, run: Run, dice: Random) -> tuple[Command, Caller]:
    by = dice.choice(PEOPLE)
    if run.resting:
        return RollBack(by=by, to=dice.choice([None, "build"])), by
    open_ = [n for n, each in run.approvals.items() if each.status is ApprovalStatus.PENDING]
    if open_ and dice.random() < 0.6:
        return _answer(dice.choice(open_), by, dice), by
    if run.live and dice.random() < 0.9:
        return _report(list(run.live.values()), house.now, dice), Caller(name="w1", via="runner")
    if dice.random() < 0.05:
        return Cancel(by=by, reason="enough", force=dice.random() < 0.5), by
    if dice.random() < 0.1:
        return RollBack(by=by, to=dice.choice([None, "deploy", "build"])), by
    house.now += dice.choice([0.0, 1.0, 100.0, 90_000.0])
    return Tick(), Caller(name="orchestrate", via="clock")


def _answer(number: int, by: Caller, dice: Random) -> Command:
    chance = dice.random()
    if chance < 0.7:
        return Approve(approval=number, by=by, comment="LGTM ✓")
    if chance < 0.9:
        return Delegate(approval=number, by=by, to="béla \ud800")
    return Reject(approval=number, by=by, reason="no")


def _report(live: Sequence[Attempt], now: float, dice: Random) -> Command:
    chosen = dice.choice(live)
    key = key_of(chosen)
    if chosen.claimed_at is None and dice.random() < 0.8:
        return Claim(worker="w1", pid=dice.choice([None, 7]), started_at=now, **key)
    outcome = dice.choice([DONE, DONE, DONE, BROKEN, _ASKS, _SKIPS, _LOST])
    return Report(outcome=outcome, jitter=dice.random(), **key)


_ASKS = Outcome(kind=OutcomeKind.NEEDS_PERSON, detail="may I?", outputs={"question": "may I?"})
_SKIPS = Outcome(kind=OutcomeKind.SKIPPED, detail="nothing to do")
_LOST = Outcome(kind=OutcomeKind.FAILED, reason="lost", detail="gone", retryable=None)
