"""What a run does to the world, and what the world's accidents do to a run."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from orchestrate.core.commands import Cancel, Refused
from orchestrate.engine import asking, catalog, starting
from orchestrate.engine.clock import SteadyClock
from orchestrate.engine.door import Door
from orchestrate.engine.driver import Engine
from orchestrate.engine.layout import Layout
from orchestrate.engine.lock import Taken
from tests.engine.conftest import ANN, Lab


def lives(pid: str) -> bool:
    """Whether a process runs; one that only waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_stages_run_in_order_and_hand_their_outputs_on(lab: Lab) -> None:
    """Outputs of what a stage needs reach its task and its environment (9.1, 9.5)."""
    run_id = lab.start("""
        name: hand-over
        stages:
          - name: build
            run: echo version=1.2.3 >> "$ORCHESTRATE_OUTPUT"
          - name: ship
            env: {VERSION: "${build.version}"}
            run: test "$VERSION" = 1.2.3 && echo "$VERSION" > shipped
    """)
    run = lab.ended(run_id)
    assert run["status"] == "succeeded"
    assert (lab.home / "shipped").read_text() == "1.2.3\n"
    assert lab.stage(run_id, "build")["outputs"] == {"version": "1.2.3"}


def test_ready_stages_run_side_by_side(lab: Lab) -> None:
    """Two stages that wait for each other's file can only end together (3.7)."""
    run_id = lab.start("""
        name: side-by-side
        stages:
          - name: a
            run: "touch a; until test -e b; do sleep 0.02; done"
          - name: b
            depends_on: []
            run: "touch b; until test -e a; do sleep 0.02; done"
    """)
    assert lab.ended(run_id)["status"] == "succeeded"


def test_a_retry_is_told_why_the_last_attempt_failed(lab: Lab) -> None:
    """`ORCHESTRATE_LAST_FAILURE`, and a row for each attempt (5.4)."""
    run_id = lab.start(
        """
        name: again
        stages:
          - name: flaky
            retry: {attempts: 3, delay: 10ms, backoff: constant}
            run: |
              echo "$ORCHESTRATE_ATTEMPT:$ORCHESTRATE_LAST_FAILURE" >> told
              test "$ORCHESTRATE_ATTEMPT" = 2
    """.replace("10ms", "0s")
    )
    assert lab.ended(run_id)["status"] == "succeeded"
    assert (lab.home / "told").read_text().splitlines() == ["1:", "2:it ended with exit code 1"]
    rows = lab.engine.reader.attempts(run_id, "flaky")
    assert [(row["attempt"], row["exit_code"]) for row in rows] == [(1, 1), (2, 0)]


def test_a_timeout_ends_the_whole_tree(lab: Lab) -> None:
    """At the deadline nothing of an agent survives (5.6)."""
    run_id = lab.start("""
        name: slow
        stages:
          - name: stuck
            timeout: 1s
            grace: 1s
            run: "setsid sleep 1000 & echo $! > child; wait"
    """)
    assert lab.ended(run_id)["status"] == "failed"
    assert lab.stage(run_id, "stuck")["reason_code"] == "timeout"
    assert not lives((lab.home / "child").read_text().strip())


def test_a_rollback_runs_the_compensations_backwards(lab: Lab) -> None:
    """Each started stage below the target is undone once, dependents first (8.2)."""
    run_id = lab.start("""
        name: undo
        stages:
          - {name: first, run: "true", rollback: {run: "echo first >> undone"}}
          - {name: second, run: "true", rollback: {run: "echo second >> undone"}}
          - {name: third, run: "exit 3", on_failure: rollback, rollback_to: first}
    """)
    run = lab.ended(run_id)
    assert (run["status"], run["rollbacks"][0]["status"]) == ("failed", "succeeded")
    assert (lab.home / "undone").read_text().splitlines() == ["second", "first"]


def test_cancelling_ends_processes_before_the_run_is_cancelled(lab: Lab) -> None:
    """The run is `cancelled` only when every process is gone (C7)."""
    run_id = lab.start("""
        name: long
        stages:
          - {name: work, grace: 1s, run: "echo $$ > pid; sleep 1000"}
          - {name: after, run: "touch after"}
    """)
    pid = lab.until_file(lab.home / "pid").strip()
    asking.cancel(lab.engine, run_id, by=ANN)
    assert lab.ended(run_id)["status"] == "cancelled"
    assert not lives(pid)
    assert lab.statuses(run_id) == {"work": "cancelled", "after": "cancelled"}
    with pytest.raises(Refused, match="has already been cancelled"):
        asking.cancel(lab.engine, run_id, by=ANN)


def test_agents_work_on_without_a_server_and_are_taken_up_again(lab: Lab) -> None:
    """An engine that comes back hears what ended meanwhile, and nothing runs twice (C3)."""
    run_id = lab.start("""
        name: survive
        stages:
          - {name: long, run: "echo once >> ran; until test -e go; do sleep 0.02; done"}
          - {name: after, run: "echo after >> ran"}
    """)
    lab.until_file(lab.home / "ran")
    lab.engine.close()
    (lab.home / "go").touch()
    lab.open()
    assert lab.ended(run_id)["status"] == "succeeded"
    assert (lab.home / "ran").read_text().splitlines() == ["once", "after"]


def test_a_dead_runner_loses_its_attempts_and_nothing_else(lab: Lab) -> None:
    """What it guarded is ended by the next runner and reported lost; `rerun` runs it again."""
    run_id = lab.start("""
        name: lost
        stages:
          - name: work
            on_lost: rerun
            run: |
              echo $$ >> pids
              test "$ORCHESTRATE_ATTEMPT" = 2 || sleep 1000
    """)
    pid = lab.until_file(lab.home / "pids").strip()
    os.kill(lab.engine._crew.runner.pid, signal.SIGKILL)  # type: ignore[union-attr]
    assert lab.ended(run_id)["status"] == "succeeded"
    assert not lives(pid)
    rows = lab.engine.reader.attempts(run_id, "work")
    assert rows[0]["reason"] == "lost"
    assert len(rows) == 2


def test_a_gate_outlives_the_server(lab: Lab) -> None:
    """An open question is read again after a restart, and can be answered (7.7)."""
    run_id = lab.start("""
        name: gated
        stages:
          - {name: prod, requires_approval: true, approvers: [lead], run: "touch deployed"}
    """)
    lab.until(lambda: lab.run(run_id)["status"] == "waiting_approval")
    lab.engine.close()
    lab.open()
    asking.approve(lab.engine, lab.run(run_id)["approvals"][0]["id"], by=ANN, comment="LGTM")
    assert lab.ended(run_id)["status"] == "succeeded"
    assert (lab.home / "deployed").exists()


def test_a_second_server_on_the_directory_is_refused(lab: Lab) -> None:
    """One server per directory, and the second is told who holds it."""
    second = Engine(Layout(data=lab.home / ".orchestrate", project=lab.home))
    with pytest.raises(Taken, match=rf"process {os.getpid()}"):
        second.open()


def test_an_agent_that_cannot_start_fails_its_stage_with_a_sentence(lab: Lab) -> None:
    """A missing program is an outcome, not an exception."""
    (lab.home / "orchestrate.yaml").write_text("agents: {ghost: {run: [no-such-program]}}\n")
    run_id = lab.start("""
        name: ghostly
        stages: [{name: haunt, agent: ghost}]
    """)
    assert lab.ended(run_id)["status"] == "failed"
    assert lab.stage(run_id, "haunt")["reason_code"] == "start_failed"
    assert "no-such-program" in lab.stage(run_id, "haunt")["reason"]


def test_a_run_keeps_the_agents_it_started_with(lab: Lab) -> None:
    """Definitions are copied into the run: editing them changes no run that has begun."""
    agents = lab.home / "orchestrate.yaml"
    agents.write_text(
        "agents: {a: {run: 'until test -e go; do sleep 0.02; done'}, b: {run: touch old}}\n"
    )
    run_id = lab.start("""
        name: pinned
        stages: [{name: one, agent: a}, {name: two, agent: b}]
    """)
    lab.until(lambda: lab.stage(run_id, "one")["status"] == "running")
    agents.write_text("agents: {a: {run: 'false'}, b: {run: touch new}}\n")
    (lab.home / "go").touch()
    assert lab.ended(run_id)["status"] == "succeeded"
    assert ((lab.home / "old").exists(), (lab.home / "new").exists()) == (True, False)


def test_an_unknown_agent_is_refused_at_the_start(lab: Lab) -> None:
    """A name that nobody defines is a warning when created, a refusal when started."""
    with pytest.raises(Refused) as refusal:
        lab.start("""
            name: unknown
            stages: [{name: one, agent: nobody}]
        """)
    assert "`nobody`" in refusal.value.text
    assert "orchestrate.yaml" in refusal.value.hint


def test_variables_are_checked_before_anything_is_stored(lab: Lab) -> None:
    """Unknown and missing ones are named, with what to do (9.2)."""
    catalog.create(
        lab.engine,
        "name: v\nvariables: {who: null}\nstages: [{name: one, run: 'true'}]\n",
        by=ANN,
    )
    with pytest.raises(Refused, match="needs a value for `who`"):
        starting.start(lab.engine, starting.Order(pipeline="v"), by=ANN)
    order = starting.Order(pipeline="v", variables={"whom": "x"})
    with pytest.raises(Refused, match="has no variable `whom`"):
        starting.start(lab.engine, order, by=ANN)
    assert lab.engine.reader.runs(pipeline="v", status=None, limit=10, before=None) == []


def test_a_rerun_takes_over_what_had_succeeded(lab: Lab) -> None:
    """`--failed` runs what failed and all below it, in a new run."""
    first = lab.start("""
        name: rerun
        stages:
          - {name: build, run: "echo build >> ran; echo v=1 > $ORCHESTRATE_OUTPUT"}
          - {name: check, env: {V: "${build.v}"}, run: "echo check $V >> ran; test -e ok"}
          - {name: ship, run: "echo ship >> ran"}
    """)
    assert lab.ended(first)["status"] == "failed"
    (lab.home / "ok").touch()
    second = starting.rerun(lab.engine, first, failed=True, by=ANN)
    assert lab.ended(second)["status"] == "succeeded"
    ran = (lab.home / "ran").read_text().splitlines()
    assert ran == ["build", "check 1", "check 1", "ship"]
    assert lab.run(first)["status"] == "failed"


def test_the_log_replays_to_the_rows_that_are_shown(lab: Lab) -> None:
    """The run is the fold of its events, and the tables say the same (C2)."""
    run_id = lab.start(
        """
        name: replay
        stages:
          - {name: a, run: "true"}
          - {name: b, when: {branch: main}, run: "true"}
    """,
        event={"branch": "dev"},
    )
    lab.ended(run_id)
    replayed = lab.replayed(run_id)
    assert {name: str(each.status) for name, each in replayed.stages.items()} == lab.statuses(
        run_id
    )
    assert lab.run(run_id)["seq"] == replayed.seq
    reason = lab.stage(run_id, "b")["reason"]
    assert "branch `dev` does not match `main` (line 5)" in reason


def test_what_a_process_sees_is_what_the_contract_says(lab: Lab) -> None:
    """argv, stdin and environment hold what `agents.md` lists, and nothing of the server's."""
    (lab.home / "orchestrate.yaml").write_text(
        "agents: {see: {run: 'env -0 > seen; cat > stdin; cat $ORCHESTRATE_CONTEXT > context'}}\n"
    )
    os.environ["ORCHESTRATE_TEST_SECRET"] = "hidden"
    try:
        run_id = lab.start(
            """
            name: contract
            variables: {environment: staging}
            stages: [{name: one, agent: see, task: "Deploy to ${environment}"}]
            """,
            event={"event": "push", "branch": "main", "title": "$(touch pwned)"},
        )
        lab.ended(run_id)
    finally:
        del os.environ["ORCHESTRATE_TEST_SECRET"]
    seen = dict(
        each.split("=", 1) for each in (lab.home / "seen").read_text().split("\0") if "=" in each
    )
    assert (lab.home / "stdin").read_text() == "Deploy to staging"
    assert seen["environment"] == "staging"
    assert seen["ORCHESTRATE_STAGE"] == "one"
    assert "ORCHESTRATE_TEST_SECRET" not in seen
    context = json.loads((lab.home / "context").read_text())
    assert context["event"]["branch"] == "main"
    assert context["event"]["data"]["title"] == "$(touch pwned)"
    assert not (lab.home / "pwned").exists()


def test_what_is_refused_halfway_leaves_nothing_behind(lab: Lab) -> None:
    """An ask is done wholly or not at all, and its neighbours in the group are spared."""
    run_id = lab.start("""
        name: halves
        stages: [{name: prod, requires_approval: true, run: "true"}]
    """)
    lab.until(lambda: lab.run(run_id)["status"] == "waiting_approval")

    def act(door: Door) -> None:
        door.tell(run_id, Cancel(by=ANN))
        door.tell(run_id, Cancel(by=ANN))  # it has ended by then

    with pytest.raises(Refused):
        lab.engine.perform(act).result()
    assert lab.run(run_id)["status"] == "waiting_approval"
    assert lab.replayed(run_id).seq == lab.run(run_id)["seq"]
    asking.cancel(lab.engine, run_id, by=ANN)
    assert lab.ended(run_id)["status"] == "cancelled"


def test_the_target_of_a_rollback_by_hand_is_undone_by_its_own_agent(lab: Lab) -> None:
    """Even where it does not say how: its agent is asked, in the mode `rollback` (8.3, 8.6)."""
    (lab.home / "orchestrate.yaml").write_text(
        "agents: {porter: {run: 'cat >> told; echo \":$ORCHESTRATE_MODE\" >> told'}}\n"
    )
    run_id = lab.start("""
        name: by-hand
        stages: [{name: carry, agent: porter, task: Carry it}]
    """)
    lab.ended(run_id)
    asking.roll_back(lab.engine, run_id, by=ANN, to="carry", reason="changed our minds")
    run = lab.ended(run_id)
    assert (run["status"], run["rollbacks"][0]["status"]) == ("succeeded", "succeeded")
    told = (lab.home / "told").read_text().splitlines()
    assert told == ["Carry it:run", "Roll back: Carry it:rollback"]
    with pytest.raises(Refused, match="has been rolled back already"):
        asking.roll_back(lab.engine, run_id, by=ANN)


def test_a_wall_clock_that_went_back_stalls_no_timer(lab: Lab) -> None:
    """C5: a server that starts behind what it recorded goes on from there."""
    run_id = lab.start("""
        name: early
        stages: [{name: prod, approvers: [lead], approval: {timeout: 2s}, run: "true"}]
    """)
    lab.until(lambda: lab.run(run_id)["status"] == "waiting_approval")
    recorded = lab.replayed(run_id).last_at
    clock = SteadyClock()
    clock._start -= 3600.0
    assert clock() < recorded
    clock.not_before(recorded)
    assert recorded <= clock() < recorded + 60.0
    assert lab.ended(run_id)["status"] == "failed"
    assert lab.stage(run_id, "prod")["reason_code"] == "approval_expired"


def test_outputs_that_are_nested_without_end_fail_their_attempt(lab: Lab) -> None:
    """They are no record that anybody could read (9.5)."""
    run_id = lab.start("""
        name: deep
        stages:
          - name: dig
            run: |
              python3 -c "print('{\\"a\\":' + '[' * 900 + ']' * 900 + '}')" > $ORCHESTRATE_OUTPUT
    """)
    assert lab.ended(run_id)["status"] == "failed"
    assert lab.stage(run_id, "dig")["reason_code"] == "output_schema"
    assert "nested too deeply" in lab.stage(run_id, "dig")["reason"]
