"""`orchestrate hook ...`: the git hooks that tell of commits, merges and pushes.

A hook of somebody else is kept, runs first, and decides alone whether git goes on: ours never
blocks a commit, and never fails one.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import click

from orchestrate.cli import settings as places
from orchestrate.cli.failure import Exit, Failure
from orchestrate.cli.road import Road
from orchestrate.cli.verb import Verb, asked, note

HOOKS = ("post-commit", "post-merge", "post-receive")
KEPT = ".before-orchestrate"
GIT_WAIT_S = 10.0
HOOK_BYTES_MAX = 1 << 20
GIVEN_BYTES_MAX = 1 << 20
_MARK = "# made by `orchestrate hook install`"
_SCRIPT = """#!/bin/sh
{mark}; `orchestrate hook install --uninstall` takes it out.
# It tells of what happened in the background: git waits for nothing, and nothing it does can fail.
before="$0{kept}"
home={home}
status=0
at=$(git rev-parse --verify --quiet HEAD 2>/dev/null)
on=$(git symbolic-ref --quiet --short HEAD 2>/dev/null)
from=$(git rev-parse --verify --quiet ORIG_HEAD 2>/dev/null)
{given}
if [ -x "$before" ]; then
  {first}"$before" "$@" || status=$?
fi
git=$(git rev-parse --git-dir 2>/dev/null)
# Neither for an agent, which would start its own pipeline again, nor within a rebase.
if [ -z "$ORCHESTRATE_ATTEMPT_KEY" ] && ! [ -d "$git/rebase-merge" ] && ! [ -d "$git/rebase-apply" ]
then
  (
    export ORCHESTRATE_HOME="${{ORCHESTRATE_HOME:-$home}}"
    {ours}{command} hook tell {name} "$at" "$on" "$from" "$@" &
  ) >/dev/null 2>&1
fi
exit $status
"""


@click.command("install", cls=Verb)
@click.option("--uninstall", is_flag=True, help="Take the hooks out, and put back what was there.")
def install(uninstall: bool) -> None:
    """Let commits, merges and pushes in this git repository start pipelines."""
    hooks = _hooks_folder()
    settings = asked().settings()
    for name in HOOKS:
        path = hooks / name
        line = _take_out(path) if uninstall else _put_in(path, name, settings)
        if line:
            note(line)


@click.command("tell", cls=Verb, hidden=True)
@click.argument("name", type=click.Choice(HOOKS))
@click.argument("words", nargs=-1)
def tell(name: str, words: tuple[str, ...]) -> None:
    """Tell of what a hook of git saw."""
    from orchestrate.cli.event import tell as keep
    from orchestrate.cli.seen import events

    found = events(name, words, sys.stdin.buffer.read(GIVEN_BYTES_MAX))
    if not found:
        return
    settings = asked().settings()
    with Road(settings, note) as road:
        for event in found:
            if settings.server is not None:
                event.pop("workspace", None)
            keep(road, event)


# ── the files ────────────────────────────────────────────────────────────────────────────────────


def _hooks_folder() -> Path:
    """Where git looks for hooks. Raises Failure where that is not this repository's own place."""
    asked_git = ["git", "rev-parse", "--path-format=absolute", "--git-common-dir", "--git-path"]
    try:
        done = subprocess.run(
            [*asked_git, "hooks"], capture_output=True, text=True, timeout=GIT_WAIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        raise Failure("git does not answer", "is it installed?") from None
    if done.returncode != 0:
        raise Failure("this is no git repository", "go to one", code=Exit.NOT_FOUND)
    common, hooks = (Path(line) for line in done.stdout.splitlines()[:2])
    if hooks != common / "hooks":
        line = "orchestrate hook tell post-commit"
        raise Failure(
            f"core.hooksPath keeps the hooks of this repository in {hooks}",
            f"they are somebody else's to change; add this line to its post-commit: {line} &",
            code=Exit.REFUSED,
        )
    hooks.mkdir(exist_ok=True)
    return hooks


def _put_in(path: Path, name: str, settings: places.Settings) -> str:
    kept = path.with_name(path.name + KEPT)
    chained = ""
    if path.exists() or path.is_symlink():
        if not _is_ours(path):
            if kept.exists():
                raise Failure(
                    f"{kept} is there already, and {path} is not ours",
                    "put one of the two away",
                    code=Exit.REFUSED,
                )
            path.rename(kept)
            chained = f"; the hook that was there runs first ({kept.name})"
    fresh = path.with_name(f"{path.name}.orchestrate-new")
    fresh.write_text(_script(name, settings), encoding="utf-8")
    fresh.chmod(0o755)
    fresh.rename(path)
    return f"installed {name}{chained}"


def _take_out(path: Path) -> str:
    if not path.exists() or not _is_ours(path):
        return ""
    kept = path.with_name(path.name + KEPT)
    if kept.exists():
        kept.rename(path)
        return f"removed {path.name}; the hook from before is back"
    path.unlink()
    return f"removed {path.name}"


def _is_ours(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return _MARK.encode() in file.read(HOOK_BYTES_MAX)
    except OSError:
        return False


def _script(name: str, settings: places.Settings) -> str:
    """What git runs. The data directory is written into it: a hook may run from anywhere."""
    reads = name == "post-receive"
    return _SCRIPT.format(
        mark=_MARK,
        kept=KEPT,
        name=name,
        home=shlex.quote(str(settings.data)),
        command=f"{shlex.quote(sys.executable)} -P -m orchestrate",
        given="given=$(cat)" if reads else "",
        first='printf "%s\\n" "$given" | ' if reads else "",
        ours='printf "%s\\n" "$given" | ' if reads else "</dev/null ",
    )
