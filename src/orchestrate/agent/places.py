"""Where agents are written down: the files of one root (a project, a home), read in their order.

Nothing here raises for what stands in a file, and nothing is left out silently: what was not read
is in `skipped`, with the reason. Links that leave the root are not followed.
"""

from __future__ import annotations

import difflib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from orchestrate.agent import foreign, frontmatter
from orchestrate.agent.yamltext import TEXT_BYTES_MAX, BadText, load

FILES_MAX = 1_000  # read in one place
ENTRIES_MAX = 10_000  # looked at in one place
FOLDER_DEPTH_MAX = 8

PROJECT_FILE = "orchestrate.yaml"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of definitions; `flavour` is whose files they are."""

    path: str
    flavour: str
    suffixes: tuple[str, ...] = (".md",)
    deep: bool = False


PLACES = (
    Place(".orchestrate/agents", "own", (".md", ".yaml", ".yml")),
    Place(".claude/agents", "claude", deep=True),
    Place(".github/agents", "copilot"),
    Place(".opencode/agents", "opencode", deep=True),
    Place(".opencode/agent", "opencode", deep=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One definition as somebody wrote it; `source` is where, as people would say it."""

    name: str
    fields: dict[str, Any]
    source: str


@dataclass(slots=True)
class Gathered:
    written: list[Written] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    default: str | Written | None = None

    def skip(self, path: str, why: str, line: int | None = None) -> None:
        self.skipped.append((path, f"line {line}: {why}" if line else why))


class Unreadable(Exception):
    """A file that is not read. `args[0]` says why."""


def gather(root: Path, shown: str = "") -> Gathered:
    """Every definition below `root`, in the order of its places. `shown` begins each source."""
    gathered = Gathered()
    try:
        real = os.path.realpath(root, strict=True)
    except OSError:
        return gathered
    _project_file(root, real, shown, gathered)
    for place in PLACES:
        for path in _files(root, real, place, shown, gathered):
            _one_file(root / path, real, shown + path, place.flavour, gathered)
    return gathered


def _project_file(root: Path, real: str, shown: str, gathered: Gathered) -> None:
    source = shown + PROJECT_FILE
    if not os.path.lexists(root / PROJECT_FILE):
        return None
    try:
        value, lines = load(read_inside(root / PROJECT_FILE, real))
    except BadText as fault:
        return gathered.skip(source, fault.why, fault.line)
    except Unreadable as fault:
        return gathered.skip(source, str(fault))
    if value is None:
        return None
    if not isinstance(value, dict):
        return gathered.skip(source, "it must be a map, with `agents:` in it")
    for key in value:
        near = difflib.get_close_matches(key, ("agents", "default_agent"), 1, 0.75)
        if near and near[0] != key:
            gathered.skip(source, f"`{key}` is not read; did you mean `{near[0]}`?", lines[key])
    agents = value.get("agents")
    if not isinstance(agents, dict | None):
        gathered.skip(source, "`agents` must be a map of names", lines["agents"])
        agents = None
    for name, fields in (agents or {}).items():
        line = lines.get(f"agents/{name}", lines["agents"])
        add(gathered, name, fields, f"{source}:{line}")
    default = value.get("default_agent")
    if isinstance(default, dict):
        gathered.default = Written(
            name="default_agent", fields=default, source=f"{source}:{lines['default_agent']}"
        )
    elif isinstance(default, str | None):
        gathered.default = default
    else:
        why = "`default_agent` must be the name of an agent, or a definition"
        gathered.skip(source, why, lines["default_agent"])
    return None


def _one_file(path: Path, real: str, shown: str, flavour: str, gathered: Gathered) -> None:
    stem = path.name.split(".")[0]
    try:
        text = read_inside(path, real)
        if path.suffix != ".md":
            fields, _ = load(text)
            name = fields.pop("name", stem) if isinstance(fields, dict) else stem
            return add(gathered, name, fields, shown)
        matter = frontmatter.read(text)
    except BadText as fault:
        return gathered.skip(shown, fault.why, fault.line)
    except Unreadable as fault:
        return gathered.skip(shown, str(fault))
    if matter is None:
        return gathered.skip(shown, "it does not begin with front matter (`---`, fields, `---`)")
    written_name = matter.fields.get("name")
    if written_name is None and flavour == "claude":
        return gathered.skip(shown, "its front matter has no `name`", 1)
    ours = matter.fields.get(frontmatter.OURS)
    if not isinstance(ours, dict | None):
        return gathered.skip(shown, "`orchestrate` must be a map of fields")
    return add(gathered, written_name or stem, foreign.fields(flavour, matter), shown)


def add(gathered: Gathered, name: object, fields: object, source: str) -> None:
    """Take one definition in, or say why not."""
    if not isinstance(name, str) or not 0 < len(name.strip()) <= 100 or not name.isprintable():
        gathered.skip(source, "a name is text of 1 to 100 characters")
    elif not isinstance(fields, dict):
        example = f"{name.strip()}: {{run: pytest -q}}"
        gathered.skip(source, f"agent `{name.strip()}` must be a map of fields, such as {example}")
    else:
        gathered.written.append(Written(name=name.strip(), fields=fields, source=source))


# ── the world ────────────────────────────────────────────────────────────────────────────────────


def inside(real: str, root: str) -> bool:
    """Whether a resolved path is `root` or stands below it."""
    return real == root or real.startswith(root.rstrip("/") + "/")


def read_inside(path: Path, root: str) -> str:
    """The text of a plain, small file whose real place is below `root`. Raises Unreadable."""
    try:
        real = os.path.realpath(path, strict=True)
        if not inside(real, root):
            raise Unreadable("it is a link that leaves the place it is in; such links are not read")
        # Non-blocking: opening a pipe must not wait for somebody to write into it.
        handle = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        with open(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise Unreadable("it is no plain file")
            data = file.read(TEXT_BYTES_MAX + 1)
    except OSError as fault:
        raise Unreadable(f"it cannot be read: {fault.strerror}") from None
    if len(data) > TEXT_BYTES_MAX:
        raise Unreadable(f"it has more than {TEXT_BYTES_MAX // 1024} KiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        raise Unreadable(f"line {line}: it is not UTF-8 text") from None


def _files(root: Path, real: str, place: Place, shown: str, gathered: Gathered) -> Iterator[str]:
    """The files of a place in order, as paths from the root; each real folder once."""
    folders = [(place.path, 1)]
    seen: set[str] = set()
    looked_at = files = 0
    while folders:
        folder, depth = folders.pop(0)
        try:
            where = os.path.realpath(root / folder, strict=True)
            if not inside(where, real):
                gathered.skip(shown + folder, "it is a link that leaves the place it is in")
                continue
            if where in seen:
                continue
            seen.add(where)
            entries = sorted(
                islice(os.scandir(where), ENTRIES_MAX + 1), key=lambda entry: entry.name
            )
        except FileNotFoundError:
            continue
        except OSError as fault:
            gathered.skip(shown + folder, f"it cannot be read: {fault.strerror}")
            continue
        for entry in entries:
            looked_at += 1
            if looked_at > ENTRIES_MAX or files >= FILES_MAX:
                most = f"{FILES_MAX} definitions or {ENTRIES_MAX} entries"
                gathered.skip(shown + place.path, f"the rest of it: at most {most} are read")
                return
            path = f"{folder}/{entry.name}"
            is_folder = os.path.isdir(entry.path)  # quiet about loops of links
            if entry.name.endswith(place.suffixes) and not is_folder:
                files += 1
                yield path
            elif place.deep and is_folder:
                if depth < FOLDER_DEPTH_MAX:
                    folders.append((path, depth + 1))
                else:
                    gathered.skip(shown + path, f"it is deeper than {FOLDER_DEPTH_MAX} folders")
