"""Every code a diagnostic can have: how severe it is, and what it means.

Codes are stable: programs match on them. `docs/diagnostics.md` shows this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from orchestrate.language.diagnostic import Severity


@dataclass(frozen=True, slots=True)
class Code:
    """`about` is one sentence or two, for the page that lists them all."""

    severity: Severity
    about: str


def _error(about: str) -> Code:
    return Code("error", about)


def _warning(about: str) -> Code:
    return Code("warning", about)


GROUPS: Final[dict[str, dict[str, Code]]] = {
    "The text": {
        "too-large": _error("The text is longer than 1 MiB."),
        "encoding": _error("The text is not UTF-8."),
        "unprintable": _error("A control character, a lone surrogate or a byte order mark stands "
                              "inside the text."),
        "syntax": _error("The text is not YAML."),
        "empty": _error("There is nothing in the text but comments."),
        "several-documents": _error("A `---` starts a second document."),
        "too-deep": _error("More than 50 levels stand inside each other, aliases followed."),
        "too-many-nodes": _error("More than 200,000 values, those included that aliases and merges "
                                 "stand for."),
        "tag": _error("Tags (`!!python/object`, `!secret`) and tag directives are refused."),
        "duplicate-key": _error("A key is written twice in a mapping, or under two of its names."),
        "complex-key": _error("A key is a list, a mapping or an alias."),
        "unknown-anchor": _error("An alias names no anchor above it."),
        "recursive-alias": _error("An alias stands inside of what it refers to."),
        "merge": _error("`<<` is given something that is no mapping."),
        "too-many-faults": _error("Reading stopped after 200 faults."),
        "too-many-warnings": _warning("There are more than 200 warnings; the rest is not shown."),
    },
    "Keys and values": {
        "unknown-key": _error("A key that means nothing here. Keys of your own start with `x-`."),
        "missing-key": _error("A key that is needed is not there."),
        "wrong-type": _error("A list where a text is expected, a text where a number is, ..."),
        "bad-choice": _error("Not one of the words that are known here."),
        "bad-duration": _error("Not a number with a unit, such as `30m`."),
        "out-of-range": _error("A number or a duration is too small or too large."),
        "too-long": _error("A text has more characters than are allowed."),
        "too-many": _error("A list or a mapping has more entries than are allowed."),
        "empty-list": _error("A list without an entry where one is needed."),
        "bad-name": _error("A name has characters that names cannot have."),
        "reserved-name": _error("A variable or an `env` entry has a name that changes how programs "
                                "run."),
        "misplaced-key": _error("A key has no meaning beside the others of its mapping."),
        "bad-outputs": _error("`outputs` is no list of names, no short form and no JSON "
                              "Schema that is understood."),
        "duplicate-entry": _warning("The same word stands twice in one list."),
    },
    "Order": {
        "duplicate-name": _error("Two stages or groups have the same name, whatever the case of "
                                 "its letters."),
        "unknown-stage": _error("No stage or group has that name."),
        "own-name": _error("A stage refers to itself."),
        "cycle": _error("Stages wait for each other."),
        "parallel-with-ancestor": _error("A stage is to run beside a stage that it waits for, or "
                                         "that waits for it."),
        "nested-group": _error("A group stands inside a group, or a member has `parallel_with`."),
        "too-many-edges": _error("More than 200,000 dependencies, written or implied."),
    },
    "Conditions and triggers": {
        "empty-condition": _error("A condition without a predicate."),
        "bad-glob": _error("A pattern that cannot be read."),
        "bad-regex": _error("A regular expression that cannot be read, or not be matched in one "
                            "pass."),
        "undeclared-variable": _warning("A condition asks for a variable that the pipeline does "
                                        "not declare."),
        "bad-cron": _error("Not the five fields of a schedule, or a date that never comes."),
        "bad-timezone": _error("No time zone has that name."),
        "self-trigger": _warning("A pipeline is started by its own end."),
    },
    "Approval": {
        "gate-contradiction": _error("`requires_approval: false` with `approvers` or `approval`."),
        "quorum-unreachable": _error("More approvals are asked for than can be given."),
        "quorum-one-person": _warning("In single-user mode nobody else can give the second "
                                      "approval."),
        "reminder-too-late": _warning("A reminder that would come after the approval has expired."),
    },
    "Failure and rollback": {
        "no-rollback-target": _error("`on_failure: rollback`, and nothing says how far back."),
        "bad-rollback-target": _error("`rollback_to` names a stage that does not come before."),
        "unused-rollback-to": _error("`rollback_to` without `on_failure: rollback`."),
        "cannot-undo": _error("A rollback would undo a stage with a `run` of its own that does not "
                              "say how."),
        "undo-by-command": _warning("A rollback starts a command again, with "
                                    "`ORCHESTRATE_MODE=rollback`; it must look at it."),
        "unused-escalation": _warning("An entry of `escalate` for an attempt that never comes."),
        "never-retried": _warning("A failed login is never retried."),
    },
    "Texts with `${...}`": {
        "bad-template": _error("A `${` without its `}`, or a name that none can have."),
        "unknown-variable": _error("A name that is no variable of the pipeline."),
        "unknown-reference": _error("A dotted name that is no fact of the event, no output and not "
                                    "`run.id`."),
        "not-upstream": _error("An output or a status of a stage that this one does not wait for."),
        "unknown-output": _error("The stage declares its `outputs`, and this is none of them."),
        "substitution-in-run": _error("`${...}` of ours in `run`, where nothing is substituted."),
        "not-substituted": _warning("`${...}` in a place where it is plain text."),
    },
    "Agents": {
        "agent-and-run": _error("A stage has both an agent and a command."),
        "unknown-agent": _warning("Nobody here defines an agent of that name. A run is refused "
                                  "until somebody does."),
    },
    "Scenarios": {
        "not-as-expected": _error("Something became of a run that its scenario does not expect."),
        "never-asked": _error("Somebody answers in a scenario, and was never asked."),
        "refused": _error("What somebody does in a scenario is not allowed."),
        "not-started": _error("The run of a scenario is refused at its start."),
        "never-rests": _error("The run of a scenario takes more than 200,000 steps."),
        "no-pipeline": _error("The pipeline of a file of scenarios cannot be read."),
    },
}  # fmt: skip

CODES: Final[dict[str, Code]] = {
    code: what for codes in GROUPS.values() for code, what in codes.items()
}
