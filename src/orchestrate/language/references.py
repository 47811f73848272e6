"""`${name}` in texts: whether each name is one, and which outputs of other stages are used.

A name that can be known to be wrong is an error when the definition is read (semantics 9.1, 9.2).
In `run` nothing is substituted, so our `${...}` there is an error that says so (9.3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from orchestrate.core.pipeline import OutputUse
from orchestrate.core.template import NAME, holes
from orchestrate.language.document import Node
from orchestrate.language.faults import Faults, shown
from orchestrate.language.graph import Graph
from orchestrate.language.predicates import Mention

HOLES_MAX: Final = 20_000
OURS: Final = ("run.id", "pipeline.name", "stage.name")
FACTS: Final = (
    "branch",
    "head_branch",
    "tag",
    "sha",
    "repository",
    "actor",
    "labels",
    "paths",
    "event",
    "name",
)
_DOTTED: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)+)(?=[}:])")


@dataclass(slots=True)
class References:
    """What names may stand for in one pipeline. `outputs`: stage → the outputs it declares."""

    faults: Faults
    graph: Graph
    variables: Mapping[str, Any]
    outputs: Mapping[int, Mapping[str, Any]]
    holes: int = 0  # met so far

    def template(
        self, text: str, node: Node, stage: int | None, *, own: bool = False
    ) -> list[OutputUse]:
        """Checks a text that belongs to a stage (None: to the whole run); the outputs it uses.

        With `own`, the stage has run when the text is used, so its own outputs are there too.
        """
        if "${" not in text or not self.affordable(text, node):
            return []
        if _unclosed(text):
            self.faults.within(
                node,
                "${",
                "bad-template",
                "a `${` is never closed",
                "close it with `}`; a literal `${` is written `$${`",
            )
            return []
        uses: dict[OutputUse, None] = {}
        for hole in holes(text):
            use = self.hole(hole.name, hole.default, node, stage, own=own)
            if use is not None:
                uses[use] = None
        return list(uses)

    def affordable(self, text: str, node: Node) -> bool:
        """Whether the holes of this text fit into what one definition may have."""
        before, self.holes = self.holes, self.holes + text.count("${")
        if before <= HOLES_MAX < self.holes:
            self.faults.at(
                node,
                "too-many",
                f"more than {HOLES_MAX:,} times `${{...}}`",
                "a definition that long is best split into several",
            )
        return self.holes <= HOLES_MAX

    def hole(
        self, name: str, default: str | None, node: Node, stage: int | None, *, own: bool
    ) -> OutputUse | None:
        has_default = default is not None
        if not NAME.match(name):
            self.faults.within(
                node,
                f"${{{name}",
                "bad-template",
                f"`${{{shown(name)}}}` is no name",
                "a literal `${` is written `$${`; a default `${name:-default}`",
            )
        elif name in self.variables or name in OURS or name.startswith("event."):
            pass
        elif "." not in name:
            if not has_default:
                self.unknown_variable(name, node)
        else:
            found = self.output(name)
            if found is None:
                self.unknown_reference(name, node)
            elif stage is None:
                self.faults.within(
                    node,
                    name,
                    "not-upstream",
                    f"`${{{name}}}`: no stage has run yet",
                    "only variables, `${event...}` and `${run.id}` are known here",
                )
            elif self.visible(found, stage, node, f"${{{name}", own=own):
                source = self.graph.stages[found[0]].name
                if found[0] != stage:
                    return OutputUse(stage=source, name=found[1], default=has_default)
        return None

    def output(self, name: str) -> tuple[int, str] | None:
        """`stages.build.outputs.version` or `build.version`: the stage, and its output."""
        if name.startswith("stages.") and ".outputs." in name:
            stage, _, output = name.removeprefix("stages.").partition(".outputs.")
        else:
            stage, _, output = name.rpartition(".")
        number = self.graph.by_name.get(stage)
        return None if number is None else (number, output)

    def visible(
        self, found: tuple[int, str], stage: int, node: Node, needle: str, *, own: bool
    ) -> bool:
        """Whether `stage` comes after the one that is meant, and that has such an output."""
        source, output = found
        name = self.graph.stages[source].name
        if source == stage and not own:
            self.faults.within(
                node,
                needle,
                "not-upstream",
                f"`{name}` cannot use its own output `{output}`",
                "outputs are there for the stages after it",
            )
            return False
        if source != stage and self.graph.sound and not self.graph.is_upstream(source, stage):
            here = self.graph.stages[stage].name
            self.faults.within(
                node,
                needle,
                "not-upstream",
                f"`{here}` uses `{name}.{output}`, and does not wait for `{name}`",
                f"add `{name}` to its `depends_on`",
            )
            return False
        declared = self.outputs.get(source)
        if declared is not None and output not in declared:
            self.faults.within(
                node,
                output,
                "unknown-output",
                f"`{name}` declares no output `{shown(output)}`",
                self.faults.spelling.guess(output, declared, "its outputs"),
            )
            return False
        return True

    def unknown_variable(self, name: str, node: Node) -> None:
        if name in FACTS:
            hint = f"did you mean `${{event.{name}}}`?"
        else:
            hint = self.faults.spelling.guess(name, self.variables, "variables")
        self.faults.within(
            node,
            f"${{{name}",
            "unknown-variable",
            f"no variable is called `{shown(name)}`",
            hint or f"declare it: `variables: {{{name}: ...}}`",
        )

    def unknown_reference(self, name: str, node: Node) -> None:
        first = name.partition(".")[0]
        if first in {"stages", "run", "pipeline", "stage"}:
            hint = "known here: `${stages.NAME.outputs.OUTPUT}`, `${NAME.OUTPUT}`, `${run.id}`"
        else:
            stages = [*self.graph.by_name, "event"]
            close = self.faults.spelling.nearest(name.rpartition(".")[0], stages)
            if close is None:
                close = self.faults.spelling.nearest(first, ("event",))
            hint = (
                f"did you mean `{close}`?" if close else "write `${event...}` or `${stage.output}`"
            )
        self.faults.within(
            node, f"${{{name}", "unknown-reference", f"`${{{shown(name)}}}` refers to nothing", hint
        )

    # ── where nothing is substituted ──

    def command(self, text: str, node: Node) -> None:
        """A `run`: the shell knows no dots in names, so a dotted name is one of ours."""
        if "${" not in text:
            return
        for found in _DOTTED.finditer(text):
            name = found[1]
            first = name.partition(".")[0]
            if first in {"event", "stages"} or name in OURS or self.output(name) is not None:
                short = re.sub(r"[^A-Z0-9_]", "_", name.rpartition(".")[2].upper())
                short = short if short[:1].isalpha() else f"VALUE_{short}"
                self.faults.within(
                    node,
                    f"${{{name}",
                    "substitution-in-run",
                    f"nothing is substituted in `run`: the shell would see `${{{shown(name)}}}`",
                    f'write `env: {{{short}: "${{{name}}}"}}`, and `"${short}"` in the command',
                )
                return

    def condition(self, mention: Mention, stage: int | None) -> None:
        """A name in `when` (of a stage) or in `if` (of a trigger: no stage has run)."""
        if mention.kind == "variable":
            if mention.name not in self.variables and not mention.gentle:
                self.faults.at(
                    mention.node,
                    "undeclared-variable",
                    f"no variable is called `{shown(mention.name)}`",
                    self.faults.spelling.guess(mention.name, self.variables, "variables")
                    or f"declare it: `variables: {{{shown(mention.name)}: ...}}`",
                )
            return
        if stage is None:
            return
        number = self.graph.by_name.get(mention.name)
        if number is None:
            self.faults.at(
                mention.node,
                "unknown-stage",
                f"no stage is called `{shown(mention.name)}`",
                self.faults.spelling.guess(mention.name, self.graph.by_name, "stages"),
            )
        elif mention.kind == "output":
            self.visible((number, mention.output), stage, mention.node, "", own=False)
        elif self.graph.sound and not self.graph.is_upstream(number, stage):
            self.faults.at(
                mention.node,
                "not-upstream",
                f"the stage does not wait for `{mention.name}`, so its status is not known",
                f"add `{mention.name}` to its `depends_on`",
            )


def _unclosed(text: str) -> bool:
    """Whether a `${` has no `}` after it. Asked first: it keeps the search for holes linear."""
    rest = text[text.rfind("}") + 1 :]
    return "${" in rest.replace("$${", "\0")
