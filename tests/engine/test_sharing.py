"""What runs share: environments, one at a time, and concurrency groups (10.7, 10.8)."""

from __future__ import annotations

from orchestrate.engine import asking
from tests.engine.conftest import ANN, Lab

DEPLOY = """
    name: {name}
    stages:
      - name: deploy
        environment: production
        run: "echo + >> log; until test -e go; do sleep 0.01; done; sleep 0.05; echo - >> log"
        rollback: {{run: "true"}}
"""
GROUPED = """
    name: {name}
    concurrency: {{group: "deploy-${{event.branch}}", limit: 1, on_conflict: {conflict}}}
    stages:
      - {{name: work, grace: 1s, run: "until test -e go; do sleep 0.01; done"}}
"""


def test_one_deployment_at_a_time_whatever_the_pipeline(lab: Lab) -> None:
    """Four runs of two pipelines want one environment; their work never overlaps (10.8)."""
    names = ["one", "two", "one", "two"]
    runs = [lab.start(DEPLOY.format(name=name)) for name in names]
    lab.until(lambda: lab.stage(runs[0], "deploy")["status"] == "running")
    waiting = lab.stage(runs[1], "deploy")
    assert waiting["status"] == "pending"
    assert waiting["reason_code"] == "environment"
    assert f"stage `deploy` of run {runs[0]} has it" in waiting["reason"]
    (lab.home / "go").touch()
    for run in runs:
        assert lab.ended(run)["status"] == "succeeded"
    assert (lab.home / "log").read_text().split() == ["+", "-"] * 4
    started = [lab.stage(run, "deploy")["started_at"] for run in runs]
    assert started == sorted(started), "first come, first served"


def test_who_waits_for_an_environment_survives_a_restart(lab: Lab) -> None:
    """What runs have and want is read from the runs themselves."""
    runs = [lab.start(DEPLOY.format(name="one")) for _ in range(2)]
    lab.until(lambda: lab.stage(runs[1], "deploy")["reason_code"] == "environment")
    lab.engine.close()
    lab.open()
    third = lab.start(DEPLOY.format(name="one"))
    assert lab.stage(third, "deploy")["reason_code"] == "environment"
    (lab.home / "go").touch()
    for run in (*runs, third):
        assert lab.ended(run)["status"] == "succeeded"
    assert (lab.home / "log").read_text().split() == ["+", "-"] * 3


def test_a_cancelled_waiter_leaves_the_line(lab: Lab) -> None:
    """Who waited behind it comes next."""
    runs = [lab.start(DEPLOY.format(name="one")) for _ in range(3)]
    lab.until(lambda: lab.stage(runs[2], "deploy")["reason_code"] == "environment")
    asking.cancel(lab.engine, runs[1], by=ANN)
    assert lab.ended(runs[1])["status"] == "cancelled"
    (lab.home / "go").touch()
    assert lab.ended(runs[2])["status"] == "succeeded"


def test_a_queued_run_is_pending_and_says_for_whom(lab: Lab) -> None:
    """`queue`: in order, one after the other; another group does not wait (10.7)."""
    text = GROUPED.format(name="queued", conflict="queue")
    first, second, third = (lab.start(text, event={"branch": "main"}) for _ in range(3))
    other = lab.start(text, event={"branch": "dev"})
    lab.until(lambda: lab.run(first)["status"] == "running")
    assert lab.run(second)["status"] == "pending"
    assert f"waits for run {first} (concurrency group `deploy-main`)" in lab.run(second)["reason"]
    lab.until(lambda: lab.run(other)["status"] == "running")
    lab.engine.close()
    lab.open()
    assert lab.run(third)["status"] == "pending"
    (lab.home / "go").touch()
    for run in (first, second, third, other):
        assert lab.ended(run)["status"] == "succeeded"
    assert lab.run(second)["started_at"] >= lab.run(first)["completed_at"]
    assert lab.run(third)["started_at"] >= lab.run(second)["completed_at"]


def test_a_newer_run_replaces_those_that_have_not_begun(lab: Lab) -> None:
    """`replace_pending`: what runs goes on, what waited is cancelled (10.7)."""
    text = GROUPED.format(name="replaced", conflict="replace_pending")
    first, second, third = (lab.start(text, event={"branch": "main"}) for _ in range(3))
    assert lab.ended(second)["status"] == "cancelled"
    assert f"run {third} takes its place" in lab.run(second)["reason"]
    (lab.home / "go").touch()
    assert [lab.ended(run)["status"] for run in (first, third)] == ["succeeded"] * 2


def test_a_newer_run_cancels_what_runs_and_begins_when_it_is_gone(lab: Lab) -> None:
    """`cancel_running`: its processes are gone before the next run starts (10.7, C7)."""
    text = GROUPED.format(name="cancelled", conflict="cancel_running")
    first = lab.start(text, event={"branch": "main"})
    lab.until(lambda: lab.stage(first, "work")["status"] == "running")
    second = lab.start(text, event={"branch": "main"})
    assert lab.ended(first)["status"] == "cancelled"
    (lab.home / "go").touch()
    assert lab.ended(second)["status"] == "succeeded"
    assert lab.run(second)["started_at"] >= lab.run(first)["completed_at"]
