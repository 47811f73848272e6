"""The changed paths of an event that does not list them, from the clone it is about.

It asks git for the difference of two commits that the clone has, within a time and a size, and
never goes to the network. What it cannot tell stays unknown, with the reason.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from orchestrate.core.condition import Facts
from orchestrate.engine.forges.occurrence import PATHS_MAX, is_commit

GIT_WAIT_S = 5.0
LISTED_BYTES_MAX = 8 << 20
_QUIET = {
    "GIT_NO_LAZY_FETCH": "1",  # a partial clone would go and fetch what it lacks
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}


@dataclass(frozen=True, slots=True)
class Span:
    """Two commits, or a branch of the remote and a commit; `forked`: since they parted."""

    start: str
    end: str
    forked: bool


def span_of(facts: Facts) -> Span | None:
    """Between what the changes of an event lie; None where it does not say."""
    said = {name: each for name, each in facts.data.items() if isinstance(each, str)}
    head, base = said.get("head_sha"), said.get("base_sha")
    if head is not None and is_commit(head):
        if base is not None and is_commit(base):
            return Span(base, head, forked=True)
        branch = said.get("base_branch")
        return Span(f"refs/remotes/origin/{branch}", head, forked=True) if branch else None
    before = said.get("before")
    if facts.sha is None or facts.tag is not None or not is_commit(facts.sha):
        return None
    return Span(before, facts.sha, forked=False) if before and is_commit(before) else None


def has_clone(project: Path) -> bool:
    return (project / ".git").exists()


def changed_paths(project: Path, span: Span) -> tuple[tuple[str, ...] | None, str]:
    """The paths that differ, and how they were found; None and why not, where they were not."""
    dots = "..." if span.forked else ".."
    asked = [
        "git", "-C", str(project), "diff", "--name-only", "-z", "--no-renames", "--no-ext-diff",
        "--no-textconv", "--end-of-options", f"{span.start}{dots}{span.end}", "--",
    ]  # fmt: skip
    environ = {name: each for name, each in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            asked,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=GIT_WAIT_S,
            env=environ | _QUIET,
            check=False,
        )
    except FileNotFoundError:
        return None, "git is not installed here"
    except subprocess.TimeoutExpired:
        return None, f"git did not list them within {GIT_WAIT_S:.0f} seconds"
    if done.returncode != 0:
        return None, "the clone here does not know these commits"
    if len(done.stdout) > LISTED_BYTES_MAX:
        return None, "git lists too many"
    paths = done.stdout.decode("utf-8", "replace").split("\0")[:-1]
    if len(paths) > PATHS_MAX:
        return None, f"git lists more than {PATHS_MAX:,}"
    return tuple(paths), "they were listed by git, from the clone here"
