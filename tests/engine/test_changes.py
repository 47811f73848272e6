"""The changed paths of an event, from a real clone; what it does not know stays unknown."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from orchestrate.core.condition import Facts
from orchestrate.engine import changes
from orchestrate.engine.changes import Span, changed_paths, span_of


class Clone:
    """A git repository with a commit on `main`, and one on `topic` that parted from it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "--quiet", "--initial-branch=main")
        self.first = self.commit("a.py")
        self.git("checkout", "--quiet", "-b", "topic")
        self.topic = self.commit("docs/b c.md", "ä.txt")
        self.git("checkout", "--quiet", "main")
        self.main = self.commit("only-on-main")

    def git(self, *words: str) -> str:
        own = {
            "PATH": os.environ["PATH"], "HOME": str(self.root), "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "Ann",
            "GIT_COMMITTER_EMAIL": "a@b",
        }  # fmt: skip
        done = subprocess.run(
            ["git", *words], cwd=self.root, env=own, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def commit(self, *paths: str) -> str:
        for path in paths:
            (self.root / path).parent.mkdir(exist_ok=True)
            (self.root / path).write_text(path)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", paths[0])
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def test_a_pull_request_changed_what_differs_since_it_parted(clone: Clone) -> None:
    span = span_of(Facts(data={"base_sha": clone.main, "head_sha": clone.topic}))
    assert span == Span(clone.main, clone.topic, forked=True)
    assert changed_paths(clone.root, span) == (
        ("docs/b c.md", "ä.txt"),
        "they were listed by git, from the clone here",
    )


def test_a_push_changed_what_lies_between(clone: Clone) -> None:
    span = span_of(Facts(sha=clone.main, data={"before": clone.first}))
    assert span == Span(clone.first, clone.main, forked=False)
    assert changed_paths(clone.root, span)[0] == ("only-on-main",)


def test_a_merge_request_is_compared_with_the_branch_of_the_remote(clone: Clone) -> None:
    clone.git("update-ref", "refs/remotes/origin/main", clone.main)
    span = span_of(Facts(data={"head_sha": clone.topic, "base_branch": "main"}))
    assert span is not None
    assert changed_paths(clone.root, span)[0] == ("docs/b c.md", "ä.txt")


@pytest.mark.parametrize(
    "facts",
    [
        Facts(),
        Facts(sha="a" * 40),
        Facts(sha="a" * 40, data={"before": "0" * 40}),
        Facts(sha="a" * 40, tag="v1", data={"before": "b" * 40}),
        Facts(data={"head_sha": "a" * 40}),
        Facts(data={"head_sha": "--output=/tmp/x", "base_sha": "b" * 40}),
        Facts(data={"head_sha": ["a"], "base_sha": 7}),
    ],
)
def test_where_an_event_does_not_say_nothing_is_asked(facts: Facts) -> None:
    assert span_of(facts) is None


def test_a_commit_that_the_clone_lacks(clone: Clone) -> None:
    unknown = (None, "the clone here does not know these commits")
    assert changed_paths(clone.root, Span("a" * 40, clone.main, forked=True)) == unknown
    assert changed_paths(clone.root, Span(clone.main, "a" * 40, forked=False)) == unknown
    strange = Span("refs/remotes/origin/--output=x", clone.main, forked=True)
    assert changed_paths(clone.root, strange) == unknown
    assert not (clone.root / "x").exists()


def test_what_is_too_much_stays_unknown(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "PATHS_MAX", 1)
    span = Span(clone.main, clone.topic, forked=True)
    assert changed_paths(clone.root, span) == (None, "git lists more than 1")
    monkeypatch.setattr(changes, "LISTED_BYTES_MAX", 5)
    assert changed_paths(clone.root, span) == (None, "git lists too many")


def slow_git(folder: Path, text: str) -> str:
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\n{text}\n")
    (folder / "git").chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def test_git_that_does_not_answer(
    clone: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "GIT_WAIT_S", 0.1)
    monkeypatch.setenv("PATH", slow_git(tmp_path / "bin", "exec sleep 30"))
    span = Span(clone.main, clone.topic, forked=True)
    assert changed_paths(clone.root, span) == (None, "git did not list them within 0 seconds")
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert changed_paths(clone.root, span) == (None, "git is not installed here")


def test_nothing_of_the_surroundings_leads_git_elsewhere(
    clone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "/nowhere")
    assert changed_paths(clone.root, Span(clone.first, clone.main, forked=False))[0] is not None
