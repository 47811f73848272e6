"""`run:` text → the words to start. One simple command needs no shell: that saves a process.

When in doubt the shell runs it; the difference must never be visible (as make does it).
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping

# Words in which a shell would change nothing: no quotes, globs, expansions, comments, tildes.
_WORDS = re.compile(r"[A-Za-z0-9_./:@%+,-]+(?: +[A-Za-z0-9_./:@%+,=-]+)*")
# What a shell does itself and programs of the same name do otherwise, or not at all.
_SHELLS_OWN = (
    " . : alias bg bind break builtin caller case cd command compgen complete compopt continue "
    "coproc declare dirs disown do done elif else enable esac eval exec exit export fc fg fi for "
    "function getopts hash help history if in jobs kill let local logout mapfile popd printf "
    "pushd pwd read readarray readonly return select set shift shopt source suspend test then "
    "time times trap type typeset ulimit umask unalias unset until wait while "
)


def words(text: str, env: Mapping[str, str], cwd: str | None) -> tuple[str, ...]:
    """What to start for the command `text`, in the directory `cwd` (None: not known yet)."""
    line = text.strip(" \n")
    if _WORDS.fullmatch(line):
        simple = tuple(line.split())
        if _same_without_shell(simple) and _starts(simple[0], env, cwd):
            return simple
    shell = "bash" if _in_path("bash", env) else "sh"
    dashed = text.startswith(("-", "+"))  # an option of the shell it is not
    return (shell, "-e", "-c", f" {text}" if dashed else text)


def _same_without_shell(simple: tuple[str, ...]) -> bool:
    if simple[0] == "echo":
        return not any(word.startswith("-") for word in simple)
    return f" {simple[0]} " not in _SHELLS_OWN and not simple[0].startswith(("-", "+", "%"))


def _starts(name: str, env: Mapping[str, str], cwd: str | None) -> bool:
    if "/" not in name:
        return _in_path(name, env)
    if cwd is None and not name.startswith("/"):
        return False
    return _is_program(os.path.join(cwd or "/", name))


def _in_path(name: str, env: Mapping[str, str]) -> bool:
    """Whether the first thing of that name in PATH can be started as it is."""
    for folder in env.get("PATH", "").split(":"):
        if not folder.startswith("/"):
            return False  # it means another place in every directory: the shell may find out
        if os.path.exists(path := f"{folder}/{name}"):
            return _is_program(path)
    return False


def _is_program(path: str) -> bool:
    """Whether the kernel can start it. A script without `#!` is something only shells can run."""
    try:
        if not (stat.S_ISREG(os.stat(path).st_mode) and os.access(path, os.X_OK)):
            return False
        with open(path, "rb") as file:
            return file.read(4).startswith((b"#!", b"\x7fELF"))
    except OSError:
        # A program that may be run but not read: the shell will not need to read it either.
        return False
