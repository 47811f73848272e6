"""What people hand over: the checkout they stand in, events, variables, names of files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from orchestrate.cli import given
from orchestrate.cli.failure import Failure

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def git(folder: Path, *words: str) -> str:
    names = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    done = subprocess.run(
        ["git", *names, *words], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "--initial-branch", "feature/x")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "one")
    return tmp_path


def test_branch_and_commit_of_a_checkout(repository: Path) -> None:
    below = repository / "a" / "b"
    below.mkdir(parents=True)
    assert given.checkout(below) == ("feature/x", git(repository, "rev-parse", "HEAD"))


def test_packed_refs(repository: Path) -> None:
    git(repository, "pack-refs", "--all")
    assert given.checkout(repository) == ("feature/x", git(repository, "rev-parse", "HEAD"))


def test_a_worktree(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    place = tmp_path_factory.mktemp("trees") / "tree"
    git(repository, "worktree", "add", "--quiet", "-b", "other", str(place))
    assert given.checkout(place) == ("other", git(repository, "rev-parse", "HEAD"))


def test_a_detached_head_has_no_branch(repository: Path) -> None:
    commit = git(repository, "rev-parse", "HEAD")
    git(repository, "checkout", "--quiet", "--detach")
    assert given.checkout(repository) == (None, commit)


def test_before_the_first_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    assert given.checkout(tmp_path) == ("main", None)


@pytest.mark.parametrize("head", ["", "ref: refs/tags/v1", "ref: refs/heads/.invalid", "nonsense"])
def test_what_cannot_be_read_is_unknown(tmp_path: Path, head: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text(head)
    assert given.checkout(tmp_path) == (None, None)


def test_files_and_names() -> None:
    files = ["a.yaml", "a.yml", "./a", "x/y", "-"]
    assert [each for each in [*files, "a", "a.b"] if given.is_file(each)] == files


def test_variables() -> None:
    assert given.variables(["a=1", "b=x=y", "a=2", "c="]) == {"a": "2", "b": "x=y", "c": ""}
    with pytest.raises(Failure, match="`--var a` gives no value"):
        given.variables(["a"])


def test_events(tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text('{"name": "push", "branch": "main"}')
    assert given.event_file(str(file)) == {"event": "push", "branch": "main"}
    file.write_text("{}")
    assert given.event_file(str(file)) == {"event": "manual"}


@pytest.mark.parametrize(
    ("text", "what"),
    [("{", ":1:2: it is not JSON: "), ("[]", ": it is no event"), ("[" * 9999, "")],
)
def test_what_is_no_event(tmp_path: Path, text: str, what: str) -> None:
    file = tmp_path / "event.json"
    file.write_text(text)
    with pytest.raises(Failure) as failure:
        given.event_file(str(file))
    assert what in failure.value.what
    assert failure.value.code == 2


def test_a_definition_is_text(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(Failure) as failure:
        given.definition(str(file))
    assert failure.value.what == f"{file}:2: it is not UTF-8 text"
    with pytest.raises(Failure) as failure:
        given.definition(str(tmp_path / "none.yaml"))
    assert failure.value.code == 5
