"""The keys of a file of scenarios: the tables that check its text and draw its schema.

A scenario says what the world does to a run, and what must have become of the run. Stages are
called by their names here; whether the pipeline has them is `scenario`'s matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from orchestrate.core.run import ApprovalStatus, RollbackStatus, RunStatus, StageStatus, StepStatus
from orchestrate.language.document import Node
from orchestrate.language.faults import Faults
from orchestrate.language.keys import APPROVAL_TIMEOUT_MAX_S, FAILURES
from orchestrate.language.kinds import (
    Boolean,
    Choice,
    Duration,
    Integer,
    Items,
    Nullable,
    Schema,
    Text,
    mistyped,
    words,
)
from orchestrate.language.names import AGENT_NAME, STAGE_NAME
from orchestrate.language.pipeline_keys import VARIABLES
from orchestrate.language.shape import Field, Named, Plain, Section, Shape, Short

SCENARIOS_MAX: Final = 500
STAGES_NAMED_MAX: Final = 10_000
ATTEMPTS_TOLD_MAX: Final = 100
ACTS_MAX: Final = 500
GROUPS_MAX: Final = 100

PERSON: Final = Text(254, "the name of a person")
PLAIN_FACTS: Final = ("event", "branch", "head_branch", "tag", "sha", "repository", "actor")
# What one attempt does: exactly one of these.
DEEDS: Final = ("succeeds", "fails", "exits", "skips", "asks", "lost", "times_out")
# What a person does: exactly one of these.
ACTS: Final = ("approve", "reject", "delegate", "cancel", "roll_back")
CLASSES: Final = (*FAILURES, "start_failed", "config")

_OUTPUTS: Final = Plain("outputs (a mapping)", ("object",))

ATTEMPT: Final = Shape(
    "an attempt",
    {
        "succeeds": Field(Nullable(_OUTPUTS), "It ends well, with these outputs."),
        "fails": Field(Nullable(Choice(CLASSES)), "It fails, for a reason of this class (exit)."),
        "exits": Field(Integer(0, 255), "It ends with this exit code, which means what it means "
                       "for a command."),
        "skips": Field(Nullable(Text()), "It has nothing to do, and says why."),
        "asks": Field(Nullable(Text()), "It asks for a person, with this question."),
        "lost": Field(Boolean(), "It vanishes: nobody knows how it ended."),
        "times_out": Field(Boolean(), "It goes on until its timeout."),
        "outputs": Field(_OUTPUTS, "The outputs it had written when it ended."),
        "because": Field(Text(), "The sentence it gives for a failure."),
        "takes": Field(Duration(0, APPROVAL_TIMEOUT_MAX_S), "How long it works (1s)."),
    },
    elsewhere={"succeeded": "did you mean `succeeds`?", "failed": "did you mean `fails`?",
               "timeout": "did you mean `times_out`?", "code": "did you mean `exits`?",
               "after": "did you mean `takes`?", "reason": "did you mean `because`?"},
    about="What one attempt of an agent does: exactly one of " + ", ".join(DEEDS) + ".",
    name="attempt",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Deed:
    """One attempt: a word alone, or a mapping that says more."""

    expected: str = "what an attempt does, such as `succeeds` or `fails: timeout`"

    def read(self, node: Node, faults: Faults) -> Section | None:
        if node.is_mapping:
            return ATTEMPT.read(node, faults)
        if not node.is_scalar or node.is_null:
            mistyped(node, self, faults)
            return None
        word = Choice(tuple(each for each in DEEDS if each != "exits")).read(node, faults)
        if word is None:
            return None
        section = Section(node)
        section.nodes[word] = section.keys[word] = node
        section.values[word] = True if word in {"lost", "times_out"} else None
        return section

    def schema(self) -> Schema:
        alone = [each for each in DEEDS if each != "exits"]
        return {"anyOf": [{"enum": alone}, ATTEMPT.schema()]}


DEEDS_BY_STAGE: Final = Named(
    "what agents do", STAGE_NAME,
    Items(Deed(), most=ATTEMPTS_TOLD_MAX, what="attempts"), STAGES_NAMED_MAX, "stages",
)  # fmt: skip

EVENT: Final = Shape(
    "an event",
    {
        "event": Field(Text(255, "the name of an event"), "Its name: `push`, `manual`, ..."),
        "branch": Field(Text(255), "The pushed branch; of a pull request, its base."),
        "head_branch": Field(Text(255), "The branch a pull request comes from."),
        "tag": Field(Text(255), "The pushed tag."),
        "sha": Field(Text(255), "The commit.", also=("commit",)),
        "repository": Field(Text(255), "The repository, as `owner/name`."),
        "actor": Field(PERSON, "Who caused it."),
        "paths": Field(words("paths", Text(4096), least=0), "The paths that changed; without this "
                       "they are not known."),
        "labels": Field(words("labels", least=0), "The labels it carries."),
        "data": Field(Plain("further facts (a mapping)", ("object",)), "Further facts, read as "
                      "`${event.name}`."),
    },
    elsewhere={"name": "did you mean `event`?", "branches": "did you mean `branch`?",
               "payload": "did you mean `data`?"},
    about="What starts the run. A text alone is its name.",
)  # fmt: skip

ACT: Final = Shape(
    "an answer",
    {
        "approve": Field(STAGE_NAME, "Say yes to the question of this stage."),
        "reject": Field(STAGE_NAME, "Say no to the question of this stage."),
        "delegate": Field(STAGE_NAME, "Give one's vote about this stage to somebody else."),
        "cancel": Field(Nullable(Text()), "Cancel the run; the text is the reason."),
        "roll_back": Field(Nullable(STAGE_NAME), "Undo the run when it has ended: back to and "
                           "including this stage, or everything."),
        "by": Field(PERSON, "Who does it.", required=True),
        "to": Field(PERSON, "Who gets the vote."),
        "comment": Field(Text(), "What is said to it.", also=("reason",)),
        "after": Field(Duration(0, APPROVAL_TIMEOUT_MAX_S), "How long after the question was "
                       "asked; of `cancel` after the start, of `roll_back` after the end (0s)."),
        "refused": Field(Text(), "It is not allowed, and the sentence that says so has this in "
                         "it."),
    },
    elsewhere={"approval": "did you mean `approve`?", "rollback": "did you mean `roll_back`?",
               "who": "did you mean `by`?", "at": "did you mean `after`?",
               "when": "did you mean `after`?", "stage": "write `approve: STAGE`"},
    about="What one person does: exactly one of " + ", ".join(ACTS) + ".",
)  # fmt: skip

_BECAUSE: Final = "The sentence that says why has this in it."

EXPECTED_STAGE: Final = Shape(
    "what is expected of a stage",
    {
        "status": Field(Choice(tuple(StageStatus), {"success": "did you mean `succeeded`?",
                                                    "failure": "did you mean `failed`?"}),
                        "How it stands at the end."),
        "reason": Field(Text(100, "the code of a reason"), "The code of the reason: `exit`, "
                        "`timeout`, `condition`, `upstream_failed`, `rejected`, ..."),
        "because": Field(Text(), _BECAUSE),
        "attempts": Field(Integer(0, 1_000), "How often it was tried."),
        "agent": Field(AGENT_NAME, "Who made the last attempt."),
        "task": Field(Text(), "What the last attempt was told to do."),
        "environment": Field(Text(255), "The environment it changed."),
        "outputs": Field(_OUTPUTS, "Outputs it gave; it may have given more."),
        "rolled_back": Field(Boolean(), "Whether it was undone."),
    },
    elsewhere={"skipped": "did you mean `status: skipped`?", "why": "did you mean `because`?"},
)  # fmt: skip

EXPECTED_APPROVAL: Final = Shape(
    "what is expected of an approval",
    {
        "status": Field(Choice(tuple(ApprovalStatus)), "How it stands at the end."),
        "because": Field(Text(), _BECAUSE),
        "by": Field(words("people", PERSON, least=0), "Those who said yes or no, in any order."),
        "message": Field(Text(), "What the approvers were told."),
    },
)  # fmt: skip

EXPECTED_STEP: Final = Shape(
    "what is expected of a step",
    {
        "status": Field(Choice(tuple(StepStatus)), "How the undoing of this stage stands."),
        "because": Field(Text(), _BECAUSE),
    },
)  # fmt: skip

NONE: Final = "none"
EXPECTED_ROLLBACK: Final = Shape(
    "what is expected of a rollback",
    {
        "status": Field(Choice((*RollbackStatus, NONE)), "How it stands at the end; `none`: there "
                        "was no rollback."),
        "trigger": Field(Choice(("automatic", "manual")), "What began it."),
        "failed_stage": Field(STAGE_NAME, "The stage that failed."),
        "target": Field(STAGE_NAME, "The stage back to and including which it goes."),
        "because": Field(Text(), _BECAUSE),
        "steps": Field(Named("steps", STAGE_NAME, Short(EXPECTED_STEP, "status"),
                             STAGES_NAMED_MAX, "stages"), "What became of undoing each stage."),
        "order": Field(words("stages", STAGE_NAME, most=STAGES_NAMED_MAX), "These were undone one "
                       "after the other: each began when the one before had ended."),
    },
    elsewhere={"to": "did you mean `target`?"},
)  # fmt: skip

EXPECT: Final = Shape(
    "`expect`",
    {
        "run": Field(Choice(tuple(RunStatus), {"success": "did you mean `succeeded`?",
                                               "failure": "did you mean `failed`?"}),
                     "How the run stands at the end."),
        "reason": Field(Text(100, "the code of a reason"), "The code of the run's reason."),
        "because": Field(Text(), _BECAUSE),
        "warnings": Field(Integer(0, STAGES_NAMED_MAX), "How many failures were tolerated."),
        "starts": Field(Boolean(), "Whether the event meets one of the pipeline's triggers. The "
                        "run is lived through in any case, as if started by hand."),
        "stages": Field(Named("stages", STAGE_NAME, Short(EXPECTED_STAGE, "status"),
                              STAGES_NAMED_MAX, "stages"), "What became of stages."),
        "approvals": Field(Named("approvals", STAGE_NAME,
                                 Items(Short(EXPECTED_APPROVAL, "status"), least=0, most=100,
                                       what="approvals"), STAGES_NAMED_MAX, "stages"),
                           "What became of the questions of a stage, in the order asked; `[]`: "
                           "nobody was asked."),
        "rollback": Field(Items(Short(EXPECTED_ROLLBACK, "status"), most=100, what="rollbacks"),
                          "What became of the rollback, or of each if there were several."),
        "exact": Field(Boolean(), "Nothing else: every stage and every approval is named, and "
                       "there are no warnings and no rollback but those written."),
    },
    elsewhere={"status": "the status of the run is written as `run`",
               "gates": "did you mean `approvals`?", "triggers": "did you mean `starts`?",
               "started": "did you mean `starts`?", "approval": "did you mean `approvals`?",
               "rollbacks": "did you mean `rollback`?", "stage": "did you mean `stages`?"},
    about="What must have become of the run. What is not written is not looked at, unless `exact`.",
)  # fmt: skip

SCENARIO: Final = Shape(
    "a scenario",
    {
        "name": Field(Text(200, "a name"), "What it shows.", required=True),
        "event": Field(Short(EVENT, "event"), EVENT.about),
        "by": Field(PERSON, "Who starts the run."),
        "owner": Field(PERSON, "The one user of single-user mode, who may fill every approver's "
                       "role."),
        "variables": Field(VARIABLES, "Values for variables of the pipeline."),
        "agents": Field(DEEDS_BY_STAGE, "What the agent of each stage does, attempt by attempt; "
                        "the last word holds for all that follow. A stage that is not named "
                        "succeeds."),
        "undo": Field(DEEDS_BY_STAGE, "The same for what undoes a stage."),
        "people": Field(Items(ACT, single=True, least=0, most=ACTS_MAX, what="answers"),
                        "What people do. Where nobody does anything, time passes."),
        "expect": Field(EXPECT, EXPECT.about, required=True),
    },
    elsewhere={"given": "write `event`, `variables` and `agents`", "then": "did you mean `expect`?",
               "expected": "did you mean `expect`?", "approvals": "did you mean `people`? What is "
               "expected of approvals stands under `expect`", "stages": "what agents do is written "
               "as `agents`, what is expected of stages under `expect`",
               "rollback": "what the undoing does is written as `undo`",
               "trigger": "did you mean `event`?"},
    name="scenario",
    about="One life of a run: what happens to it, and what must have become of it.",
)  # fmt: skip

SCENARIO_FILE: Final = Shape(
    "a file of scenarios",
    {
        "pipeline": Field(Text(4096, "the path of a pipeline"), "The pipeline's file, as seen from "
                          "this one.", required=True),
        "description": Field(Text(), "What the scenarios are about."),
        "groups": Field(Named("groups", Text(254), words("people", PERSON, least=0), GROUPS_MAX,
                              "groups"), "Who belongs to a group that approves."),
        "scenarios": Field(Items(SCENARIO, single=False, most=SCENARIOS_MAX, what="scenarios"),
                           "The scenarios.", required=True),
    },
    elsewhere={"tests": "did you mean `scenarios`?", "file": "did you mean `pipeline`?",
               "name": "a name stands at each scenario", "stages": "this is a file of scenarios; a "
               "pipeline is checked with `orchestrate pipeline validate`",
               "triggers": "this is a file of scenarios; a pipeline is checked with "
               "`orchestrate pipeline validate`"},
)  # fmt: skip


def json_schema() -> Schema:
    """JSON Schema 2020-12 of a file of scenarios, with the sentence of each key."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Orchestrate scenarios",
        **SCENARIO_FILE.definition(),
        "$defs": {shape.name: shape.definition() for shape in (SCENARIO, ATTEMPT)},
    }
