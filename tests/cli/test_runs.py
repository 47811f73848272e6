"""Following a run: with a server, and where the command itself is the server; every exit code."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.cli.conftest import COMMAND, WAIT_S, Project, eventually

GATE = """
- {name: build, run: 'echo built'}
- {name: deploy, run: 'echo deployed', requires_approval: true, approvers: [team-lead]}
"""
LONG = "- {name: work, run: 'echo begun; exec sleep 600'}"


@pytest.fixture(params=["in process", "server"])
def either(request: pytest.FixtureRequest) -> Project:
    """The same story must hold with a server and without."""
    name = "project" if request.param == "in process" else "served"
    found: Project = request.getfixturevalue(name)
    return found


def plain(text: str) -> str:
    """Without the times, which are nobody's to know."""
    return re.sub(r"\d\d:\d\d:\d\d", "TT", re.sub(r"\d+\.\d+s|\b\d+s", "T", text))


def test_a_run_is_told_line_by_line(either: Project) -> None:
    stages = """
- {name: build, run: 'echo one; echo two'}
- {name: test, run: 'exit $((2 - $ORCHESTRATE_ATTEMPT))', retry: {attempts: 2, delay: 0.1s}}
"""
    file = either.pipeline("told", stages)
    done = either.ask("pipeline", "run", file)
    lines = plain(done.out).splitlines()
    assert re.fullmatch(r"TT         run \d+ created \(manual, by \w+\)", lines[0])
    assert lines[1:10] == [
        "TT  build  started (attempt 1)",
        "build | one",
        "build | two",
        "TT  build  succeeded",
        "TT  test   started (attempt 1)",
        "TT  test   attempt 1 failed: it ended with exit code 1; attempt 2 follows",
        "TT  test   started (attempt 2)",
        "TT  test   succeeded",
        "TT         run succeeded",
    ]
    assert lines[-2:] == ["✔  build  succeeded  T", "✔  test   succeeded  T     attempt 2"]
    assert done.err == ""


def test_the_exit_code_says_how_it_ended(either: Project) -> None:
    failing = either.pipeline("failing", "- {name: a, run: 'exit 7'}")
    assert "run failed" in either.ask("pipeline", "run", failing, code=1).out
    tolerated = either.pipeline("tolerated", "- {name: a, run: 'exit 7', on_failure: continue}")
    assert "1 failure tolerated" in either.ask("pipeline", "run", tolerated, code=0).out


def test_many_may_run_one_file_at_once(either: Project) -> None:
    """One of them creates the pipeline; the others find it."""
    file = either.pipeline("together", "- {name: a, run: 'true'}")
    running = [either.start("pipeline", "run", file) for _ in range(6)]
    done = [each.wait() for each in running]
    assert [each.code for each in done] == [0] * 6, done
    assert either.ask("pipeline", "show", "together", "-o", "json").json["revision"] == 1


def test_a_run_that_is_cancelled_meanwhile(either: Project) -> None:
    running = either.start("pipeline", "run", either.pipeline("cancelled", LONG))
    run = running.until(" created ").split()[2]
    running.until("work | begun")
    done = either.ask("pipeline", "cancel", run, "--reason", "not today")
    assert done.out in (f"run {run} is cancelled\n", f"run {run} is being ended\n")
    ended = running.wait()
    assert ended.code == 4
    assert "not today" in ended.out
    assert either.ask("pipeline", "cancel", run, code=6).err.startswith(f"error: run {run} ")


def test_json_is_the_run_at_its_end(either: Project) -> None:
    done = either.ask(
        "pipeline", "run", either.pipeline("asjson", GATE.split("\n")[1]), "-o", "json"
    )
    assert (done.json["status"], done.err) == ("succeeded", "")


def test_a_gate_stops_where_nobody_is_waited_for(either: Project) -> None:
    file = either.pipeline("gated", GATE)
    done = either.ask("pipeline", "run", file, "--no-wait-approval", code=3)
    left = r"deploy waits for approval (\d+): 1 of team-lead; (23h 59m|1d 00h) left, then rejected"
    asked = re.search(left, done.err)
    assert asked, done.err
    number = asked[1]
    run = re.search(r"run (\d+) created", done.out)
    assert run
    assert f"  approve: orchestrate approval approve {number}\n" in done.err
    assert f"go on with: orchestrate pipeline status {run[1]} --watch\n" in done.err
    answer = either.ask("approval", "approve", number, "--comment", "LGTM")
    assert answer.out == f"approval {number} of deploy (run {run[1]}): approved\n"
    done = either.ask("pipeline", "status", run[1], "--watch")
    assert "✔  deploy  succeeded" in done.out


def test_a_gate_is_answered_from_another_terminal(either: Project) -> None:
    running = either.start("pipeline", "run", either.pipeline("waiting", GATE))
    number = running.until("approve: orchestrate approval approve").split()[-1]
    shown = either.ask("approval", "show", number)
    assert "run: echo deployed" in shown.out
    assert f"orchestrate approval approve {number}\n" in shown.err
    either.ask("approval", "approve", number)
    done = running.wait()
    assert done.code == 0
    assert "deploy | deployed" in done.out


def test_a_rejection_fails_the_run(either: Project) -> None:
    running = either.start("pipeline", "run", either.pipeline("rejected", GATE))
    number = running.until("approve: orchestrate approval approve").split()[-1]
    done = either.ask("approval", "reject", number, "--reason", "Needs more testing")
    assert done.out.endswith(": rejected\n")
    assert running.wait().code == 1
    late = either.ask("approval", "approve", number, code=6)
    assert late.err.startswith("error: ")
    assert "rejected" in late.err


def test_approvals_in_lists(either: Project) -> None:
    running = either.start("pipeline", "run", either.pipeline("listed", GATE))
    number = running.until("approve: orchestrate approval approve").split()[-1]
    rows = either.ask("approval", "list", "--pending").out.splitlines()
    assert rows[0].split() == ["ID", "STATUS", "RUN", "PIPELINE", "STAGE", "WHO", "LEFT"]
    row = next(line.split() for line in rows if line.startswith(f"{number} "))
    assert (row[1:3], row[4:6]) == (["◆", "pending"], ["listed", "deploy"])
    assert int(number) in [
        each["id"] for each in either.ask("approval", "list", "--mine", "-o", "json").json["items"]
    ]
    given = either.ask("approval", "delegate", number, "--to", "bob@example.com")
    assert "delegated to bob@example.com" in given.out
    refused = either.ask("approval", "approve", number, code=6)
    assert "has given this vote to bob@example.com" in refused.err
    either.ask(
        "pipeline", "cancel", either.ask("approval", "show", number, "-o", "json").json["run_id"]
    )
    assert running.wait().code == 4
    pending = either.ask("approval", "list", "--pending", "-o", "json").json["items"]
    assert int(number) not in [each["id"] for each in pending]
    shown = either.ask("approval", "list").out
    assert any(line.startswith(f"{number} ") and "withdrawn" in line for line in shown.splitlines())


def test_rollback_and_rerun(either: Project) -> None:
    stages = """
- {name: build, run: 'true'}
- {name: deploy, run: 'true', environment: prod, rollback: {run: 'echo undone'}}
- {name: smoke, run: 'test ! -e broken', on_failure: rollback, rollback_to: deploy}
"""
    file = either.pipeline("undone", stages)
    either.write("broken", "")
    failed = either.ask("pipeline", "run", file, "-o", "json", code=1).json
    assert failed["rollback"]["status"] == "succeeded"
    (either.root / "broken").unlink()
    again = either.ask("pipeline", "rerun", failed["id"], "--failed", "-o", "json").json
    assert again["rerun_of"] == failed["id"]
    either.ask("pipeline", "status", again["id"], "--watch")
    whole = either.ask("pipeline", "rerun", again["id"], "--from", "smoke", "-o", "json").json
    either.ask("pipeline", "status", whole["id"], "--watch")
    back = either.ask("pipeline", "rollback", again["id"], "--to", "deploy", "--reason", "no")
    assert back.out.startswith(f"rollback of run {again['id']}: ")

    def undo() -> bool:
        found = either.ask("pipeline", "status", again["id"], "-o", "json").json
        return (found["status"], found["rollback"]["status"]) == ("succeeded", "succeeded")

    eventually(undo, "the rollback's end")
    shown = either.ask("pipeline", "status", again["id"]).out
    assert "rollback to deploy (manual by " in shown
    assert "undone" in shown
    twice = either.ask("pipeline", "rollback", again["id"], code=6)
    assert twice.err.startswith("error: ")


def test_logs_are_followed_to_the_end_of_a_stage(served: Project) -> None:
    stages = "- {name: work, run: 'echo begun; until test -e go; do sleep 0.05; done; echo over'}"
    run = served.ask(
        "pipeline", "run", served.pipeline("followed", stages), "--detach", "-o", "json"
    ).json["id"]
    running = served.start("pipeline", "logs", run, "work", "--follow")
    running.until("begun")
    served.write("go", "")
    done = running.wait()
    assert (done.code, done.out, done.err) == (0, "begun\nover", "")


def test_a_reader_that_leaves_is_no_fault(either: Project) -> None:
    """`orchestrate pipeline run ... | head -1`: not a word, and nothing is left in disorder."""
    file = either.pipeline("piped", "- {name: a, run: 'yes | head -n 5000'}")
    process = subprocess.Popen(
        [*COMMAND, "pipeline", "run", file], cwd=either.root, env=either.environ(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert " created " in process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(WAIT_S) == 1
    assert either.ask("pipeline", "history", "piped", "-o", "json").json["items"]
