"""`orchestrate pipeline init`: a pipeline that works, written into the project it is started in.

It writes what is not there, adds to what can be added to, and changes nothing else.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import click

from orchestrate.cli import faults as drawing
from orchestrate.cli import paint
from orchestrate.cli.failure import Exit, Failure
from orchestrate.cli.settings import DATA_NAME, PARENTS_MAX, Settings
from orchestrate.cli.verb import Verb, asked, formed, note, show, show_table

AGENTS = "orchestrate.yaml"
FOLDER = "pipelines"
ENTRIES_MAX = 10_000
_IGNORED = """\
# The record of this project's runs; definitions of agents may be kept under git.
*
!.gitignore
!agents/
!agents/**
"""


@dataclass(slots=True)
class _Written:
    """What became of each file, and of each agent."""

    files: list[dict[str, str]] = field(default_factory=list)
    added: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    def say(self, did: str, path: object, about: str = "") -> None:
        self.files.append({"path": str(path), "status": did, "about": about})


@click.command("init", cls=Verb)
@click.argument("name", metavar="ci|cd|release|security", required=False)
@click.option("-f", "--file", metavar="FILE", help="Where the pipeline is written "
              "(pipelines/TEMPLATE.yaml).")  # fmt: skip
@click.option("--list", "listed", is_flag=True, help="Say which templates there are.")
@click.option("--set", "pairs", multiple=True, metavar="K=V", help="Change a setting of the "
              "template.")  # fmt: skip
@formed
def init(
    name: str | None, file: str | None, listed: bool, pairs: tuple[str, ...], form: str
) -> None:
    """Write a pipeline that works, its agents and its tests into this project.

    What is there already stays as it is.
    """
    from orchestrate.language.templates import gallery

    if listed:
        _list(form)
        return
    if name is None:
        names = ", ".join(gallery.NAMES)
        raise Failure("name a template", f"one of: {names}; see --list", code=Exit.INVALID)
    try:
        chosen = gallery.template(name)
        settings = gallery.settled(chosen, _pairs(pairs))
    except KeyError:
        what = f"there is no template `{name}`"
        help_ = f"one of: {', '.join(gallery.NAMES)}; see --list"
        raise Failure(what, help_, code=Exit.NOT_FOUND) from None
    except gallery.NoSuchSetting as fault:
        raise Failure(str(fault.args[0]), str(fault.args[1]), code=Exit.INVALID) from None
    found = asked().settings()
    if not settings[gallery.STACK]:
        settings[gallery.STACK] = gallery.detected(_names(found.project))
    kit = gallery.kit(chosen, _place(found, file, name), settings)
    _check(kit)
    written = _write(found, chosen, kit)
    value = {
        "template": name,
        "stack": settings[gallery.STACK],
        "pipeline": str(kit.pipeline.path),
        "scenarios": str(kit.scenarios.path),
        "files": written.files,
        "agents": {"added": list(written.added), "kept": list(written.kept)},
    }
    show(form, value, lambda: _lines(found.project, written))
    if form == "table":
        _next(found.project, kit, settings[gallery.STACK])


def _list(form: str) -> None:
    from orchestrate.language.templates import gallery

    found = gallery.templates()
    page = {"items": [gallery.described(each) for each in found], "next": None}
    show_table(
        form, page, ("NAME", "STAGES", "DESCRIPTION"),
        lambda: ([each.name, " → ".join(each.stages), each.description] for each in found),
        empty="there are no templates",
    )  # fmt: skip
    if form == "table":
        for each in found:
            note(f"{each.name}: " + ", ".join(f"--set {one.name}=..." for one in each.settings))


def _pairs(pairs: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            what = f"`--set {pair}` gives no value"
            raise Failure(what, "write --set name=value", code=Exit.INVALID)
        found[key.strip()] = value
    return found


def _names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [each.name for _, each in zip(range(ENTRIES_MAX), entries, strict=False)]
    except OSError as fault:
        raise Failure(f"{folder} cannot be read: {fault.strerror}") from None


def _place(settings: Settings, file: str | None, name: str) -> PurePosixPath:
    """Where the pipeline goes, from the root of the project. Raises Failure."""
    if file is None:
        return PurePosixPath(FOLDER, f"{name}.yaml")
    root = settings.project.resolve()
    path = Path(os.path.normpath(Path.cwd() / file))
    if path.suffix not in (".yaml", ".yml") or path.is_dir():
        help_ = "give the file a name that ends in .yaml"
        raise Failure(f"{file} is no name for a pipeline", help_, code=Exit.INVALID)
    for base in (root, settings.project):
        if path.is_relative_to(base):
            return PurePosixPath(path.relative_to(base).as_posix())
    what = f"{file} is outside of the project, {settings.project}"
    raise Failure(what, "agents are started in the project", code=Exit.INVALID)


def _check(kit: Any) -> None:
    """What is written is valid, whatever was set. Raises Failure."""
    from orchestrate.language import scenario
    from orchestrate.language.diagnostic import as_dict
    from orchestrate.language.faults import Faults
    from orchestrate.language.reader import read

    noted = Faults()
    scenario.read(kit.scenarios.text, noted)
    for made, found in (
        (kit.pipeline, read(kit.pipeline.text).diagnostics),
        (kit.scenarios, noted.sorted()),
    ):
        if found:
            told = [as_dict(each) for each in found]
            note(drawing.drawn(told, str(made.path), made.text, colour=asked().err.colour))
            what = f"with these settings {made.path} would not be valid"
            raise Failure(what, "nothing was written; set something else", code=Exit.INVALID)


# -- writing ---------------------------------------------------------------------------


def _write(settings: Settings, chosen: Any, kit: Any) -> _Written:
    root = settings.project
    mark = f"`orchestrate pipeline init {chosen.name}`"
    _no_strangers(root, kit, mark)
    merged = _merged(root, kit.agents)
    written = _Written(added=merged.added, kept=merged.kept)
    try:
        _data(settings, written)
        for made in kit.files:
            _put(root, made, written)
        if merged.added:
            did = "changed" if (root / AGENTS).exists() else "wrote"
            (root / AGENTS).write_text(merged.text, encoding="utf-8")
            written.say(did, AGENTS, f"agents: {', '.join(merged.added)}")
    except OSError as fault:
        raise Failure(f"{fault.filename} cannot be written: {fault.strerror}") from None
    if merged.kept:
        written.say("kept", AGENTS, f"it defines {', '.join(merged.kept)} already")
    return written


def _no_strangers(root: Path, kit: Any, mark: str) -> None:
    """Nothing of somebody else's becomes a part of this pipeline by having its name."""
    pipeline = root / kit.pipeline.path
    if os.path.lexists(pipeline):
        if mark in _text(pipeline):
            return
        what = f"{kit.pipeline.path} is there already, and not of this template"
        raise Failure(what, "nothing was written; name another file with -f", code=Exit.REFUSED)
    for made in (kit.scenarios, *kit.scripts):
        if os.path.lexists(root / made.path) and _text(root / made.path) != made.text:
            what = f"{made.path} is there already, and not of this template"
            help_ = "nothing was written; name another file with -f"
            raise Failure(what, help_, code=Exit.REFUSED)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _merged(root: Path, agents: str) -> Any:
    from orchestrate.language.templates.merging import NotMerged, merge

    try:
        present = (root / AGENTS).read_text(encoding="utf-8")
    except FileNotFoundError:
        present = ""
    except (OSError, UnicodeDecodeError):
        raise Failure(f"{AGENTS} cannot be read", "nothing was written") from None
    try:
        return merge(present, agents)
    except NotMerged as fault:
        what = f"{AGENTS} cannot be added to: {fault}"
        help_ = "nothing was written; correct it, or write `agents:` as lines of their own"
        raise Failure(what, help_, code=Exit.REFUSED) from None


def _data(settings: Settings, written: _Written) -> None:
    """Where the record of this project is kept, out of git's sight."""
    data = settings.project / DATA_NAME
    if os.environ.get("ORCHESTRATE_HOME") and settings.data != data:
        return
    if not data.exists():
        data.mkdir(mode=0o700)
    ignored = data / ".gitignore"
    if not ignored.exists():
        ignored.write_text(_IGNORED, encoding="utf-8")
        written.say("wrote", f"{DATA_NAME}/", "the record of this project's runs; git ignores it")


def _put(root: Path, made: Any, written: _Written) -> None:
    path = root / made.path
    if os.path.lexists(path):
        if _text(path) == made.text:
            written.say("kept", made.path)
        elif made.kind == "schema" and '"title": "Orchestrate ' in _text(path):
            path.write_text(made.text, encoding="utf-8")
            written.say("changed", made.path, "drawn anew")
        else:
            written.say("kept", made.path, "it was changed, and is yours")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(made.text, encoding="utf-8")
    written.say("wrote", made.path)


def _lines(root: Path, written: _Written) -> list[str]:
    styles = {"wrote": paint.GREEN, "changed": paint.YELLOW, "kept": paint.DIM}
    lines = []
    for each in written.files:
        did = paint.paint(f"{each['status']:<7}", styles[each["status"]])
        about = f"  ({each['about']})" if each["about"] else ""
        slash = "/" if each["path"].endswith("/") else ""
        lines.append(f"{did} {_from_here(root, each['path'])}{slash}{about}")
    return lines


def _from_here(root: Path, path: object) -> str:
    """A path of the project as one would type it where one stands."""
    return os.path.relpath(root / str(path))


def _next(root: Path, kit: Any, stack: str) -> None:
    pipeline, tests = (_from_here(root, each.path) for each in (kit.pipeline, kit.scenarios))
    note("the scripts are for " + (stack if stack != "none" else "any project"))
    folders = [root, *root.absolute().parents][:PARENTS_MAX]
    if not any((each / ".git").exists() for each in folders):
        note("warning: this is no git repository, and the scripts ask git what there is: git init")
    note(f"run it: orchestrate pipeline run {pipeline}")
    note(f"see what it does in every case: orchestrate pipeline test {tests}")
