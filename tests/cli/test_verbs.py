"""Every verb against a running server: what it prints, in every form, and how it ends."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Project

TWO = "- {name: build, run: 'echo built'}\n- {name: test, run: 'echo tested'}"
GATE = """
- {name: build, run: 'true'}
- {name: deploy, run: 'true', requires_approval: true, approvers: [team-lead]}
"""


def test_create_list_show_history(served: Project) -> None:
    head = "description: two steps\ntriggers: [{event: push}]\n"
    done = served.ask("pipeline", "create", served.pipeline("verbs", TWO, head))
    assert done.out == "created verbs, revision 1\n"
    assert done.err == "run it: orchestrate pipeline run verbs\n"
    listed = served.ask("pipeline", "list").out
    assert listed.splitlines()[0].split()[:3] == ["NAME", "ENABLED", "REVISION"]
    row = next(line for line in listed.splitlines() if line.startswith("verbs "))
    assert row.split() == ["verbs", "yes", "1", "push", "two", "steps"]
    shown = served.ask("pipeline", "show", "verbs")
    assert shown.out == (served.root / "verbs.yaml").read_text()
    assert shown.err == "verbs: revision 1, enabled\n"
    empty = served.ask("pipeline", "history", "verbs")
    assert empty.out == ""
    assert empty.err == "`verbs` has not run yet; run it: orchestrate pipeline run verbs\n"


def test_the_three_forms(served: Project) -> None:
    served.create("forms", TWO)
    as_json = served.ask("pipeline", "show", "forms", "-o", "json")
    assert (as_json.json["name"], as_json.err) == ("forms", "")
    page = served.ask("pipeline", "list", "-o", "json").json
    assert set(page) == {"items", "next"}
    as_yaml = served.ask("pipeline", "show", "forms", "--output", "yaml").out
    assert "name: forms\n" in as_yaml
    assert "definition: |\n  name: forms\n" in as_yaml
    assert "'xml' is not one of" in served.ask("pipeline", "list", "-o", "xml", code=2).err


def test_show_a_graph_and_an_earlier_revision(served: Project) -> None:
    served.create("graphs", TWO)
    file = served.pipeline("graphs", GATE + "- {name: docs, run: 'true', depends_on: build}")
    assert served.ask("pipeline", "update", "graphs", file).out == "updated graphs, revision 2\n"
    assert served.ask("pipeline", "show", "graphs", "--graph").out.splitlines()[1:] == [
        "●    build   run: true",
        "├─╮",
        "● │  deploy  run: true  ◆ approval by 1 of team-lead  build",
        "  ●  docs    run: true                                build",
    ]
    assert "deploy" not in served.ask("pipeline", "show", "graphs", "--revision", 1).out
    first = served.ask("pipeline", "show", "graphs", "--revision", 1, "--graph").out
    assert first.splitlines()[1:] == [
        "●  build  run: echo built",
        "●  test   run: echo tested  build",
    ]
    assert served.ask("pipeline", "show", "graphs", "--revision", 9, code=5).err == (
        "error: there is no revision 9 of a pipeline `graphs`\n"
    )


def test_what_is_not_valid_is_drawn_and_not_stored(served: Project) -> None:
    file = served.pipeline("faulty", "- {name: a, run: 'true', tiemout: 3m}")
    expected = (
        " --> faulty.yaml:3:28\n"
        "  |\n"
        "3 |   - {name: a, run: 'true', tiemout: 3m}\n"
        "  |                            ^^^^^^^\n"
    )
    for words in (("create", file), ("update", "faulty", file), ("run", file)):
        done = served.ask("pipeline", *words, code=2)
        assert done.out == ""
        assert expected in done.err
        assert "timeout" in done.err  # did you mean
        assert done.err.endswith(
            "error: faulty.yaml is not valid: 1 error\n  help: correct it; nothing was stored\n"
        )
    assert served.ask("pipeline", "show", "faulty", code=5).out == ""


def test_validate_says_everything_of_each_file(served: Project) -> None:
    good = served.pipeline("good", TWO)
    bad = served.pipeline("bad", "- {name: a, run: 'true', when: 3}\n- {name: a, run: 'true'}")
    assert served.ask("pipeline", "validate", good).out == "good.yaml: valid\n"
    done = served.ask("pipeline", "validate", good, bad, code=2)
    assert done.out.startswith("good.yaml: valid\n")
    assert "--> bad.yaml:3:" in done.out
    assert "--> bad.yaml:4:" in done.out
    assert done.out.splitlines()[-1] == "bad.yaml: not valid (2 errors)"
    answers = served.ask("pipeline", "validate", good, bad, "-o", "json", code=2).json["items"]
    assert [(each["file"], each["valid"]) for each in answers] == [
        ("good.yaml", True),
        ("bad.yaml", False),
    ]
    assert len(answers[1]["diagnostics"]) == 2
    one = served.ask("pipeline", "validate", "-", "-o", "json", given="name: x\n", code=2).json
    assert (one["file"], one["valid"]) == ("-", False)


def test_a_warning_is_shown_and_hinders_nothing(served: Project) -> None:
    file = served.pipeline("warned", "- {name: a, agent: nobody-knows}")
    done = served.ask("pipeline", "create", file)
    assert done.out == "created warned, revision 1\n"
    assert "warning[" in done.err
    assert "--> warned.yaml:3:" in done.err


def test_enable_disable_force(served: Project) -> None:
    served.create("switched", TWO)
    assert served.ask("pipeline", "disable", "switched").out == "disabled switched\n"
    refused = served.ask("pipeline", "run", "switched", code=6)
    assert refused.err == (
        "error: `switched` is disabled\n  help: enable it, or run it all the same with --force\n"
    )
    served.ask("pipeline", "run", "switched", "--force")
    assert served.ask("pipeline", "enable", "switched", "-o", "json").json["enabled"] is True


def test_delete_is_refused_while_runs_live(served: Project) -> None:
    served.create("deleted", GATE)
    run = served.ask("pipeline", "run", "deleted", "--detach", "-o", "json").json["id"]
    assert (
        "has runs that are not at rest" in served.ask("pipeline", "delete", "deleted", code=6).err
    )
    done = served.ask("pipeline", "delete", "deleted", "--force")
    assert (done.out, done.err) == ("", "deleted deleted; its runs stay on record\n")
    assert served.ask("pipeline", "status", run, "-o", "json").json["pipeline"] == "deleted"
    served.ask("pipeline", "cancel", run)


def test_names_that_are_taken_or_missing(served: Project) -> None:
    file = served.pipeline("taken", TWO)
    served.ask("pipeline", "create", file)
    assert served.ask("pipeline", "create", file, code=6).err == (
        "error: there is already a pipeline `taken`\n"
        "  help: change it: orchestrate pipeline update taken FILE\n"
    )
    for words in (("show",), ("history",), ("delete",), ("enable",), ("disable",), ("run",)):
        done = served.ask("pipeline", *words, "no-such", code=5)
        assert done.err.startswith("error: there is no pipeline `no-such`\n")
    for words in (("status",), ("cancel",), ("rollback",), ("rerun",), ("logs",), ("why",)):
        assert served.ask("pipeline", *words, 999_999, code=5).err.startswith(
            "error: there is no run 999999\n"
        )
    assert served.ask("pipeline", "create", "none.yaml", code=5).err == (
        "error: none.yaml cannot be read: No such file or directory\n"
    )


def test_status_logs_why(served: Project) -> None:
    stages = """
    - {name: build, run: 'echo one; echo two'}
    - {name: docs, when: {branch: release}, run: 'true'}
    - {name: test, depends_on: build, run: 'echo boom; exit 3'}
    - {name: deploy, run: 'true'}
    """
    served.create("looked", "\n".join(line.strip() for line in stages.splitlines()))
    run = served.ask("pipeline", "run", "looked", "--branch", "main", "-o", "json", code=1).json[
        "id"
    ]
    lines = served.ask("pipeline", "status", run).out.splitlines()
    assert lines[0].startswith(f"run {run}  looked  ✖ failed  ")
    assert lines[1] == "  stage `test` failed: it ended with exit code 3"
    assert any(line.startswith("◌") and "docs" in line and "skipped" in line for line in lines)
    assert served.ask("pipeline", "logs", run).out == "build | one\nbuild | two\ntest | boom\n"
    assert served.ask("pipeline", "logs", run, "build").out == "one\ntwo\n"
    kept = served.ask("pipeline", "logs", run, "-o", "json").json["items"]
    assert kept[0] == {"stage": "build", "attempt": 1, "mode": "run", "text": "one\ntwo\n"}
    none = served.ask("pipeline", "logs", run, "docs")
    assert (none.out, none.err) == ("", "nothing was written\n")
    assert served.ask("pipeline", "logs", run, "nope", code=5).err == (
        f"error: run {run} has no stage `nope`\n  help: its stages: build, docs, test, deploy\n"
    )
    why = served.ask("pipeline", "why", run, "deploy").out
    assert why.startswith("deploy  ◌ skipped  because of test\n")
    assert "  the cause is `test`: it ended with exit code 3\n" in why
    whole = served.ask("pipeline", "why", run).out
    assert whole.startswith(f"run {run}  ✖ failed\n")
    assert "branch `main` does not match `release`" in whole
    assert served.ask("pipeline", "status", run, "--watch", code=1).out.startswith(f"run {run} ")


def test_control_sequences_of_an_agent_stay_out(served: Project) -> None:
    hostile = r"- {name: a, run: 'printf \"\\033]0;owned\\007\\033[2J\\033[31mred\\033[0m\\n\"'}"
    served.create("hostile", hostile.replace(r"\"", '"').replace(r"\\", "\\"))
    done = served.ask("pipeline", "run", "hostile")
    run = served.ask("pipeline", "history", "hostile", "-o", "json").json["items"][0]["id"]
    assert "a | red\n" in done.out
    assert served.ask("pipeline", "logs", run, "a").out == "red\n"
    assert "\x1b" not in done.out + done.err


def test_a_plan_stores_nothing(served: Project) -> None:
    stages = """
- {name: build, run: 'true'}
- {name: docs, run: 'true', when: {branch: release}}
- {name: deploy, depends_on: build, run: 'true', environment: prod, requires_approval: true,
   approvers: [team-lead]}
"""
    file = served.pipeline("planned", stages)
    done = served.ask("pipeline", "run", file, "--dry-run", "--branch", "main")
    assert "wave 1\n  ✔ build  runs\n" in done.out
    assert "◌ docs  is skipped: branch `main` does not match `release`" in done.out
    assert "approval: 1 of team-lead; after 1d 00h without an answer: rejected\n" in done.out
    assert done.out.endswith("3 stages: 2 would run, 1 would be skipped; nothing was stored\n")
    served.ask("pipeline", "show", "planned", code=5)
    served.ask("pipeline", "create", file)
    plan = served.ask("pipeline", "run", "planned", "--dry-run", "-o", "json").json
    assert plan["waves"] == [["build"], ["docs", "deploy"]]
    assert served.ask("pipeline", "history", "planned", "-o", "json").json["items"] == []


def test_variables_and_facts_reach_the_run(served: Project) -> None:
    served.write("event.json", json.dumps({"event": "pull_request.merged", "branch": "old"}))
    head = "variables: {level: low, name: null}\n"
    served.create("facts", "- {name: a, run: 'echo $level $name'}", head)
    missing = served.ask("pipeline", "run", "facts", code=2).err
    assert missing == (
        "error: `facts` needs a value for `name`\n  help: give it: --var name=VALUE\n"
    )
    words = [
        "--var",
        "level=high",
        "--var",
        "name=x y",
        "--event",
        "event.json",
        "--branch",
        "main",
    ]
    words += ["--path", "src/a.py", "--path", "b", "--label", "urgent"]
    done = served.ask("pipeline", "run", "facts", *words, "-o", "json").json
    assert done["variables"] == {"level": "high", "name": "x y"}
    facts = done["facts"]
    assert (facts["event"], facts["branch"]) == ("pull_request.merged", "main")
    assert (facts["paths"], facts["labels"]) == (["src/a.py", "b"], ["urgent"])
    assert served.ask("pipeline", "logs", done["id"], "a").out == "high x y\n"


def test_agents(served: Project) -> None:
    served.write(
        "orchestrate.yaml",
        "agents:\n  echoer: {run: 'cat', description: says it again}\n  broken: {kind: nothing}\n",
    )
    lines = served.ask("agent", "list").out.splitlines()
    assert lines[0].split() == ["NAME", "KIND", "DEFINED", "IN", "DESCRIPTION"]
    assert any(line.startswith("echoer ") and "says it again" in line for line in lines)
    shown = served.ask("agent", "show", "echoer").out
    assert "kind: command\n" in shown
    assert served.ask("agent", "show", "ecoher", code=5).err == (
        "error: no agent is called `ecoher`\n  help: did you mean `echoer`?\n"
    )
    done = served.ask("agent", "test", "echoer", "--task", "hello")
    assert "test | hello" in done.out
    assert "cannot run" in served.ask("agent", "test", "broken", code=2).err
    assert "agent-test" not in served.ask("pipeline", "list").out


def test_tokens(served: Project) -> None:
    made = served.ask("token", "create", "--scope", "read", "--ttl", "30d", "-o", "json").json
    assert made["scopes"] == ["read"]
    url = served.running[0].until("http://").split()[-1]
    elsewhere = {"ORCHESTRATE_SERVER": url, "ORCHESTRATE_TOKEN": made["token"]}
    assert served.ask("pipeline", "list", **elsewhere).code == 0
    denied = served.ask("pipeline", "delete", "x", code=6, **elsewhere)
    assert denied.err.startswith("error: this needs the scope `write`")
    assert served.ask("pipeline", "list", "--server", url, code=6).err.startswith("error: ")
    assert served.ask("token", "create", "--ttl", "soon", code=2).err.startswith(
        "error: `--ttl soon` is no duration\n"
    )
    assert served.ask("token", "create", "--scope", "everything", code=2).out == ""


def test_schema_and_doctor(served: Project) -> None:
    assert served.ask("schema").json["$schema"].startswith("https://json-schema.org/")
    found = served.ask("doctor", "-o", "json").json
    assert found["ok"] is True
    verdicts = {each["about"]: each["verdict"] for each in found["items"]}
    assert verdicts["server"] == verdicts["database"] == verdicts["data"] == "ok"
    assert served.ask("doctor").out.endswith("\nall is well\n")


def test_doctor_says_that_the_data_cannot_be_written(project: Project) -> None:
    """A directory in the place of the lock refuses everybody, as a read-only disk does."""
    (project.data / "server.lock").mkdir()
    found = project.ask("doctor", "-o", "json", code=1).json["items"]
    (runner,) = [each for each in found if each["about"] == "runner"]
    assert runner["verdict"] == "wrong"
    assert runner["text"].startswith("no agent can be started: ")
    assert "server.lock" in runner["text"]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["pipelin"], "no such command 'pipelin'"),
        (["pipeline", "stauts", "1"], "no such command 'stauts'"),
        (["pipeline", "status"], "missing argument 'RUN'"),
        (["pipeline", "status", "x"], "invalid value for 'RUN'"),
        (["pipeline", "list", "--nope"], "no such option"),
        (["approval", "reject", "1"], "missing option '--reason'"),
        (["pipeline", "rerun", "1", "--failed", "--from", "a"], "--from and --failed exclude"),
    ],
)
def test_usage(served: Project, words: list[str], error: str) -> None:
    done = served.ask(*words, code=2)
    assert done.out == ""
    assert error in done.err
    assert "--help" in done.err


def test_help_names_every_command_and_imports_none(served: Project) -> None:
    shown = served.ask("--help").out
    assert all(each in shown for each in ("pipeline", "approval", "agent", "serve", "doctor"))
    assert "--no-wait-approval" in served.ask("pipeline", "run", "--help").out
    assert served.ask("--version").out == "0.1.0\n"
