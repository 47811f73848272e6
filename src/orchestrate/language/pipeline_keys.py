"""The keys of a pipeline itself, its defaults and its agents: the upper half of the tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from orchestrate.core.pipeline import STAGES_MAX
from orchestrate.language.document import Node
from orchestrate.language.faults import Faults
from orchestrate.language.keys import (
    ENV,
    GRACE,
    GROUP,
    RETRY,
    RUNS_ON,
    STAGE,
    TIMEOUT,
    TIMEOUT_MAX_S,
)
from orchestrate.language.kinds import (
    Boolean,
    Choice,
    Duration,
    Integer,
    Items,
    Nullable,
    Schema,
    Text,
)
from orchestrate.language.names import AGENT_NAME, STAGE_NAME, VARIABLE_NAME
from orchestrate.language.shape import Field, Named, Plain, Section, Shape, Short
from orchestrate.language.triggers import TRIGGERS

VARIABLES_MAX: Final = 1_000
AGENTS_MAX: Final = 1_000
LIMIT_MAX: Final = 10_000
VERSION_MAX: Final = 2_147_483_647


@dataclass(frozen=True, slots=True)
class StageOrGroup:
    """One item of `stages`: a group if it has the key `parallel`."""

    expected: str = "a stage (a mapping)"

    def read(self, node: Node, faults: Faults) -> Section | None:
        group = node.is_mapping and "parallel" in node.entries()
        return (GROUP if group else STAGE).read(node, faults)

    def schema(self) -> Schema:
        return {
            "if": {"type": "object", "required": ["parallel"]},
            "then": GROUP.schema(),
            "else": STAGE.schema(),
        }


DEFAULTS: Final = Shape(
    "`defaults`",
    {
        "agent": Field(AGENT_NAME, "The agent of stages that name neither agent nor `run`."),
        "timeout": Field(TIMEOUT, "The longest time for one attempt of a stage."),
        "grace": Field(GRACE, "How long a stopped attempt may take to end by itself."),
        "retry": Field(Short(RETRY, "attempts"), "How often a stage is tried."),
        "env": Field(ENV, "Environment variables of every stage; a stage's own come on top."),
        "on_lost": Field(STAGE.fields["on_lost"].kind, STAGE.fields["on_lost"].about),
        "runs_on": Field(RUNS_ON, "The labels a worker must have."),
    },
    elsewhere=dict.fromkeys(
        (key for key in STAGE.fields if key not in {"agent", "timeout", "grace", "retry", "env"}),
        "this is written at each stage",
    ),
    about="What stages take that do not say it themselves.",
)

CONCURRENCY: Final = Shape(
    "`concurrency`",
    {
        "group": Field(Text(255), "Runs of one group share the limit, whatever their pipelines; "
                       "`${name}` is substituted. By default a group of its own."),
        "limit": Field(Integer(1, LIMIT_MAX), "How many of them run at the same time (1)."),
        "on_conflict": Field(Choice(("queue", "replace_pending", "cancel_running"),
                                    {"cancel": "did you mean `cancel_running`?",
                                     "replace": "did you mean `replace_pending`?"}),
                             "What a run does that finds the place taken (queue)."),
    },
    elsewhere={"cancel-in-progress": "write `on_conflict: cancel_running`",
               "cancel_in_progress": "write `on_conflict: cancel_running`"},
    about="How many runs go on at the same time. A text alone is the group.",
)  # fmt: skip


VARIABLES: Final = Named(
    "variables", VARIABLE_NAME, Nullable(Text(expected="text, a number, `true` or `false`")),
    VARIABLES_MAX, "variables",
)  # fmt: skip

PIPELINE: Final = Shape(
    "a pipeline",
    {
        "name": Field(STAGE_NAME, "The name of the pipeline.", required=True),
        "description": Field(Text(), "What the pipeline is for."),
        "version": Field(Integer(1, VERSION_MAX), "The author's own count; it has no other "
                         "meaning (1)."),
        "triggers": Field(Nullable(TRIGGERS), "Which events start the pipeline."),
        "variables": Field(VARIABLES, "Names and values for `${name}`; a name without a value must "
                           "be given at start."),
        "defaults": Field(Nullable(DEFAULTS), DEFAULTS.about),
        "agents": Field(Named("definitions of agents", AGENT_NAME,
                              Plain("a definition (a mapping)", ("object",)), AGENTS_MAX, "agents"),
                        "Definitions of agents, for this pipeline alone."),
        "max_parallel": Field(Integer(1, LIMIT_MAX), "How many stages run at the same time."),
        "fail_fast": Field(Boolean(), "A failure also stops the stages that run beside it."),
        "timeout": Field(Duration(1, TIMEOUT_MAX_S), "The longest time for the whole run, without "
                         "time spent waiting for people."),
        "concurrency": Field(Short(CONCURRENCY, "group"), CONCURRENCY.about),
        "stages": Field(Items(StageOrGroup(), single=False, most=STAGES_MAX, what="stages"),
                        "Stages and groups. Each waits for the item before it, unless it says "
                        "otherwise.", required=True),
    },
    elsewhere={
        "on": "did you mean `triggers`?", "trigger": "did you mean `triggers`?",
        "jobs": "did you mean `stages`?", "steps": "did you mean `stages`?",
        "tasks": "did you mean `stages`?", "env": "write it under `defaults:`",
        "default": "did you mean `defaults`?", "vars": "did you mean `variables`?",
        "params": "did you mean `variables`?", "parameters": "did you mean `variables`?",
        "inputs": "did you mean `variables`?", "agent": "write it under `defaults:`",
        "retry": "write it under `defaults:`", "environment": "an environment is a stage's key",
        "schedule": 'a schedule is a trigger: `triggers: [{cron: "0 2 * * *"}]`',
        "cron": 'a schedule is a trigger: `triggers: [{cron: "0 2 * * *"}]`',
        "on_failure": "this is written at each stage",
    },
    about="A pipeline of agents, started by events.",
)  # fmt: skip
