"""A simple command is started without a shell, and nobody can tell; everything else gets one."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from orchestrate.agent.shell import words

ENV = {"PATH": os.defpath}


def by_shell(text: str, env: dict[str, str] | None = None, cwd: str | None = "/") -> bool:
    return words(text, ENV if env is None else env, cwd)[1:] == ("-e", "-c", text)


def program(folder: Path, name: str, text: str = "#!/bin/sh\necho ran\n") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    "text",
    ["true", "echo hello", "echo  a   b", "ls -l /", " sleep 1 ", "sleep 1\n", "/bin/echo a=b",
     "env A=b", "date +%s", "cat a@b:c,d"],
)  # fmt: skip
def test_one_simple_command_needs_no_shell(text: str) -> None:
    assert words(text, ENV, "/") == tuple(text.split())


@pytest.mark.parametrize(
    "text",
    [
        "echo $HOME", "echo `id`", "echo 'a b'", 'echo "a"', "echo a; ls", "echo a && ls",
        "echo a || ls", "echo a | cat", "echo a > b", "echo < b", "ls *", "ls ?", "ls [ab]",
        "echo {a,b}", "echo ~", "echo a # b", "! true", "(ls)", "A=b ls", "echo a\\ b", "echo a &",
        "echo a\nls", "ls\tx", "echo ü", "a^b",
    ],
)  # fmt: skip
def test_what_a_shell_would_read_differently_is_left_to_it(text: str) -> None:
    assert by_shell(text)


@pytest.mark.parametrize(
    "text",
    ["cd x", "exit 3", "export A", "set -x", "test -f x", "printf x", "pwd", "kill 1", "time ls",
     "if true", "for x in y", "exec ls", "source x", ". x", "umask 077", "wait", "read x",
     "echo -n x", "echo --help", "command ls", "type ls"],
)  # fmt: skip
def test_what_a_shell_does_itself_is_left_to_it(text: str) -> None:
    assert by_shell(text)


def test_a_command_that_is_not_there_is_left_to_the_shell_to_say_so() -> None:
    assert by_shell("no-such-command-anywhere --now")


def test_a_script_without_an_interpreter_is_left_to_the_shell(tmp_path: Path) -> None:
    """The kernel does not start it; a shell does."""
    program(tmp_path, "plain", "echo ran\n")
    program(tmp_path, "right")
    assert by_shell("./plain", cwd=str(tmp_path))
    assert words("./right", ENV, str(tmp_path)) == ("./right",)
    assert by_shell("plain", {"PATH": f"{tmp_path}:{os.defpath}"})


def test_a_path_that_begins_in_the_current_directory_is_left_to_the_shell(tmp_path: Path) -> None:
    program(tmp_path, "tool")
    assert by_shell("tool", {"PATH": f":{tmp_path}"})
    assert by_shell("tool", {"PATH": f".:{tmp_path}"})


def test_a_directory_or_a_plain_file_in_front_is_left_to_the_shell(tmp_path: Path) -> None:
    (tmp_path / "tool").mkdir()
    program(tmp_path / "bin", "tool")
    assert by_shell("tool", {"PATH": f"{tmp_path}:{tmp_path}/bin"})


def test_the_shell_is_bash_where_there_is_one_else_sh(tmp_path: Path) -> None:
    program(tmp_path, "bash")
    assert words("a | b", {"PATH": str(tmp_path)}, "/") == ("bash", "-e", "-c", "a | b")
    assert words("a | b", {"PATH": str(tmp_path / "x")}, "/") == ("sh", "-e", "-c", "a | b")


def test_text_that_begins_like_an_option_is_none_of_the_shells() -> None:
    assert words("-c 'echo hurt'", ENV, "/")[-1] == " -c 'echo hurt'"


def test_a_relative_program_in_an_unknown_directory_is_left_to_the_shell() -> None:
    assert by_shell("./x", cwd=None)


@pytest.mark.parametrize(
    "text",
    ["echo a  b", "echo a=b +c %d @e", "true", "false", "env", "ls /", "printenv A PWD",
     "cat /no/such/file", "expr 1 + 2", "sh -c exit"],
)  # fmt: skip
def test_nobody_can_tell_the_difference(text: str, tmp_path: Path) -> None:
    """Given a simple command, it answers the same without a shell as with one."""
    env = {**ENV, "A": "b", "PWD": str(tmp_path)}
    direct = words(text, env, str(tmp_path))
    assert direct == tuple(text.split())
    answers = [
        subprocess.run(argv, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
        for argv in (direct, ("bash", "-e", "-c", text))
    ]
    one, other = (
        (answer.returncode, set(answer.stdout.split("\n")), answer.stderr) for answer in answers
    )
    if text == "env":  # what a shell adds about itself, which no program has a use for
        other[1].difference_update({line for line in other[1] if line.startswith(("SHLVL=", "_="))})
    assert one == other
