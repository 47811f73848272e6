"""The keys of a stage and of what stands in it: the tables that check texts and draw the schema.

The sentence of each key is what editors and `docs/language.md` say of it.
"""

from __future__ import annotations

from typing import Final

from orchestrate.core.pipeline import (
    ATTEMPTS_MAX,
    STAGES_MAX,
    Backoff,
    OnFailure,
    OnLost,
    OnTimeout,
    RunIf,
)
from orchestrate.language.conditions import WHEN
from orchestrate.language.kinds import (
    Boolean,
    Choice,
    Duration,
    Integer,
    Items,
    Text,
    words,
)
from orchestrate.language.names import AGENT_NAME, STAGE_NAME, VARIABLE_NAME
from orchestrate.language.quorum import Quorum
from orchestrate.language.shape import Field, Named, Plain, Shape, Short

DAY_S: Final = 86_400.0
TIMEOUT_MAX_S: Final = 30 * DAY_S
APPROVAL_TIMEOUT_MAX_S: Final = 365 * DAY_S
GRACE_MAX_S: Final = 3_600.0
DELAY_MAX_S: Final = DAY_S
APPROVERS_MAX: Final = 100
ENV_MAX: Final = 500

FAILURES: Final = (
    "exit", "provider", "auth", "budget", "max_turns", "refusal", "output_schema", "denied",
    "timeout", "lost",
)  # fmt: skip

TIMEOUT: Final = Duration(1, TIMEOUT_MAX_S)
GRACE: Final = Duration(0, GRACE_MAX_S)
ENV: Final = Named("environment variables", VARIABLE_NAME, Text(), ENV_MAX, "variables")
RUNS_ON: Final = words("labels of workers", most=100)

ESCALATION: Final = Shape(
    "an escalation",
    {
        "agent": Field(AGENT_NAME, "The agent of the next attempt."),
        "model": Field(Text(200, "the name of a model"), "The model of the next attempt."),
    },
)

RETRY: Final = Shape(
    "`retry`",
    {
        "attempts": Field(Integer(1, ATTEMPTS_MAX), "How many attempts in all, the first included.",
                          also=("max_attempts",)),
        "backoff": Field(Choice(tuple(Backoff)), "How the delay grows from attempt to attempt."),
        "delay": Field(Duration(0, DELAY_MAX_S), "The wait before the second attempt (1s).",
                       also=("initial_delay",)),
        "max_delay": Field(Duration(0, DELAY_MAX_S), "No wait is longer than this (60s)."),
        "on": Field(Items(Choice(FAILURES), what="kinds of failure"),
                    "The kinds of failure after which to try again (exit, timeout, lost)."),
        "escalate": Field(Items(ESCALATION, most=ATTEMPTS_MAX, what="escalations"),
                          "What the second, third, ... attempt changes."),
    },
    elsewhere={"max": "the total is written as `attempts`", "limit": "the total is written as "
               "`attempts`", "when": "kinds of failure are listed under `on`",
               "count": "the total is written as `attempts`", "interval": "did you mean `delay`?"},
    about="When an attempt failed, try again. A number alone is the total of attempts.",
)  # fmt: skip

ROLLBACK: Final = Shape(
    "`rollback`",
    {
        "agent": Field(AGENT_NAME, "Who undoes the stage; its own agent if it is not given."),
        "task": Field(Text(), "What to do; `Roll back: <task>` if it is not given."),
        "run": Field(Text(), "A command that undoes the stage."),
        "timeout": Field(TIMEOUT, "The longest time for one attempt; the stage's own by default."),
        "retry": Field(Short(RETRY, "attempts"), "How often to try."),
    },
    elsewhere={"to": "how far back to go is written as `rollback_to`, beside `on_failure`",
               "stage": "how far back to go is written as `rollback_to`, beside `on_failure`"},
    about="How the stage is undone.",
    instead="write `rollback: {run: ...}` or `rollback: {task: ...}`",
)  # fmt: skip

APPROVAL: Final = Shape(
    "`approval`",
    {
        "quorum": Field(Quorum(), "How many people must approve: a number, `all` or `majority`."),
        "timeout": Field(Duration(1, APPROVAL_TIMEOUT_MAX_S, none=True),
                         "How long to wait for them (24h); `none` waits for ever."),
        "on_timeout": Field(Choice(tuple(OnTimeout)), "What silence means (reject)."),
        "self_approval": Field(Boolean(), "Whether the one who started the run may approve it."),
        "message": Field(Text(), "What the approvers are told."),
        "notify": Field(words("channels", most=100), "Where the question is sent."),
        "remind": Field(Items(Duration(1, APPROVAL_TIMEOUT_MAX_S), most=20, what="durations"),
                        "After how long to ask again."),
    },
    elsewhere={"approvers": "`approvers` stands beside `approval`, not in it",
               "required": "the number needed is written as `quorum`",
               "min_approvals": "the number needed is written as `quorum`",
               "default_action": "what silence means is written as `on_timeout`"},
    about="How the approval is asked for and answered.",
)  # fmt: skip

STAGE: Final = Shape(
    "a stage",
    {
        "name": Field(STAGE_NAME, "Unique in the pipeline, whatever the case.", required=True),
        "description": Field(Text(), "What the stage is for."),
        "agent": Field(AGENT_NAME, "Who does the work."),
        "task": Field(Text(), "What to do; `${name}` is substituted."),
        "run": Field(Text(), "A command for the shell, in place of agent and task. Nothing is "
                     "substituted in it; variables are in its environment."),
        "depends_on": Field(words("stages", STAGE_NAME, least=0, most=STAGES_MAX),
                            "The stages and groups to wait for; `[]` starts at once. Without it, "
                            "a stage waits for the item before it."),
        "parallel_with": Field(STAGE_NAME, "The stage beside which this one runs: it waits for the "
                               "same."),
        "when": Field(WHEN, "The condition under which the stage runs; else it is skipped."),
        "run_if": Field(Choice(tuple(RunIf)), "Whether it runs after success, failure, or always."),
        "timeout": Field(TIMEOUT, "The longest time for one attempt (1h), waiting not included."),
        "grace": Field(GRACE, "How long a stopped attempt may take to end by itself (10s)."),
        "on_failure": Field(Choice(tuple(OnFailure), {
            "fail": "did you mean `halt`?", "stop": "did you mean `halt`?",
            "abort": "did you mean `halt`?", "ignore": "did you mean `continue`?",
            "warn": "did you mean `continue`?", "retry": "attempts are written as `retry: 3`",
        }), "What becomes of the run when the last attempt failed (halt)."),
        "rollback_to": Field(STAGE_NAME, "The stage back to and including which to undo."),
        "rollback": Field(ROLLBACK, ROLLBACK.about),
        "on_lost": Field(Choice(tuple(OnLost)), "What becomes of an attempt that vanished (fail)."),
        "requires_approval": Field(Boolean(), "Ask people before the stage starts."),
        "approvers": Field(words("approvers", Text(254), most=APPROVERS_MAX),
                           "Users, e-mail addresses or groups. Asks for approval by itself."),
        "approval": Field(APPROVAL, f"{APPROVAL.about} Asks for approval by itself."),
        "environment": Field(Text(255), "The environment that the stage changes, one run at a "
                             "time."),
        "env": Field(ENV, "Environment variables; `${name}` is substituted in their values."),
        "retry": Field(Short(RETRY, "attempts"), RETRY.about),
        "outputs": Field(Plain("names of outputs with their types",
                               ("object", "array", "string")),
                         "What the stage promises to give out: names, `{name: type}` or a JSON "
                         "Schema."),
        "runs_on": Field(RUNS_ON, "The labels a worker must have to run this."),
    },
    elsewhere={
        "parallel": "a group cannot stand inside a group",
        "needs": "did you mean `depends_on`?", "dependencies": "did you mean `depends_on`?",
        "after": "did you mean `depends_on`?", "if": "did you mean `when`?",
        "condition": "did you mean `when`?", "conditions": "did you mean `when`?",
        "script": "did you mean `run`?", "command": "did you mean `run`?",
        "cmd": "did you mean `run`?", "steps": "a stage is one step; write a stage for each",
        "prompt": "did you mean `task`?", "retries": "did you mean `retry`? It counts all attempts",
        "attempts": "write `retry: N`, the total of attempts", "tags": "did you mean `runs_on`?",
        "timeout-minutes": "write `timeout: 30m`", "timeout_minutes": "write `timeout: 30m`",
        "continue-on-error": "write `on_failure: continue`",
        "continue_on_error": "write `on_failure: continue`",
        "allow_failure": "write `on_failure: continue`", "variables": "did you mean `env`?",
        "quorum": "write `approval: {quorum: ...}`", "type": "the kind is the agent's own matter",
        "uses": "did you mean `agent`?", "stages": "a group is written as `parallel: [...]`",
    },
    name="stage",
    about="One stage: an agent with a task, or a command.",
)  # fmt: skip

GROUP: Final = Shape(
    "a group",
    {
        "name": Field(STAGE_NAME, "Stands for all members in a `depends_on`."),
        "description": Field(Text(), "What the group is for."),
        "parallel": Field(
            Items(STAGE, single=False, most=STAGES_MAX, what="stages"),
            "Stages that run at the same time.",
            required=True,
        ),
        "depends_on": Field(
            words("stages", STAGE_NAME, least=0, most=STAGES_MAX), "What all members wait for."
        ),
    },
    elsewhere=dict.fromkeys(
        (key for key in STAGE.fields if key not in {"name", "description", "depends_on"}),
        "a group has no such key; write it at each member",
    ),
    name="group",
    about="Stages that run at the same time.",
)
