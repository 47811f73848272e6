"""A definition and the facts of an attempt → the process to start. It starts nothing itself.

Nothing that comes from outside is ever part of what is started: task, variables and event reach
the command by standard input, environment and context.json only.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

from orchestrate.agent.context import context_text
from orchestrate.agent.definitions import Definition
from orchestrate.agent.environment import surroundings
from orchestrate.agent.facts import AttemptFacts, CannotStart
from orchestrate.agent.fields import RUN_BYTES_MAX, seconds
from orchestrate.agent.places import inside
from orchestrate.agent.process import Launch
from orchestrate.agent.shell import words
from orchestrate.core.pipeline import GRACE_S

__all__ = ["AttemptFacts", "CannotStart", "launch"]

# `workspace: none`: only the guard knows the attempt's directory, so the way into an empty one
# inside of it is the attempt's own first step.
_EMPTY = (
    'empty="${ORCHESTRATE_CONTEXT%/*}/workspace" && mkdir -m 700 "$empty" && cd "$empty" && '
    'export ORCHESTRATE_WORKSPACE="$empty" PWD="$empty" && exec "$@"'
)


def launch(
    definition: Definition | None, attempt: AttemptFacts, *, key: str, home: Mapping[str, str]
) -> Launch:
    """What to start for this attempt; `home` is the server's environment. Raises CannotStart.

    Without a definition the stage's own `run` is started.
    """
    if definition is not None and definition.problem:
        problem = f"agent `{definition.name}` ({definition.source}): {definition.problem}"
        raise CannotStart("config", problem)
    fields = definition.fields if definition else {}
    attempt = replace(attempt, task=attempt.task or str(fields.get("task") or ""))
    around = surroundings(definition, attempt, home)
    env = around.env
    empty = fields.get("workspace") == "none"
    cwd = "/"
    if not empty:
        cwd = _directory(attempt.project, fields.get("cwd"))
        env["ORCHESTRATE_WORKSPACE"] = os.path.realpath(attempt.project)
        env["PWD"] = cwd
    run = attempt.run if attempt.run is not None else fields.get("run")
    argv = _argv(run, env, None if empty else cwd)
    return Launch(
        key=key,
        argv=("sh", "-c", _EMPTY, "sh", *argv) if empty else argv,
        env=env,
        cwd=cwd,
        stdin=attempt.task.encode("utf-8", "replace").decode("utf-8"),
        context=context_text(definition, attempt, around.left_out),
        timeout_s=_shorter(attempt.timeout_s, seconds(fields.get("timeout"))),
        idle_timeout_s=seconds(fields.get("idle_timeout")),
        grace_s=_grace_s(attempt.grace_s, seconds(fields.get("grace"))),
        mask=around.mask,
    )


def _argv(run: object, env: Mapping[str, str], cwd: str | None) -> tuple[str, ...]:
    if isinstance(run, list):
        argv = tuple(str(word) for word in run)
    elif isinstance(run, str) and run.strip():
        argv = words(run, env, cwd)
    else:
        raise CannotStart("config", "neither the stage nor its agent says what to run")
    for word in argv:
        if "\0" in word or len(word.encode("utf-8", "replace")) > RUN_BYTES_MAX:
            text = f"`run` must be text without NUL, of at most {RUN_BYTES_MAX} bytes"
            raise CannotStart("config", f"{text}; put it into a script and run that")
    return argv


def _directory(project: str, cwd: object) -> str:
    """Where the command starts: `cwd`, which must be a directory inside the project."""
    root = os.path.realpath(project)
    where = os.path.realpath(os.path.join(root, str(cwd or ".")))
    if not inside(where, root):
        raise CannotStart("config", f"`cwd: {cwd}` leads out of the project")
    if not os.path.isdir(where):
        what = f"`cwd: {cwd}` is" if cwd else f"the project's directory {root} is"
        raise CannotStart("config", f"{what} no directory")
    return where


def _shorter(stage: float | None, agent: float | None) -> float | None:
    """The stage's time is a ceiling to the agent's, and the agent's to the stage's."""
    given = [each for each in (stage, agent) if each is not None]
    return min(given) if given else None


def _grace_s(stage: float | None, agent: float | None) -> float:
    """Whoever asks for more time to end gets it: it is there for the program's sake."""
    given = [each for each in (stage, agent) if each is not None]
    return max(given) if given else GRACE_S
