"""What a person hands over: files named on the command line, and the checkout they stand in.

It never runs git, and never guesses: what it cannot read simply is unknown.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from orchestrate.cli.failure import Exit, Failure

DEFINITION_BYTES_MAX = 4 << 20
"""The server's own limit is lower and says why; this one only guards memory."""
_SMALL = 1 << 16
_REFS_BYTES_MAX = 16 << 20


def definition(path: str) -> str:
    """The text of a definition; `-` is standard input. Raises Failure."""
    try:
        if path == "-":
            data = sys.stdin.buffer.read(DEFINITION_BYTES_MAX + 1)
        else:
            with Path(path).open("rb") as file:
                data = file.read(DEFINITION_BYTES_MAX + 1)
    except OSError as fault:
        code = Exit.NOT_FOUND if isinstance(fault, FileNotFoundError) else Exit.INVALID
        raise Failure(f"{path} cannot be read: {fault.strerror}", code=code) from None
    if len(data) > DEFINITION_BYTES_MAX:
        what = f"{path} has more than {DEFINITION_BYTES_MAX >> 20} MiB"
        raise Failure(what, "a definition has at most 1 MiB", code=Exit.INVALID)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        what = f"{path}:{line}: it is not UTF-8 text"
        raise Failure(what, "save it as UTF-8", code=Exit.INVALID) from None


def is_file(named: str) -> bool:
    """Whether `NAME|FILE` means a file: it has a slash, ends in .yaml or .yml, or is `-`."""
    return named == "-" or "/" in named or named.endswith((".yaml", ".yml"))


def event_file(path: str) -> dict[str, Any]:
    """The event in a JSON file; its name is under `event` or `name`. Raises Failure."""
    try:
        said = json.loads(definition(path))
    except (ValueError, RecursionError) as fault:
        where = f":{fault.lineno}:{fault.colno}" if isinstance(fault, json.JSONDecodeError) else ""
        why = fault.msg if isinstance(fault, json.JSONDecodeError) else "it is nested too deeply"
        raise Failure(f"{path}{where}: it is not JSON: {why}", code=Exit.INVALID) from None
    if not isinstance(said, dict):
        example = 'an event is an object, such as {"event": "push", "branch": "main"}'
        raise Failure(f"{path}: it is no event", example, code=Exit.INVALID)
    name = said.pop("name", None)
    said.setdefault("event", name or "manual")
    return said


def variables(pairs: Iterable[str]) -> dict[str, str]:
    """`k=v`, each once or more; the last one counts. Raises Failure."""
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            what = f"`--var {pair}` gives no value"
            raise Failure(what, "write --var name=value", code=Exit.INVALID)
        found[name.strip()] = value
    return found


def checkout(cwd: Path) -> tuple[str | None, str | None]:
    """Branch and commit of the git repository that `cwd` is in; None where unknown.

    A detached HEAD has a commit and no branch.
    """
    for folder in (cwd, *cwd.parents):
        git = folder / ".git"
        if git.is_file():  # a worktree or a submodule: the file names the real place
            said = _read(git).strip()
            if not said.startswith("gitdir:"):
                return None, None
            git = folder / said.removeprefix("gitdir:").strip()
        if git.is_dir():
            return _head(git)
    return None, None


def _head(git: Path) -> tuple[str | None, str | None]:
    head = _read(git / "HEAD").strip()
    if not head.startswith("ref:"):
        return None, head if _is_commit(head) else None
    ref = head.removeprefix("ref:").strip()
    if not ref.startswith("refs/heads/") or ref == "refs/heads/.invalid":
        return None, None
    shared = _read(git / "commondir").strip()
    commit = _commit(git / shared if shared else git, ref)
    return ref.removeprefix("refs/heads/"), commit


def _commit(git: Path, ref: str) -> str | None:
    loose = _read(git / ref).strip()
    if _is_commit(loose):
        return loose
    for line in _read(git / "packed-refs", _REFS_BYTES_MAX).splitlines():
        commit, _, name = line.partition(" ")
        if name == ref and _is_commit(commit):
            return commit
    return None


def _is_commit(text: str) -> bool:
    return len(text) in (40, 64) and all(each in "0123456789abcdef" for each in text)


def _read(path: Path, bytes_max: int = _SMALL) -> str:
    try:
        with path.open("rb") as file:
            return file.read(bytes_max).decode("utf-8", "replace")
    except OSError:
        return ""
