"""The templates there are, and the files one becomes in a project. It reads its own data only.

A template is a folder: `about.yaml` says what it is and what can be set, the other files are what
a project gets, with `{{name}}` filled in. `lint.python.sh` takes the place of `lint.sh` where the
stack is Python. What it makes is valid; whoever writes it proves so again with `reader`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath
from typing import Any, Final

import yaml

from orchestrate.language import scenario_keys, schema

NAMES: Final = ("ci", "cd", "release", "security")
STACKS: Final = ("python", "node", "go", "rust", "none")
STACK: Final = "stack"
SCHEMAS: Final = ".schema"
_HOLE: Final = re.compile(r"\{\{([a-z_.]+)\}\}")
_MARKS: Final = (
    ("Cargo.toml", "rust"), ("go.mod", "go"), ("package.json", "node"),
    ("pyproject.toml", "python"), ("setup.py", "python"), ("setup.cfg", "python"),
    ("requirements.txt", "python"),
)  # fmt: skip


class NoSuchSetting(Exception):
    """A setting that a template does not have, or a value it cannot have: what, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    name: str
    value: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """`needs` are programs that must be there, whatever the stack."""

    name: str
    title: str
    description: str
    stages: tuple[str, ...]
    needs: tuple[str, ...]
    settings: tuple[Setting, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One file for a project, by its path from the project's root. `kind` says what it is."""

    path: PurePosixPath
    text: str
    kind: str  # pipeline, scenarios, script, schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """All that a template becomes: `agents` is the text of a file of agents."""

    pipeline: Made
    scenarios: Made
    scripts: tuple[Made, ...]
    schemas: tuple[Made, ...]
    agents: str
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def files(self) -> tuple[Made, ...]:
        return (self.pipeline, self.scenarios, *self.scripts, *self.schemas)


def templates() -> tuple[Template, ...]:
    return tuple(template(name) for name in NAMES)


@cache
def template(name: str) -> Template:
    """What is said of a template; KeyError where there is none of that name."""
    if name not in NAMES:
        raise KeyError(name)
    about: dict[str, Any] = yaml.safe_load(_text(name, "about.yaml"))
    stack = Setting(name=STACK, value="", about=f"One of {', '.join(STACKS)}; else it is detected.")
    return Template(
        name=name,
        title=about["title"],
        description=about["description"],
        stages=tuple(about["stages"]),
        needs=tuple(about["needs"]),
        settings=(
            *(Setting(name=key, **each) for key, each in about["settings"].items()),
            stack,
        ),
    )


def described(chosen: Template) -> dict[str, Any]:
    """A template as data, with the pipeline and the agents it becomes where nothing is set."""
    whole = kit(chosen, PurePosixPath("pipelines", f"{chosen.name}.yaml"), settled(chosen, {}))
    return {**asdict(chosen), "definition": whole.pipeline.text, "agents": whole.agents}


def detected(names: Collection[str]) -> str:
    """The stack of a project, by the names in its root; the first mark that is there decides."""
    for mark, stack in _MARKS:
        if mark in names:
            return stack
    return "python" if any(name.endswith(".py") for name in names) else "none"


def settled(chosen: Template, given: Mapping[str, str]) -> dict[str, str]:
    """Every setting with its value. Raises NoSuchSetting."""
    known = {each.name: each.value for each in chosen.settings}
    for name, value in given.items():
        if name not in known:
            listed = ", ".join(f"`{each}`" for each in known)
            raise NoSuchSetting(f"`{chosen.name}` has no setting `{name}`", f"it has: {listed}")
        if not value.isprintable() or _HOLE.search(value):
            raise NoSuchSetting(f"`{name}` must be one line of text", "write a plain value")
    stack = given.get(STACK, "")
    if stack and stack not in STACKS:
        raise NoSuchSetting(f"`{stack}` is no stack", f"one of: {', '.join(STACKS)}")
    return known | dict(given)


def kit(chosen: Template, file: PurePosixPath, settings: Mapping[str, str]) -> Kit:
    """The files of a template, with the pipeline at `file`. `settings` are settled."""
    name, stack = chosen.name, settings[STACK] or "none"
    folder = file.parent / file.stem
    tests = file.with_name(f"{file.stem}.test.yaml")
    holes = {
        **settings,
        "file": str(file),
        "tests": str(tests),
        "pipeline_file": file.name,
        "scripts": str(folder),
        "schema": f"{SCHEMAS}/pipeline.json",
        "scenario_schema": f"{SCHEMAS}/scenarios.json",
        "template.title": chosen.title,
        "first_approver": settings.get("approvers", "").split(",")[0].strip(),
    }
    scripts = tuple(
        Made(path=folder / script, text=_filled(_text(name, source), holes), kind="script")
        for script, source in sorted(_scripts(name, stack).items())
    )
    return Kit(
        pipeline=Made(
            path=file, text=_filled(_text(name, "pipeline.yaml"), holes), kind="pipeline"
        ),
        scenarios=Made(
            path=tests, text=_filled(_text(name, "scenarios.yaml"), holes), kind="scenarios"
        ),
        scripts=scripts,
        schemas=tuple(
            Made(path=file.parent / SCHEMAS / f"{each}.json", text=text, kind="schema")
            for each, text in _schemas()
        ),
        agents=_filled(_text(name, "agents.yaml"), holes),
        settings={**settings, STACK: stack},
    )


def _scripts(name: str, stack: str) -> dict[str, str]:
    """The name a script gets → the file it comes from: the stack's own one before the plain one."""
    found: dict[str, str] = {}
    for source in sorted(each.name for each in _folder(name).iterdir()):
        plain, *special = source.removesuffix(".sh").split(".")
        if source.endswith(".sh") and special in ([], [stack]):
            found[f"{plain}.sh"] = source  # sorted: `lint.python.sh` comes before `lint.sh`
            if special:
                continue
            own = f"{plain}.{stack}.sh"
            if _folder(name).joinpath(own).is_file():
                found[f"{plain}.sh"] = own
    return found


@cache
def _schemas() -> tuple[tuple[str, str], ...]:
    drawn = {"pipeline": schema.json_schema(), "scenarios": scenario_keys.json_schema()}
    return tuple((name, json.dumps(each, indent=1) + "\n") for name, each in drawn.items())


def _filled(text: str, holes: Mapping[str, str]) -> str:
    return _HOLE.sub(lambda found: holes[found[1]], text)


def _folder(name: str) -> Traversable:
    return resources.files(__package__).joinpath(name)


@cache
def _text(name: str, file: str) -> str:
    return _folder(name).joinpath(file).read_text(encoding="utf-8")
