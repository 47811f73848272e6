"""Events from the command line and from git; the examples of `docs/events.md`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Project, eventually
from tests.cli.test_docs import ask, examples, same

PAGE = Path(__file__).parents[2] / "docs" / "events.md"
CI = """name: ci
triggers: [{event: [push, merge], branches: main}]
stages: [{name: a, run: 'git log -1 --format=%s >> said'}]
"""


@pytest.mark.slow
def test_the_examples_are_true(project: Project, tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    tool = tmp_path / "bin" / "orchestrate"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m orchestrate "$@"\n')
    tool.chmod(0o755)
    project.write("docs.yaml", text.partition("```yaml\n")[2].partition("```")[0])
    for example in examples(text):
        shown = ask(project, example.command)
        # Whether a run outlives its command is a question of milliseconds.
        shown = re.sub(r"^run \d+ goes on in the background .*\n", "", shown, flags=re.MULTILINE)
        assert same(shown) == same(example.shown), f"{PAGE.name}:{example.line}: {example.command}"


# ── the verbs ────────────────────────────────────────────────────────────────────────────────────


def told(project: Project, *names: str) -> list[dict[str, Any]]:
    """The events of these names, newest first."""
    page = project.ask("event", "list", "-o", "json").json
    return [each for each in page["items"] if each["name"] in names]


def test_an_event_starts_a_run_where_no_server_is(project: Project) -> None:
    """It returns at once; what is left goes on in the background."""
    head = "triggers: [{event: built, labels: big, paths: 'src/**'}]\n"
    project.create("slow", "- {name: a, run: 'sleep 0.5; echo done > done'}", head)
    done = project.ask("event", "emit", "built", "--label", "big", "--path", "src/a", "-o", "json")
    (run,) = done.json["runs"]
    assert "goes on in the background" in done.err
    eventually((project.root / "done").exists, "the end of the run")
    assert project.ask("pipeline", "status", run, "-o", "json").json["trigger_event"] == "built"


def test_an_event_from_a_file(served: Project) -> None:
    served.write("event.json", '{"branch": "main", "build": 17, "paths": ["a"]}')
    event = served.ask("event", "emit", "built", "--file", "event.json", "-o", "json").json
    assert (event["name"], event["facts"]["branch"]) == ("built", "main")
    assert event["facts"]["data"] == {"build": 17}
    assert event["workspace"] == str(served.root)


def test_an_event_that_is_not_there(served: Project) -> None:
    for verb in ("show", "replay"):
        said = served.ask("event", verb, 99999, code=5)
        assert "there is no event 99999" in said.err
    refused = served.ask("event", "emit", "schedule", code=2)
    assert "only we make `schedule` events" in refused.err


def test_text_of_an_event_moves_no_cursor(served: Project) -> None:
    served.write("evil.json", '{"title": "\\u001b[2Jgone", "actor": "a\\u0007b\\nc"}')
    shown = served.ask("event", "emit", "evil", "--file", "evil.json")
    number = shown.out.split()[1].rstrip(":")
    for words in (("event", "show", number), ("event", "list")):
        assert not {"\x1b", "\x07"} & set(served.ask(*words).out)


# ── git ──────────────────────────────────────────────────────────────────────────────────────────


class Repository:
    """The project as a git repository of Ann's."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.root = project.root
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("remote", "add", "origin", "git@forge.example.com:acme/shop.git")
        project.write(".gitignore", ".orchestrate\nsaid\nci.yaml\nshared.git\n")
        project.write("ci.yaml", CI)
        project.ask("pipeline", "create", "ci.yaml")

    @property
    def environ(self) -> dict[str, str]:
        names = {f"GIT_{who}_{what}": "ann@b" for who in ("AUTHOR", "COMMITTER")
                 for what in ("NAME", "EMAIL")}  # fmt: skip
        return {**self.project.environ(), **names, "GIT_CONFIG_NOSYSTEM": "1"}

    def git(self, *words: str, **environ: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.root, env={**self.environ, **environ}, text=True,
            capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done
        return done.stdout + done.stderr

    def commit(self, path: str, **environ: str) -> str:
        self.project.write(path, path)
        self.git("add", ".")
        said = self.git("commit", "--quiet", "--message", f"add {path}", **environ)
        assert not said, "the hook has nothing to say"
        return self.git("rev-parse", "HEAD").strip()

    def hook(self, name: str) -> Path:
        return self.root / ".git" / "hooks" / name

    def said(self) -> list[str]:
        path = self.root / "said"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def repository(project: Project) -> Repository:
    return Repository(project)


def test_a_commit_starts_a_pipeline_and_waits_for_nothing(repository: Repository) -> None:
    """Each commit is an event of its own, however quickly the next one follows."""
    repository.project.ask("hook", "install")
    commits = [repository.commit(f"src/{n}.py") for n in range(3)]
    eventually(lambda: len(repository.said()) == 3, "three runs")
    pushes = told(repository.project, "push")
    assert {each["facts"]["sha"] for each in pushes} == set(commits)
    for each in pushes:
        number = commits.index(each["facts"]["sha"])
        expected = [f"src/{number}.py", *([".gitignore"] if number == 0 else [])]
        assert each["facts"]["paths"] == sorted(expected)
        assert (each["facts"]["branch"], each["facts"]["repository"]) == ("main", "acme/shop")


def test_a_merge_and_a_rebase(repository: Repository) -> None:
    """A merge is one event; the commits that a rebase makes are none."""
    repository.commit("a")
    repository.git("checkout", "--quiet", "-b", "topic")
    repository.commit("b")
    repository.git("checkout", "--quiet", "main")
    repository.project.ask("hook", "install")
    repository.git("merge", "--quiet", "--no-ff", "--no-edit", "topic")
    eventually(lambda: len(repository.said()) == 1, "the run of the merge")
    assert told(repository.project, "merge")[0]["facts"]["paths"] == ["b"]
    repository.git("checkout", "--quiet", "topic", "--")
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    repository.commit("c")
    eventually(lambda: told(repository.project, "push"), "the commit on topic")
    repository.git("rebase", "--quiet", "main")
    repository.git("checkout", "--quiet", "main")
    last = repository.commit("d")
    eventually(lambda: len(repository.said()) == 2, "the run of the commit behind it")
    pushes = [each["facts"]["sha"] for each in told(repository.project, "push")]
    assert pushes[0] == last
    assert len(pushes) == 2


def test_a_push_to_a_repository_of_our_own(repository: Repository) -> None:
    """post-receive: branches, tags and what is deleted, each told for itself."""
    repository.commit("a")
    bare = repository.root / "shared.git"
    repository.git("clone", "--quiet", "--bare", ".", str(bare))
    home = {"ORCHESTRATE_HOME": str(repository.project.data)}
    asked = [sys.executable, "-m", "orchestrate", "hook", "install"]
    subprocess.run(asked, cwd=bare, env={**repository.environ, **home}, check=True)
    repository.git("remote", "set-url", "origin", str(bare))
    sha = repository.commit("b")
    repository.git("tag", "v1")
    repository.git("push", "--quiet", "origin", "main", "v1")

    def pushed() -> list[Any]:
        return told(repository.project, "push", "delete")

    eventually(lambda: len(pushed()) == 2, "both events")
    facts = sorted((each["facts"] for each in pushed()), key=lambda each: each["tag"] or "")
    assert [(each["branch"], each["tag"], each["sha"]) for each in facts] == [
        ("main", None, sha), ("", "v1", sha),
    ]  # fmt: skip
    assert (facts[0]["paths"], facts[1]["paths"]) == (["b"], None)
    repository.git("push", "--quiet", "origin", ":v1")
    eventually(lambda: len(pushed()) == 3, "the end of the tag")
    assert pushed()[0]["name"] == "delete"


def test_a_hook_that_was_there_runs_first_and_comes_back(repository: Repository) -> None:
    mine = repository.hook("post-commit")
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("#!/bin/sh\necho mine > was-here\nexit 7\n")
    mine.chmod(0o755)
    before = mine.read_bytes()
    said = repository.project.ask("hook", "install").err
    assert "installed post-commit; the hook that was there runs first" in said
    repository.project.ask("hook", "install")
    repository.commit("a")
    eventually(repository.said, "the run")
    assert (repository.root / "was-here").exists()
    repository.project.ask("hook", "install", "--uninstall")
    assert mine.read_bytes() == before
    assert not repository.hook("post-merge").exists()
    assert [each.name for each in mine.parent.glob("*orchestrate*")] == []


def test_a_broken_installation_fails_no_commit(repository: Repository) -> None:
    repository.project.ask("hook", "install")
    hook = repository.hook("post-commit")
    hook.write_text(hook.read_text().replace(sys.executable, "/nowhere/python"))
    repository.commit("a")
    assert repository.said() == []


def test_a_commit_of_an_agent_starts_nothing(repository: Repository) -> None:
    """It would start the pipeline that made it, for ever."""
    repository.project.ask("hook", "install")
    repository.commit("a", ORCHESTRATE_ATTEMPT_KEY="1.a.1")
    last = repository.commit("b")
    eventually(repository.said, "the run of the commit that a person made")
    assert [each["facts"]["sha"] for each in told(repository.project, "push")] == [last]


def test_hooks_of_another_tool_are_left_alone(repository: Repository) -> None:
    repository.git("config", "core.hooksPath", ".husky")
    refused = repository.project.ask("hook", "install", code=6)
    assert "core.hooksPath keeps the hooks of this repository in" in refused.err
    assert "add this line to its post-commit" in refused.err
    assert not (repository.root / ".husky").exists()


def test_there_is_no_hook_without_git(project: Project) -> None:
    assert "this is no git repository" in project.ask("hook", "install", code=5).err
    assert os.listdir(project.root) == [".orchestrate"]  # noqa: PTH208 - all of it
