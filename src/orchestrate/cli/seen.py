"""What a hook of git saw, as events: asked of git, within a time. It changes nothing.

What git does not tell is left out.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from typing import Any

GIT_WAIT_S = 10.0
PATHS_MAX = 10_000
REFS_MAX = 100
_HEADS = "refs/heads/"
_TAGS = "refs/tags/"
_URL = re.compile(r"[/:]([^/:\s]+/[^/:\s]+?)(?:\.git)?/?$")

Event = dict[str, Any]


def events(name: str, words: Sequence[str], given: bytes) -> list[Event]:
    """The events of one hook. `words`: the commit, the branch and ORIG_HEAD when it ran (HEAD may
    be another by now), then what git gave it; `given` is what git wrote to its input.
    """
    at, on, left, *more = [*words, "", "", ""]
    match name:
        case "post-commit":
            found = [] if not at else [_moved("push", on, f"{at}^1", at)]
        case "post-merge":
            # A squash merges nothing yet: the commit that follows is the event.
            found = [] if more[:1] == ["1"] or not at else [_moved("merge", on, left, at)]
        case _:
            lines = given.decode("utf-8", "replace").splitlines()[:REFS_MAX]
            found = [_received(*parts) for line in lines if len(parts := line.split()) == 3]
    shared = {"repository": _repository(), "workspace": _git("rev-parse", "--show-toplevel")}
    return [{**_said(shared), **_said(each)} for each in found]


def _moved(event: str, branch: str, start: str, end: str) -> Event:
    """The branch that is checked out has moved."""
    return {
        "event": event,
        "branch": branch or None,
        "paths": _paths(start, end),
        "before": _git("rev-parse", "--verify", "--quiet", "--end-of-options", start),
        **_commit(end),
    }


def _received(before: str, after: str, ref: str) -> Event:
    """Somebody pushed a branch or a tag to this repository."""
    tag = ref.removeprefix(_TAGS) if ref.startswith(_TAGS) else None
    place: Event = {"branch": "" if tag else ref.removeprefix(_HEADS), "tag": tag}
    if not after.strip("0"):
        return {"event": "delete", **place, "ref_type": "tag" if tag else "branch"}
    if tag or not before.strip("0"):
        return {"event": "push", **place, "created": not before.strip("0"), **_commit(after)}
    paths = _paths(before, after)
    return {"event": "push", **place, "before": before, "paths": paths, **_commit(after)}


def _commit(name: str) -> Event:
    said = _git("log", "-1", "--format=%H%n%s", "--end-of-options", name)
    sha, _, title = (said or "").partition("\n")
    return {"sha": sha or None, "title": title or None}


def _paths(start: str, end: str) -> list[str] | None:
    """What differs; for the very first commit all of it. None: git does not say, or too much."""
    wanted = ("--name-only", "-z", "--no-renames")
    said = _git("diff", *wanted, "--end-of-options", f"{start}..{end}", "--", strip=False)
    if said is None:
        tree = ("diff-tree", "-r", "--root", "--no-commit-id", *wanted)
        said = _git(*tree, "--end-of-options", end, "--", strip=False)
    paths = None if said is None else said.split("\0")[:-1]
    return None if paths is None or len(paths) > PATHS_MAX else paths


def _repository() -> str | None:
    """`owner/name`, as the remote's address has it."""
    found = _URL.search(_git("config", "--get", "remote.origin.url") or "")
    return None if found is None else found[1]


def _said(event: Event) -> Event:
    return {name: each for name, each in event.items() if each is not None}


def _git(*words: str, strip: bool = True) -> str | None:
    """What git says; None where it says nothing, fails or takes too long."""
    try:
        done = subprocess.run(
            ["git", *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=GIT_WAIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = done.stdout.decode("utf-8", "replace")
    said = said.strip() if strip else said
    return said if done.returncode == 0 and (said or not strip) else None
