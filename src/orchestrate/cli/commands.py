"""The tree of commands, by name: which module each lives in. None of them is imported here."""

from orchestrate.cli.verb import Lazy, version

_HERE = "orchestrate.cli"

root = Lazy(
    "orchestrate",
    help="Pipelines of agents: an event starts them, people approve, every step is kept.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    no_args_is_help=True,
    rooms={
        "pipeline": (f"{_HERE}.commands:pipeline", "Create, run and watch pipelines."),
        "approval": (f"{_HERE}.commands:approval", "Answer what a run asks people."),
        "event": (f"{_HERE}.commands:event", "Tell of events, and see what they started."),
        "hook": (f"{_HERE}.commands:hook", "Let commits and pushes here start pipelines."),
        "notification": (f"{_HERE}.commands:notification", "See what was told; tell it again."),
        "agent": (f"{_HERE}.commands:agent", "See and try the agents that do the work."),
        "serve": (f"{_HERE}.serve:serve", "Start the server: API and dashboard."),
        "open": (f"{_HERE}.open:open_", "Open the dashboard in a browser."),
        "token": (f"{_HERE}.commands:token", "Tokens for programs and other machines."),
        "schema": (f"{_HERE}.schema:schema", "Print the JSON Schema of a definition."),
        "doctor": (f"{_HERE}.doctor:doctor", "Check this installation, and say what is wrong."),
        "demo": (f"{_HERE}.demo:demo", "Start the product with something to see in it."),
    },
)
root.params.append(version())

pipeline = Lazy(
    "pipeline",
    help="Create, run and watch pipelines.",
    no_args_is_help=True,
    rooms={
        "create": (f"{_HERE}.pipeline:create", "Keep a new pipeline, from a file."),
        "validate": (f"{_HERE}.pipeline:validate", "Say everything that is wrong with files."),
        "init": (f"{_HERE}.init:init", "Begin with a pipeline that works."),
        "test": (f"{_HERE}.rehearse:test", "Live through scenarios, and start nothing."),
        "list": (f"{_HERE}.pipeline:list_", "List the pipelines."),
        "show": (f"{_HERE}.pipeline:show_", "Show a pipeline: definition, or graph."),
        "history": (f"{_HERE}.pipeline:history", "List the runs of a pipeline."),
        "update": (f"{_HERE}.pipeline:update", "Store a new revision of a pipeline."),
        "delete": (f"{_HERE}.pipeline:delete", "Take a pipeline out; its runs stay on record."),
        "enable": (f"{_HERE}.pipeline:enable", "Let events start a pipeline."),
        "disable": (f"{_HERE}.pipeline:disable", "Let no event start a pipeline."),
        "run": (f"{_HERE}.run:run", "Run a pipeline, and follow it to its end."),
        "status": (f"{_HERE}.look:status", "Show how a run stands."),
        "logs": (f"{_HERE}.logs:logs", "Print what the agents of a run wrote."),
        "why": (f"{_HERE}.look:why", "Say why a run, or a stage, is as it is."),
        "cancel": (f"{_HERE}.change:cancel", "Stop a run."),
        "rollback": (f"{_HERE}.change:rollback", "Undo what a run did."),
        "rerun": (f"{_HERE}.change:rerun", "Run again: all of it, from a stage, what failed."),
    },
)

approval = Lazy(
    "approval",
    help="Answer what a run asks people.",
    no_args_is_help=True,
    rooms={
        "list": (f"{_HERE}.approval:list_", "List approvals."),
        "show": (f"{_HERE}.approval:show_", "Show what is to be decided."),
        "approve": (f"{_HERE}.approval:approve", "Say yes."),
        "reject": (f"{_HERE}.approval:reject", "Say no, and why."),
        "delegate": (f"{_HERE}.approval:delegate", "Give your vote to somebody else."),
    },
)

event = Lazy(
    "event",
    help="Tell of events, and see what they started.",
    no_args_is_help=True,
    rooms={
        "emit": (f"{_HERE}.event:emit", "Tell of an event, and start what waits for it."),
        "list": (f"{_HERE}.event:list_", "List events, and what each started."),
        "show": (f"{_HERE}.event:show_", "Show an event, and why pipelines were not started."),
        "replay": (f"{_HERE}.event:replay", "Let an event happen once more."),
    },
)

hook = Lazy(
    "hook",
    help="Let commits, merges and pushes in a git repository start pipelines.",
    no_args_is_help=True,
    rooms={
        "install": (f"{_HERE}.hook:install", "Put the hooks in, or take them out."),
        "tell": (f"{_HERE}.hook:tell", "What the hooks call."),
    },
)

notification = Lazy(
    "notification",
    help="See what channels were told, and tell it again.",
    no_args_is_help=True,
    rooms={
        "list": (f"{_HERE}.notification:list_", "List notifications, dead letters among them."),
        "resend": (f"{_HERE}.notification:resend", "Tell one once more."),
    },
)

agent = Lazy(
    "agent",
    help="See and try the agents that do the work.",
    no_args_is_help=True,
    rooms={
        "list": (f"{_HERE}.agent:list_", "List the agents, and what was left out."),
        "show": (f"{_HERE}.agent:show_", "Show the definition of an agent."),
        "test": (f"{_HERE}.agent:test", "Let an agent do one small task."),
    },
)

token = Lazy(
    "token",
    help="Tokens for programs and other machines.",
    no_args_is_help=True,
    rooms={"create": (f"{_HERE}.token:create", "Make a token; it is shown once.")},
)
