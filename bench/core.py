"""What a decision costs, without a store and without processes, by the size of the graph."""

from __future__ import annotations

import time

from bench.pipelines import Graph, chain, fan
from orchestrate.core import agenda
from orchestrate.core.commands import Claim, Report, Start
from orchestrate.core.condition import Facts
from orchestrate.core.decide import decide
from orchestrate.core.people import Caller
from orchestrate.core.pipeline import Pipeline, Stage
from orchestrate.core.run import Outcome, OutcomeKind, Run


def live(graph: Graph) -> float:
    """Seconds of one life of a run in which everything succeeds."""
    stages = tuple(Stage(name=name, run="true", needs=tuple(needs)) for name, needs in graph)
    start = Start(
        run_id=1,
        pipeline=Pipeline(name="bench", stages=stages),
        pipeline_id=1,
        revision=1,
        sha256="",
        facts=Facts(),
        variables={},
        by=Caller(name="bench"),
    )
    done = Outcome(kind=OutcomeKind.SUCCEEDED)
    begin = time.perf_counter()
    run, _ = decide(None, start, 0.0)
    while not run.ended:
        for work in agenda.work(run):
            run = _work(run, work, done)
    return time.perf_counter() - begin


def _work(run: Run, work: agenda.Work, done: Outcome) -> Run:
    claim = Claim(
        stage=work.stage,
        mode=work.mode,
        attempt=work.attempt,
        worker="bench",
        pid=1,
        started_at=1.0,
    )
    run, _ = decide(run, claim, 1.0)
    report = Report(stage=work.stage, mode=work.mode, attempt=work.attempt, outcome=done)
    return decide(run, report, 1.0)[0]


def main() -> None:
    """Print microseconds per stage for chains and fans of 20, 200 and 2,000 stages."""
    for title, shape in (("chain", chain), ("fan", lambda count: fan(count - 2))):
        for count in (20, 200, 2000):
            best = min(live(shape(count)) for _ in range(max(1, 400 // count)))
            print(f"{title:6} {count:5} stages  {best / count * 1e6:6.1f} us a stage")


if __name__ == "__main__":
    main()
