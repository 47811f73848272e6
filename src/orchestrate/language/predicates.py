"""The predicates of a condition: what each key takes, and what becomes of it (semantics 6.1, 6.3).

What a predicate mentions (variables, stages, outputs) is handed on with its place: only the whole
pipeline knows whether it exists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from orchestrate.core.condition import (
    Actor,
    Branch,
    Condition,
    EventIs,
    Labels,
    OutputIs,
    Paths,
    StageIs,
    Test,
    Variable,
)
from orchestrate.language.document import Node
from orchestrate.language.faults import Faults, shown
from orchestrate.language.kinds import (
    Boolean,
    Choice,
    Items,
    Number,
    Schema,
    Text,
    Word,
    mistyped,
    words,
)
from orchestrate.language.names import STAGE_NAME
from orchestrate.language.patterns import GlobWord, RegexText
from orchestrate.language.shape import Field, Named, Shape

ENDINGS: Final = ("succeeded", "failed", "skipped", "cancelled")
NAMES_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a condition that must exist: of a variable, a stage, or a stage's output."""

    kind: str  # variable | stage | output
    name: str
    node: Node
    output: str = ""
    gentle: bool = False  # `exists` only asks whether it is there


@dataclass(slots=True)
class Mentions:
    """All that one condition mentions, and its values, in which `${...}` is substituted."""

    names: list[Mention] = field(default_factory=list)
    texts: list[Word] = field(default_factory=list)


# ── what the keys take ───────────────────────────────────────────────────────────────────────────

GLOBS: Final = Items(GlobWord(), what="patterns")
_ALL: Final = Shape(
    "`paths` as a mapping", {"all": Field(GLOBS, "Every changed path matches.", required=True)}
)


@dataclass(frozen=True, slots=True)
class Changed:
    """`paths`: a list of globs, or one, or `{all: [...]}`; read as (all, globs)."""

    expected: str = "a list of patterns, or `all:` with such a list"

    def read(self, node: Node, faults: Faults) -> tuple[bool, list[Word]] | None:
        if node.is_mapping:
            section = _ALL.read(node, faults)
            globs = section.get("all") if section is not None else None
            return None if globs is None else (True, globs)
        globs = GLOBS.read(node, faults)
        return None if globs is None else (False, globs)

    def schema(self) -> Schema:
        return {"anyOf": [GLOBS.schema(), _ALL.schema()]}


_REFINED: Final = Shape(
    "a comparison",
    {
        "matches": Field(RegexText(), "A regular expression that is found in the text."),
        "gt": Field(Number(), "The value is a number greater than this."),
        "lt": Field(Number(), "The value is a number less than this."),
        "exists": Field(Boolean(), "The value is there, or is not."),
    },
    elsewhere={
        "equals": "write the value alone: `name: value`",
        "in": "write a list: `name: [one, two]`",
        "regex": "did you mean `matches`?",
    },
)
_VALUES: Final = words("values", Text(1_000))


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a value is compared with; read as tests, and-ed, and the texts in them."""

    expected: str = "a value, a list of values, or one of `matches`, `gt`, `lt`, `exists`"

    def read(self, node: Node, faults: Faults) -> tuple[list[Test], list[Word]] | None:
        if node.is_mapping:
            section = _REFINED.read(node, faults)
            assert section is not None
            if not node.entries():
                faults.at(
                    node,
                    "empty-condition",
                    "this comparison compares nothing",
                    "write a value, or one of `matches`, `gt`, `lt`, `exists`",
                )
            given = {key: value for key, value in section.values.items() if value is not None}
            return [Test(**{key: value}) for key, value in given.items()], []
        if node.is_null:
            mistyped(node, self, faults, "`{exists: false}` asks whether it is missing")
            return None
        values: list[Word] | None = _VALUES.read(node, faults)
        if values is None:
            return None
        return [Test(values=tuple(value.text for value in values))], values

    def schema(self) -> Schema:
        return {"anyOf": [_VALUES.schema(), _REFINED.schema()]}


@dataclass(frozen=True, slots=True)
class OutputName:
    """`stage.name`: an output of a stage."""

    expected: str = "a stage and its output, such as `build.version`"

    def read(self, node: Node, faults: Faults) -> str | None:
        stage, _, name = node.text.rpartition(".")
        if stage and name:
            return node.text
        faults.at(node, "bad-name", f"expected {self.expected}, found `{shown(node.text)}`")
        return None

    def schema(self) -> Schema:
        return {"pattern": r"^.+\..+$"}


def _compared(noun: str, names: Text | OutputName) -> Named:
    return Named(noun, names, Comparison(), NAMES_MAX, "names", least=1)


FIELDS: Final[Mapping[str, Field]] = {
    "branch": Field(GLOBS, "The branch that was pushed; of a pull request, its base.",
                    also=("branches",)),
    "head_branch": Field(GLOBS, "The branch a pull request comes from.", also=("head_branches",)),
    "paths": Field(Changed(), "One of the changed paths matches; with `all:`, every one does.",
                   also=("path",)),
    "labels": Field(words("labels"), "The event carries one of these labels.", also=("label",)),
    "event": Field(GLOBS, "The name of the event that started the run.", also=("events",)),
    "actor": Field(words("names"), "Who caused the event.", also=("actors",)),
    "variable": Field(_compared("variables and their values", Text(128, "a name")),
                      "Variables of the pipeline and the values they may have.",
                      also=("variables",)),
    "stage": Field(Named("stages and their statuses", STAGE_NAME,
                         Items(Choice(ENDINGS), what="statuses"), NAMES_MAX, "stages",
                         least=1),
                   "The status that a needed stage ended with.", also=("stages",)),
    "output": Field(_compared("outputs and their values", OutputName()),
                    "Outputs of needed stages, as `stage.name`, and the values they may have.",
                    also=("outputs",)),
}  # fmt: skip


# ── what becomes of them ─────────────────────────────────────────────────────────────────────────


def _texts(found: list[Word]) -> tuple[str, ...]:
    return tuple(word.text for word in found)


def _variables(value: Any, line: int, into: Mentions) -> list[Condition]:
    made: list[Condition] = []
    for name, (key, _, compared) in value.items():
        if compared is not None:
            tests, texts = compared
            into.texts += texts
            gentle = any(test.exists is not None for test in tests)
            into.names.append(Mention("variable", name, key, gentle=gentle))
            made += [Variable(name=name, test=test, line=key.line or line) for test in tests]
    return made


def _stages(value: Any, line: int, into: Mentions) -> list[Condition]:
    made: list[Condition] = []
    for name, (key, _, statuses) in value.items():
        if statuses is not None:
            into.names.append(Mention("stage", name, key))
            made.append(StageIs(stage=name, statuses=tuple(statuses), line=key.line or line))
    return made


def _outputs(value: Any, line: int, into: Mentions) -> list[Condition]:
    made: list[Condition] = []
    for written, (key, _, compared) in value.items():
        if compared is not None:
            tests, texts = compared
            into.texts += texts
            stage, _, name = written.rpartition(".")
            stage = stage.removeprefix("stages.").removesuffix(".outputs")
            gentle = any(test.exists is not None for test in tests)
            into.names.append(Mention("output", stage, key, output=name, gentle=gentle))
            line = key.line
            made += [OutputIs(stage=stage, name=name, test=test, line=line) for test in tests]
    return made


BUILDERS: Final[Mapping[str, Callable[[Any, int, Mentions], list[Condition]]]] = {
    "branch": lambda value, line, _: [Branch(globs=_texts(value), line=line)],
    "head_branch": lambda value, line, _: [Branch(globs=_texts(value), head=True, line=line)],
    "paths": lambda value, line, _: [Paths(every=value[0], globs=_texts(value[1]), line=line)],
    "labels": lambda value, line, _: [Labels(names=_texts(value), line=line)],
    "event": lambda value, line, _: [EventIs(globs=_texts(value), line=line)],
    "actor": lambda value, line, _: [Actor(names=_texts(value), line=line)],
    "variable": _variables,
    "stage": _stages,
    "output": _outputs,
}
