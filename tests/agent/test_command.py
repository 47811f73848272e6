"""A definition and an attempt's facts become a process: clean, bounded, and never by injection."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from orchestrate.agent.command import launch
from orchestrate.agent.definitions import define
from orchestrate.agent.environment import ENVIRONMENT_BYTES_MAX, VALUE_BYTES_MAX
from orchestrate.agent.facts import AttemptFacts, CannotStart
from orchestrate.agent.process import Launch

SERVER = {
    "PATH": os.defpath,
    "HOME": "/nowhere",
    "LANG": "C.UTF-8",
    "https_proxy": "http://proxy.example:3128",
    "AWS_SECRET_ACCESS_KEY": "not for agents",
    "ORCHESTRATE_TOKEN": "not for agents either",
    "SSH_AUTH_SOCK": "/tmp/agent.sock",
    "DEPLOY_TOKEN": "s3cret-enough",
}
EVIL = "$(touch evil) `touch evil`; touch evil #'\"\n\\"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "services/web").mkdir(parents=True)
    return tmp_path


def start(project: Path, definition: dict[str, Any] | None = None, **facts: Any) -> Launch:
    server = facts.pop("server", SERVER)
    attempt = AttemptFacts(
        **{
            "run_id": 7,
            "pipeline": "release",
            "stage": "deploy",
            "attempt": 1,
            "project": str(project),
            **facts,
        }
    )
    who = None if definition is None else define("deployer", definition, "orchestrate.yaml:2")
    return launch(who, attempt, key="7-deploy-1", home=server)


def refusal(project: Path, definition: dict[str, Any] | None = None, **facts: Any) -> str:
    with pytest.raises(CannotStart) as refused:
        start(project, definition, **facts)
    assert refused.value.reason == "config"
    return refused.value.text


def really(one: Launch, directory: Path) -> subprocess.CompletedProcess[str]:
    """Run it as the guard would, with the attempt's files in `directory`."""
    directory.mkdir()
    (directory / "context.json").write_text(one.context)
    env = {**one.env, "ORCHESTRATE_CONTEXT": str(directory / "context.json")}
    return subprocess.run(
        one.argv, env=env, cwd=one.cwd, input=one.stdin, capture_output=True, text=True, check=False
    )


# ── what is started ──────────────────────────────────────────────────────────────────────────────


def test_a_command_is_started_in_the_project_with_its_task_on_standard_input(
    project: Path,
) -> None:
    one = start(project, {"run": "cat -"}, task="Deploy the thing\n")
    assert (one.argv, one.cwd, one.stdin) == (("cat", "-"), str(project), "Deploy the thing\n")
    assert one.key == "7-deploy-1"


def test_an_agent_may_have_a_task_for_stages_that_have_none(project: Path) -> None:
    definition = {"run": "cat", "task": "Look around"}
    assert start(project, definition).stdin == "Look around"
    assert json.loads(start(project, definition).context)["task"] == "Look around"
    assert start(project, definition, task="Deploy").stdin == "Deploy"


def test_a_list_of_words_is_started_as_it_is(project: Path) -> None:
    run = ["printf", "%s", "$HOME; ls"]
    assert start(project, {"run": run}).argv == tuple(run)


def test_anything_but_a_simple_command_is_for_a_shell_that_stops_at_the_first_failure(
    project: Path, tmp_path: Path
) -> None:
    one = start(project, {"run": "false\necho never"})
    assert one.argv[1:] == ("-e", "-c", "false\necho never")
    done = really(one, tmp_path / "attempt")
    assert (done.returncode, done.stdout) == (1, "")


def test_a_stage_may_have_a_command_of_its_own(project: Path) -> None:
    """Without an agent, or in place of what its agent runs."""
    assert start(project, run="ls -l").argv == ("ls", "-l")
    assert start(project, {"run": "true"}, run="ls -l").argv == ("ls", "-l")


def test_nothing_from_outside_is_ever_part_of_what_is_started(
    project: Path, tmp_path: Path
) -> None:
    """Given hostile text everywhere it can stand, the command sees it as data, and only so."""
    text = 'printf %s "$title"; printf %s "$note"; cat'
    one = start(
        project,
        {"run": text},
        task=EVIL,
        variables={"title": EVIL},
        env={"note": EVIL},
        last_failure=EVIL,
        context={"event": {"title": EVIL}},
    )
    assert one.argv == ("bash", "-e", "-c", text)
    done = really(one, tmp_path / "attempt")
    assert done.stdout == EVIL * 3
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize(
    ("definition", "facts", "text"),
    [
        (None, {}, "neither the stage nor its agent says what to run"),
        (None, {"run": "\n"}, "neither the stage nor its agent says what to run"),
        (
            {"kind": "claude"},
            {},
            "agent `deployer` (orchestrate.yaml:2): agents of kind `claude` are not runnable yet",
        ),
        (
            {"run": "x", "workspace": "run"},
            {},
            "agent `deployer` (orchestrate.yaml:2): `workspace: run` is not available yet",
        ),
        (
            None,
            {"run": "x" * 100_001},
            (
                "`run` must be text without NUL, of at most 100000 bytes; "
                "put it into a script and run that"
            ),
        ),
        (
            None,
            {"run": "a\0b"},
            (
                "`run` must be text without NUL, of at most 100000 bytes; "
                "put it into a script and run that"
            ),
        ),
    ],
)
def test_what_cannot_be_started_is_refused_with_a_way_out(
    project: Path, definition: dict[str, Any] | None, facts: dict[str, Any], text: str
) -> None:
    assert refusal(project, definition, **facts) == text


# ── where ────────────────────────────────────────────────────────────────────────────────────────


def test_cwd_is_a_place_inside_the_project(project: Path) -> None:
    one = start(project, {"run": "pwd", "cwd": "services/web"})
    assert one.cwd == str(project / "services/web")
    assert one.env["PWD"] == one.cwd
    assert one.env["ORCHESTRATE_WORKSPACE"] == str(project)


def test_cwd_cannot_leave_the_project_by_a_link(project: Path) -> None:
    (project / "out").symlink_to("/")
    assert refusal(project, {"run": "ls", "cwd": "out/tmp"}) == (
        "`cwd: out/tmp` leads out of the project"
    )


def test_a_cwd_that_is_not_there_is_said(project: Path) -> None:
    assert refusal(project, {"run": "ls", "cwd": "no"}) == "`cwd: no` is no directory"
    assert refusal(project / "gone", {"run": "ls"}) == (
        f"the project's directory {project}/gone is no directory"
    )


@pytest.mark.parametrize("run", ["pwd; ls -A", ["sh", "-c", "pwd; ls -A"]])
def test_workspace_none_is_an_empty_directory_of_the_attempts_own(
    project: Path, tmp_path: Path, run: object
) -> None:
    one = start(project, {"run": run, "workspace": "none"})
    done = really(one, tmp_path / "attempt")
    assert done.stdout == f"{tmp_path}/attempt/workspace\n"
    assert one.cwd == "/"


def test_workspace_none_is_told_to_the_command(project: Path, tmp_path: Path) -> None:
    one = start(project, {"run": "printenv ORCHESTRATE_WORKSPACE PWD", "workspace": "none"})
    done = really(one, tmp_path / "attempt")
    assert done.stdout == f"{tmp_path}/attempt/workspace\n" * 2


# ── the environment ──────────────────────────────────────────────────────────────────────────────


def test_the_environment_is_clean(project: Path) -> None:
    """Nothing of the server's environment but what every program needs."""
    assert dict(start(project, {"run": "true"}).env) == {
        "PATH": os.defpath,
        "HOME": "/nowhere",
        "LANG": "C.UTF-8",
        "https_proxy": "http://proxy.example:3128",
        "PWD": str(project),
        "ORCHESTRATE_RUN_ID": "7",
        "ORCHESTRATE_PIPELINE": "release",
        "ORCHESTRATE_STAGE": "deploy",
        "ORCHESTRATE_ATTEMPT": "1",
        "ORCHESTRATE_MODE": "run",
        "ORCHESTRATE_WORKSPACE": str(project),
        "ORCHESTRATE_AGENT": "deployer",
    }


def test_inherit_env_takes_more_of_it_over(project: Path) -> None:
    env = start(project, {"run": "true", "inherit_env": ["SSH_AUTH_SOCK", "NOT_THERE"]}).env
    assert env["SSH_AUTH_SOCK"] == "/tmp/agent.sock"
    assert "NOT_THERE" not in env


def test_a_server_without_a_path_still_finds_programs(project: Path) -> None:
    assert start(project, {"run": "true"}, server={}).env["PATH"] == os.defpath


def test_variables_stand_under_their_own_names(project: Path, tmp_path: Path) -> None:
    one = start(project, run='echo "$environment $version"',
                variables={"environment": "staging", "version": "1.2"})  # fmt: skip
    assert really(one, tmp_path / "attempt").stdout == "staging 1.2\n"


def test_what_is_nearer_to_the_stage_wins(project: Path) -> None:
    env = start(
        project,
        {"run": "true", "env": {"A": "agent", "B": "agent", "ON": True, "N": 3}},
        variables={"A": "variable", "B": "variable", "C": "variable"},
        env={"B": "stage"},
    ).env
    assert [env[name] for name in ("A", "B", "C", "ON", "N")] == [
        "agent", "stage", "variable", "true", "3",
    ]  # fmt: skip


def test_a_secret_is_given_to_the_agent_that_names_it_and_masked(
    project: Path, tmp_path: Path
) -> None:
    """No variable can take its place."""
    (tmp_path / "key").write_text("from a file\n")
    one = start(
        project,
        {"run": "true", "secrets": ["DEPLOY_TOKEN", "API_KEY"]},
        variables={"DEPLOY_TOKEN": "mine"},
        server={**SERVER, "API_KEY_FILE": str(tmp_path / "key")},
    )
    assert one.env["DEPLOY_TOKEN"] == "s3cret-enough"
    assert one.env["API_KEY"] == "from a file"
    assert one.mask == ("s3cret-enough", "from a file")


def test_a_secret_that_is_not_there_is_said(project: Path, tmp_path: Path) -> None:
    definition = {"run": "true", "secrets": ["API_KEY"]}
    assert refusal(project, definition) == (
        "agent `deployer` needs the secret `API_KEY`; set API_KEY, or API_KEY_FILE, in the "
        "environment of the server"
    )
    gone = {**SERVER, "API_KEY_FILE": str(tmp_path / "gone")}
    assert refusal(project, definition, server=gone) == (
        "agent `deployer` needs the secret `API_KEY`, but API_KEY_FILE cannot be read: "
        "No such file or directory"
    )


@pytest.mark.parametrize("name", ["PATH", "LD_PRELOAD", "GIT_SSH_COMMAND", "ORCHESTRATE_MODE"])
def test_a_name_that_changes_how_programs_run_is_never_set(project: Path, name: str) -> None:
    """It was refused when it was written; a run that carries it all the same does not start."""
    assert refusal(project, run="true", variables={name: "x"}).startswith(
        f"`{name}` cannot be given to a command: "
    )


@pytest.mark.parametrize("value", ["x" * (VALUE_BYTES_MAX + 1), "a\0b", "half \ud800"])
def test_a_value_that_fits_no_environment_is_in_the_context_only(
    project: Path, tmp_path: Path, value: str
) -> None:
    one = start(project, {"run": "true", "env": {"note": "agent"}}, variables={"title": value},
                env={"note": value})  # fmt: skip
    assert not {"title", "note"} & set(one.env)
    context = json.loads(one.context)
    assert context["variables"] == {"title": value}
    assert context["env"] == {"note": value, "title": value}
    assert really(one, tmp_path / "attempt").returncode == 0


def test_a_whole_environment_that_is_too_large_is_refused(project: Path) -> None:
    many = {f"v{number}": "x" * VALUE_BYTES_MAX for number in range(20)}
    assert f"at most {ENVIRONMENT_BYTES_MAX} are possible" in refusal(
        project, run="true", variables=many
    )


def test_a_compensation_is_told_its_mode(project: Path) -> None:
    assert start(project, {"run": "true"}, mode="rollback").env["ORCHESTRATE_MODE"] == "rollback"


def test_a_retry_is_told_why_the_last_attempt_failed(project: Path) -> None:
    assert "ORCHESTRATE_LAST_FAILURE" not in start(project, run="true").env
    env = start(project, run="true", attempt=2, last_failure="it ended with exit code 3").env
    assert env["ORCHESTRATE_LAST_FAILURE"] == "it ended with exit code 3"
    assert env["ORCHESTRATE_ATTEMPT"] == "2"


def test_an_escalated_attempt_is_told_its_model(project: Path) -> None:
    assert start(project, run="true", model="opus").env["ORCHESTRATE_MODEL"] == "opus"


# ── the context, and the clocks ──────────────────────────────────────────────────────────────────


def test_the_context_says_everything_an_agent_may_want_to_know(project: Path) -> None:
    given = {
        "run": {"id": 7, "started_at": "2030-01-01T00:00:00Z"},
        "event": {"name": "push", "branch": "main"},
        "needs": {"build": {"status": "succeeded", "outputs": {"version": "1.2"}}},
        "previous_attempt": {"reason": "exit", "error": "it ended with exit code 3"},
    }
    one = start(project, {"run": "true", "role": "release-manager"}, task="Deploy",
                variables={"a": "b"}, context=given, attempt=2)  # fmt: skip
    context = json.loads(one.context)
    agent = context.pop("agent")
    assert context == {
        **given,
        "pipeline": {"name": "release"},
        "stage": {"name": "deploy"},
        "attempt": 2,
        "mode": "run",
        "task": "Deploy",
        "variables": {"a": "b"},
        "env": {},
        "model": None,
    }
    assert (agent["name"], agent["kind"], agent["role"]) == (
        "deployer", "command", "release-manager",
    )  # fmt: skip


def test_the_shorter_timeout_counts_and_the_longer_grace(project: Path) -> None:
    definition = {"run": "true", "timeout": "5m", "grace": "30s", "idle_timeout": "1m"}
    one = start(project, definition, timeout_s=3600.0, grace_s=10.0)
    assert (one.timeout_s, one.grace_s, one.idle_timeout_s) == (300.0, 30.0, 60.0)
    other = start(project, definition, timeout_s=60.0, grace_s=60.0)
    assert (other.timeout_s, other.grace_s) == (60.0, 60.0)


def test_without_any_word_about_time_there_is_the_usual_grace_alone(project: Path) -> None:
    one = start(project, run="true")
    assert (one.timeout_s, one.idle_timeout_s, one.grace_s) == (None, None, 10.0)
