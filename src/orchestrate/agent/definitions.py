"""Where agents come from and what they are: name → definition; the first place that has it wins.

A definition is a value: what was written, its kind, its sha256, and why it cannot run if it
cannot. Finding it never fails; what is wrong with a file is said in `Found.skipped`.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from orchestrate.agent import fields as check
from orchestrate.agent import kinds
from orchestrate.agent.places import Gathered, Written, add, gather


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One agent, resolved. `problem` is why it cannot run, None where it can."""

    name: str
    kind: str
    source: str
    fields: Mapping[str, Any]
    sha256: str
    problem: str | None = None

    @property
    def runnable(self) -> bool:
        return self.problem is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that was found. `shadowed`: (the one that lost, the one that won)."""

    definitions: Mapping[str, Definition] = field(default_factory=dict)
    shadowed: tuple[tuple[Definition, Definition], ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    default: Definition | None = None


def discover(
    project: Path,
    *,
    home: Path | None = None,
    pipeline_agents: Mapping[str, str] | None = None,
) -> Found:
    """The agents of a pipeline (name → JSON text), then of the project, then of `home` if given."""
    roots = [_of_pipeline(pipeline_agents or {}), gather(project)]
    if home is not None and home.resolve() != project.resolve():
        roots.append(gather(home, "~/"))
    definitions: dict[str, Definition] = {}
    shadowed: list[tuple[Definition, Definition]] = []
    for written in (each for root in roots for each in root.written):
        definition = define(written.name, written.fields, written.source)
        winner = definitions.setdefault(written.name, definition)
        if winner is not definition:
            shadowed.append((definition, winner))
    skipped = [each for root in roots for each in root.skipped]
    default = _default(roots, definitions, skipped)
    return Found(
        definitions=definitions,
        shadowed=tuple(shadowed),
        skipped=tuple(skipped),
        default=default,
    )


def resolve(found: Found, name: str) -> Definition | None:
    """The definition called `name`; else the default agent in the role of `name`; else None."""
    if name in found.definitions:
        return found.definitions[name]
    if found.default is None:
        return None
    source = f"{found.default.source} (default_agent)"
    return define(name, {**found.default.fields, "role": name}, source)


def define(name: str, written: Mapping[str, Any], source: str) -> Definition:
    """A definition from what somebody wrote. Its faults become its `problem`."""
    fields = {key: value for key, value in written.items() if key != "name"}
    kind = fields.get("kind") or kinds.infer(fields)
    if not isinstance(kind, str):
        example = "`run: pytest -q` for a command, or name a `kind`"
        faults = [f"nothing says what kind of agent it is: write {example}"]
        faults += [each for each in check.faults("command", fields) if "unknown" in each]
        kind = "command"
    else:
        faults = check.faults(kind, fields)
        if kind in kinds.KINDS:
            faults += kinds.not_yet(kind, fields)
    return Definition(
        name=name,
        kind=kind,
        source=source,
        fields=fields,
        sha256=_sha256(name, kind, fields),
        problem="; ".join(faults) or None,
    )


def to_json(definition: Definition) -> str:
    """The whole definition as JSON text, to be copied into a run."""
    return json.dumps(
        {
            "name": definition.name,
            "kind": definition.kind,
            "source": definition.source,
            "fields": definition.fields,
            "sha256": definition.sha256,
            "problem": definition.problem,
        },
        sort_keys=True,
    )


def from_json(text: str) -> Definition:
    """What `to_json` wrote. The hash is computed again: it cannot differ from the content."""
    data = json.loads(text)
    return Definition(
        name=data["name"],
        kind=data["kind"],
        source=data["source"],
        fields=data["fields"],
        sha256=_sha256(data["name"], data["kind"], data["fields"]),
        problem=data["problem"],
    )


def suggestions(found: Found, name: str) -> str:
    """What to tell somebody whose agent nobody defines: what was meant, and how to define it."""
    near = difflib.get_close_matches(name, found.definitions, 3, 0.6)
    meant = f"; did you mean {' or '.join(f'`{each}`' for each in near)}?" if near else "."
    unread = [
        f" {path} was skipped: {why}."
        for path, why in found.skipped
        if Path(path.split(":")[0]).name.split(".")[0] in {name, "orchestrate"}
    ]
    return (
        f"No agent is called `{name}`{meant}{''.join(unread)} Define it in orchestrate.yaml, such "
        f"as `agents: {{{name}: {{run: ./{name}.sh}}}}`, in .orchestrate/agents/{name}.yaml or in "
        f".claude/agents/{name}.md; or set `default_agent:` in orchestrate.yaml, for every name "
        "that has no definition."
    )


# ── the rooms behind ─────────────────────────────────────────────────────────────────────────────


def _of_pipeline(agents: Mapping[str, str]) -> Gathered:
    gathered = Gathered()
    for name, text in agents.items():
        try:
            add(gathered, name, json.loads(text), "the pipeline")
        except ValueError:
            gathered.skip("the pipeline", f"agent `{name}` is not JSON")
    return gathered


def _default(
    roots: list[Gathered], definitions: Mapping[str, Definition], skipped: list[tuple[str, str]]
) -> Definition | None:
    chosen = next((root.default for root in roots if root.default is not None), None)
    if chosen is None:
        return None
    if isinstance(chosen, Written):
        return define(chosen.name, chosen.fields, chosen.source)
    if chosen not in definitions:
        why = f"`default_agent: {chosen}` names an agent that nobody defines"
        near = difflib.get_close_matches(chosen, definitions, 1, 0.6)
        skipped.append(("orchestrate.yaml", f"{why}; did you mean `{near[0]}`?" if near else why))
        return None
    return replace(definitions[chosen])


def _sha256(name: str, kind: str, fields: Mapping[str, Any]) -> str:
    canonical = json.dumps(
        {"name": name, "kind": kind, "fields": fields}, sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
