"""What `$ORCHESTRATE_CONTEXT` tells an agent: one JSON object, the same for every kind."""

from __future__ import annotations

import json
from collections.abc import Mapping

from orchestrate.agent.definitions import Definition
from orchestrate.agent.facts import AttemptFacts, CannotStart

CONTEXT_BYTES_MAX = 32 * 1024 * 1024


def context(
    definition: Definition | None, attempt: AttemptFacts, left_out: Mapping[str, str]
) -> dict[str, object]:
    """The object itself. `env` holds the values that did not fit into the environment."""
    fields = definition.fields if definition else {}
    return {
        "run": {"id": attempt.run_id},
        "pipeline": {"name": attempt.pipeline},
        "stage": {"name": attempt.stage},
        "event": {},
        "needs": {},
        "previous_attempt": None,
        **attempt.context,
        "attempt": attempt.attempt,
        "mode": attempt.mode,
        "task": attempt.task,
        "variables": dict(attempt.variables),
        "env": dict(left_out),
        "agent": definition
        and {
            "name": definition.name,
            "kind": definition.kind,
            "role": fields.get("role") or definition.name,
            "sha256": definition.sha256,
        },
        "model": attempt.model,
    }


def context_text(
    definition: Definition | None, attempt: AttemptFacts, left_out: Mapping[str, str]
) -> str:
    """The object as JSON text. Raises CannotStart where it is too large to be handed over."""
    # ASCII: half a surrogate pair in an event's text must not keep an attempt from starting.
    text = json.dumps(context(definition, attempt, left_out), default=str)
    if len(text) > CONTEXT_BYTES_MAX:
        most = CONTEXT_BYTES_MAX // (1024 * 1024)
        raise CannotStart("config", f"context.json would have more than {most} MiB")
    return text
