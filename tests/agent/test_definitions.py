"""Agents are found in their order, and what is wrong with a definition is said, never raised."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from orchestrate.agent import places
from orchestrate.agent.definitions import (
    Definition,
    define,
    discover,
    from_json,
    resolve,
    suggestions,
    to_json,
)

CLAUDE = "---\nname: {name}\ndescription: Use when: reviewing\nmodel: sonnet\n---\nYou review.\n"


def write(root: Path, path: str, text: str | bytes) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())


def command(run: str) -> str:
    return json.dumps({"run": run})


def problem(fields: dict[str, Any]) -> str | None:
    return define("x", fields, "the pipeline").problem


# ── where they come from ─────────────────────────────────────────────────────────────────────────


def test_the_first_place_that_has_a_name_wins(tmp_path: Path) -> None:
    """Given one name in every place, the definitions win in the order of the places."""
    project, home = tmp_path / "project", tmp_path / "home"
    sources = []
    for root, shown in ((project, ""), (home, "~/")):
        write(root, "orchestrate.yaml", "agents:\n  a: {run: one}\n")
        write(root, ".orchestrate/agents/a.yaml", "run: two\n")
        write(root, ".claude/agents/deep/er/a.md", CLAUDE.format(name="a"))
        write(root, ".github/agents/a.agent.md", "---\ndescription: x\n---\n")
        write(root, ".opencode/agents/a.md", "---\ndescription: x\n---\n")
        write(root, ".opencode/agent/a.md", "---\ndescription: x\n---\n")
        sources += [
            f"{shown}orchestrate.yaml:2",
            f"{shown}.orchestrate/agents/a.yaml",
            f"{shown}.claude/agents/deep/er/a.md",
            f"{shown}.github/agents/a.agent.md",
            f"{shown}.opencode/agents/a.md",
            f"{shown}.opencode/agent/a.md",
        ]

    found = discover(project, home=home, pipeline_agents={"a": command("zero")})

    assert found.definitions["a"].fields == {"run": "zero"}
    assert found.definitions["a"].source == "the pipeline"
    assert [lost.source for lost, _ in found.shadowed] == sources
    assert {winner.source for _, winner in found.shadowed} == {"the pipeline"}
    assert found.skipped == ()


def test_a_project_that_is_the_home_is_read_once(tmp_path: Path) -> None:
    write(tmp_path, "orchestrate.yaml", "agents:\n  a: {run: one}\n")
    assert discover(tmp_path, home=tmp_path).shadowed == ()


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    found = discover(tmp_path / "nowhere", home=tmp_path / "nobody")
    assert (found.definitions, found.skipped, found.default) == ({}, (), None)


def test_a_claude_agent_works_unchanged(tmp_path: Path) -> None:
    text = (
        "\ufeff---\r\nname: code-reviewer\r\ndescription: Use when: code changed\r\n"
        "tools: Read, Grep, Bash(git log:*, git diff:*)\r\nmodel: inherit\r\ncolor: red\r\n"
        "permissionMode: acceptEdits\r\nmaxTurns: 5\r\n---\r\n\r\nYou review.\r\n"
    )
    write(tmp_path, ".claude/agents/reviewer.md", text)
    definition = discover(tmp_path).definitions["code-reviewer"]
    assert definition.kind == "claude"
    assert definition.fields == {
        "kind": "claude",
        "description": "Use when: code changed",
        "tools": ["Read", "Grep", "Bash(git log:*, git diff:*)"],
        "permissions": "edits",
        "max_turns": 5,
        "instructions": "You review.",
    }
    assert not definition.runnable
    assert definition.problem == "agents of kind `claude` are not runnable yet"


def test_an_orchestrate_map_adds_our_fields_to_a_claude_agent(tmp_path: Path) -> None:
    """A command in it makes the agent runnable; what only its own program knows falls away."""
    text = CLAUDE.format(name="a").replace(
        "model:", "orchestrate: {run: ./review.sh, timeout: 5m}\nmodel:"
    )
    write(tmp_path, ".claude/agents/a.md", text)
    definition = discover(tmp_path).definitions["a"]
    assert definition.runnable
    assert definition.fields == {
        "description": "Use when: reviewing",
        "kind": "command",
        "run": "./review.sh",
        "timeout": "5m",
    }


def test_our_own_markdown_has_our_fields_at_the_top(tmp_path: Path) -> None:
    write(tmp_path, ".orchestrate/agents/tester.md", "---\nrun: pytest -q\n---\nHow it tests.\n")
    write(tmp_path, ".orchestrate/agents/poet.md", "---\nmodel: opus\n---\nYou write poems.\n")
    found = discover(tmp_path).definitions
    assert found["tester"].fields == {"kind": "command", "run": "pytest -q"}
    assert found["poet"].fields == {
        "kind": "claude", "model": "opus", "instructions": "You write poems.",
    }  # fmt: skip


def test_a_file_may_name_its_agent_itself(tmp_path: Path) -> None:
    write(tmp_path, ".orchestrate/agents/a.yml", "name: tester\nrun: pytest\n")
    assert discover(tmp_path).definitions["tester"].fields == {"run": "pytest"}


# ── what is left out is said ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        (".claude/agents/a.md", "# Notes\n",
         "it does not begin with front matter (`---`, fields, `---`)"),
        (".claude/agents/a.md", "---\nmodel: x\n---\n", "line 1: its front matter has no `name`"),
        (".claude/agents/a.md", "---\nname: a\norchestrate: yes\n---\n",
         "`orchestrate` must be a map of fields"),
        (".claude/agents/a.md", "---\nname: [a]\n---\n", "a name is text of 1 to 100 characters"),
        (".claude/agents/a.md", b"---\nname: \xff\n---\n", "line 2: it is not UTF-8 text"),
        (".orchestrate/agents/a.yaml", "run: a\nrun: b\n", "line 2: `run` is written twice"),
        (".orchestrate/agents/a.yaml", "pytest -q\n",
         "agent `a` must be a map of fields, such as a: {run: pytest -q}"),
        (".orchestrate/agents/a.yaml", "x" * 300_000, "it has more than 256 KiB"),
        ("orchestrate.yaml", "agents: [a]\n", "line 1: `agents` must be a map of names"),
        ("orchestrate.yaml", "[a]\n", "it must be a map, with `agents:` in it"),
        ("orchestrate.yaml", "\nagent:\n  a: {run: b}\n",
         "line 2: `agent` is not read; did you mean `agents`?"),
        ("orchestrate.yaml", "default_agent: a\n",
         "`default_agent: a` names an agent that nobody defines"),
        ("orchestrate.yaml", "default_agent: [a]\n",
         "line 1: `default_agent` must be the name of an agent, or a definition"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_read_is_listed_with_the_reason(
    tmp_path: Path, path: str, text: str | bytes, why: str
) -> None:
    write(tmp_path, path, text)
    found = discover(tmp_path)
    assert found.skipped == ((path, why),)
    assert found.definitions == {}


def test_a_broken_file_does_not_hide_its_neighbours(tmp_path: Path) -> None:
    write(tmp_path, ".orchestrate/agents/a.yaml", "run: [\n")
    write(tmp_path, ".orchestrate/agents/b.yaml", "run: pytest\n")
    found = discover(tmp_path)
    assert list(found.definitions) == ["b"]
    assert [path for path, _ in found.skipped] == [".orchestrate/agents/a.yaml"]


def test_links_that_leave_the_project_are_not_followed(tmp_path: Path) -> None:
    project, outside = tmp_path / "project", tmp_path / "outside"
    write(outside, "a.yaml", "run: evil\n")
    write(outside, "b.md", CLAUDE.format(name="b"))
    write(project, ".orchestrate/agents/c.yaml", "run: good\n")
    (project / ".orchestrate/agents/a.yaml").symlink_to(outside / "a.yaml")
    (project / ".orchestrate/agents/d.yaml").symlink_to("c.yaml")
    (project / ".claude").mkdir()
    (project / ".claude/agents").symlink_to(outside)

    found = discover(project)

    assert list(found.definitions) == ["c", "d"]
    assert found.skipped == (
        (".orchestrate/agents/a.yaml",
         "it is a link that leaves the place it is in; such links are not read"),
        (".claude/agents", "it is a link that leaves the place it is in"),
    )  # fmt: skip


def test_links_that_lead_in_a_circle_end(tmp_path: Path) -> None:
    write(tmp_path, ".claude/agents/a.md", CLAUDE.format(name="a"))
    (tmp_path / ".claude/agents/again").symlink_to(".")
    (tmp_path / ".claude/agents/self.md").symlink_to("self.md")
    found = discover(tmp_path)
    assert list(found.definitions) == ["a"]
    assert [path for path, _ in found.skipped] == [".claude/agents/self.md"]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / ".claude/agents").mkdir(parents=True)
    os.mkfifo(tmp_path / ".claude/agents/a.md")
    assert discover(tmp_path).skipped == ((".claude/agents/a.md", "it is no plain file"),)


def test_the_number_of_files_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "FILES_MAX", 2)
    for name in "abc":
        write(tmp_path, f".orchestrate/agents/{name}.yaml", "run: x\n")
    found = discover(tmp_path)
    assert list(found.definitions) == ["a", "b"]
    assert found.skipped == (
        (".orchestrate/agents",
         "the rest of it: at most 2 definitions or 10000 entries are read"),
    )  # fmt: skip


def test_the_depth_of_folders_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "FOLDER_DEPTH_MAX", 2)
    write(tmp_path, ".claude/agents/one/two/a.md", CLAUDE.format(name="a"))
    assert discover(tmp_path).skipped == (
        (".claude/agents/one/two", "it is deeper than 2 folders"),
    )


# ── kinds and fields ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"run": "pytest -q"}, "command"),
        ({"run": ["pytest", "-q"]}, "command"),
        ({"kind": "claude", "instructions": "You review code.", "model": "sonnet"}, "claude"),
        ({"instructions": "You review code."}, "claude"),
        ({"kind": "acp", "agent": "gemini"}, "acp"),
        ({"kind": "acp", "command": ["my-agent", "--acp"]}, "acp"),
        ({"kind": "codex"}, "codex"),
        ({"url": "https://deploy.example/run"}, "http"),
        ({"call": "mypkg.agents:summarise"}, "python"),
        ({"image": "aquasec/trivy:0.60", "run": ["trivy", "fs", "/workspace"]}, "container"),
    ],
)
def test_the_kind_is_told_by_the_one_field_it_needs(fields: dict[str, Any], kind: str) -> None:
    definition = define("x", fields, "the pipeline")
    assert definition.kind == kind
    yet = None if kind == "command" else f"agents of kind `{kind}` are not runnable yet"
    assert definition.problem == yet
    assert definition.runnable == (kind == "command")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, ("nothing says what kind of agent it is: write `run: pytest -q` for a command, or "
         "name a `kind`")),
        ({"kind": "comand", "run": "x"}, "`comand` is no kind of agent; did you mean `command`?"),
        ({"kind": "command"}, "an agent of kind `command` needs `run`"),
        ({"run": "x", "timout": "5m"}, "unknown field `timout`; did you mean `timeout`?"),
        ({"run": "x", "model": "opus"},
         "`model` is no field of kind `command`, but of claude, acp, codex"),
        ({"run": "x", "timeout": 600},
         "`timeout` must be a duration with a unit, such as `600s`"),
        ({"run": "x", "timeout": "soon"},
         "`timeout` must be a duration with a unit, such as `90s` or `1h30m`"),
        ({"run": "  "}, "`run` must not be empty"),
        ({"run": ["pytest", 3]},
         "`run` must be a command, or a list of its words, each of them text"),
        ({"run": []}, "`run` must be a command, or a list of its words, each of them text"),
        ({"run": "x" * 200_000},
         "`run` has more than 100000 bytes; put it into a script and run that"),
        ({"run": "x", "env": {"PYTHONPATH": "src"}},
         ("`env` must not set `PYTHONPATH`: it decides which code Python loads; choose another "
         "name, or set it inside the command: `run: NAME=value command`")),
        ({"run": "x", "env": {"A": None}},
         "`env` must give `A` one value, in quotes where it is no plain text"),
        ({"run": "x", "secrets": ["ORCHESTRATE_WEBHOOK_SECRET_GITHUB"]},
         ("`secrets` must not name `ORCHESTRATE_WEBHOOK_SECRET_GITHUB`: names that begin with "
         "ORCHESTRATE_ are set by Orchestrate itself")),
        ({"run": "x", "inherit_env": "ORCHESTRATE_TOKEN"},
         ("`inherit_env` must not name `ORCHESTRATE_TOKEN`: only plain names, and none of "
         "Orchestrate's own")),
        ({"run": "x", "cwd": "../other"},
         "`cwd` must be a place inside the workspace, such as `services/web`"),
        ({"run": "x", "cwd": "/etc"},
         "`cwd` must be a place inside the workspace, such as `services/web`"),
        ({"run": "x", "exit_codes": {"300": "failed"}},
         "`exit_codes` must be about exit codes from 0 to 255, not `300`"),
        ({"run": "x", "exit_codes": {"3": "fine"}},
         ("`exit_codes` must say what 3 means: one of succeeded, failed, retry, config, "
         "needs_person, skipped")),
        ({"run": "x", "outputs": {"a": "int"}},
         ('`outputs` are not understood: output `a` has the type "int"; known: string, integer, '
         "number, boolean, object, array, null, any")),
        ({"run": "x", "workspace": "here"},
         "`workspace` must be one of project, run, stage, none, not `here`"),
        ({"run": "x", "workspace": "run"}, "`workspace: run` is not available yet"),
        ({"run": "x", "workspace": "stage"}, "`workspace: stage` is not available yet"),
        ({"run": "x", "workspace": "none", "cwd": "a"},
         "`cwd` has no meaning with `workspace: none`, which is empty"),
        ({"run": "x", "sandbox": "strict"}, "`sandbox: strict` is not available yet"),
        ({"run": "x", "retry": 3},
         "`retry` in a definition is not available yet; write it in the stage"),
        ({"run": "x", "timout": "5m", "cwd": "/"},
         ("unknown field `timout`; did you mean `timeout`?; `cwd` must be a place inside the "
         "workspace, such as `services/web`")),
    ],
)  # fmt: skip
def test_what_keeps_an_agent_from_running_is_its_problem(fields: dict[str, Any], why: str) -> None:
    definition = define("x", fields, "the pipeline")
    assert definition.problem is not None
    assert definition.problem == why
    assert not definition.runnable


def test_a_definition_with_every_shared_field_runs() -> None:
    fields = {
        "run": "pytest -q", "description": "Tests.", "task": "Test it", "cwd": "services/../web",
        "env": {"A": "b", "N": 3, "ON": True}, "inherit_env": ["SSH_AUTH_SOCK"],
        "secrets": "TOKEN", "timeout": "1h30m", "idle_timeout": "10m", "grace": "500ms",
        "exit_codes": {"3": "skipped"}, "outputs": {"passed": "integer"}, "workspace": "project",
        "sandbox": "none", "x-owner": "team-web",
    }  # fmt: skip
    assert problem(fields) is None


# ── the default agent ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    ["agents:\n  any: {run: ./any.sh}\ndefault_agent: any\n", "default_agent: {run: ./any.sh}\n"],
)
def test_a_name_nobody_defines_is_a_role_of_the_default_agent(tmp_path: Path, text: str) -> None:
    write(tmp_path, "orchestrate.yaml", text)
    found = discover(tmp_path)
    definition = resolve(found, "deployer")
    assert definition is not None
    assert definition.name == "deployer"
    assert definition.fields == {"run": "./any.sh", "role": "deployer"}
    assert definition.source.endswith(" (default_agent)")
    assert definition.runnable


def test_a_name_that_is_defined_is_no_role(tmp_path: Path) -> None:
    write(tmp_path, "orchestrate.yaml", "agents:\n  a: {run: a}\ndefault_agent: {run: b}\n")
    definition = resolve(discover(tmp_path), "a")
    assert definition is not None
    assert definition.fields == {"run": "a"}


def test_without_a_default_agent_the_name_stays_unknown(tmp_path: Path) -> None:
    assert resolve(discover(tmp_path), "deployer") is None


def test_an_unknown_name_is_answered_with_a_way_out(tmp_path: Path) -> None:
    write(tmp_path, "orchestrate.yaml", "agents:\n  deployer: {run: ./deploy.sh}\n")
    write(tmp_path, ".orchestrate/agents/deploier.yaml", "run: [\n")
    assert suggestions(discover(tmp_path), "deploier") == (
        "No agent is called `deploier`; did you mean `deployer`? "
        ".orchestrate/agents/deploier.yaml was skipped: line 2: it is not YAML: while parsing a "
        "flow node did not find expected node content. "
        "Define it in orchestrate.yaml, such as `agents: {deploier: {run: ./deploier.sh}}`, in "
        ".orchestrate/agents/deploier.yaml or in .claude/agents/deploier.md; or set "
        "`default_agent:` in orchestrate.yaml, for every name that has no definition."
    )


# ── a definition is a value ──────────────────────────────────────────────────────────────────────


def test_a_definition_survives_its_way_through_json() -> None:
    definition = define("x", {"run": "echo ü", "timeout": 3}, "orchestrate.yaml:2")
    assert from_json(to_json(definition)) == definition


def test_the_hash_is_that_of_what_was_written_and_of_nothing_else() -> None:
    one = define("x", {"run": "a", "env": {"A": "1", "B": "2"}}, "orchestrate.yaml:2")
    other = define("x", {"env": {"B": "2", "A": "1"}, "run": "a"}, "~/.orchestrate/agents/x.yaml")
    assert one.sha256 == other.sha256
    assert one.sha256 != define("x", {"run": "b"}, "orchestrate.yaml:2").sha256
    assert one.sha256 != define("y", dict(one.fields), "orchestrate.yaml:2").sha256


def test_a_changed_copy_has_another_hash() -> None:
    text = to_json(define("x", {"run": "a"}, "orchestrate.yaml:2"))
    changed: Definition = from_json(text.replace('"run": "a"', '"run": "evil"'))
    assert changed.sha256 not in text
