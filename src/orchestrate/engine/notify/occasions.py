"""From the events of a run to who is to be told of what. It decides from the record alone."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orchestrate.core import events as happened
from orchestrate.core.condition import Facts
from orchestrate.core.events import Event
from orchestrate.core.run import ApprovalStatus, Run
from orchestrate.engine.notify.channels import Directory, Forge, Occasion
from orchestrate.store.outbox import Notice

STATUS, COMMENT = "forge.status", "forge.comment"
KEY_CHARACTERS = 32
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,100}(/[A-Za-z0-9_.-]{1,100}){1,20}")
_SHA = re.compile(r"[0-9a-f]{7,64}")
_CLOSED = {
    ApprovalStatus.APPROVED: Occasion.DECIDED,
    ApprovalStatus.REJECTED: Occasion.DECIDED,
    ApprovalStatus.EXPIRED: Occasion.EXPIRED,
    ApprovalStatus.WITHDRAWN: Occasion.WITHDRAWN,
}
_OF_APPROVALS: dict[type[Event], Occasion] = {
    happened.ApprovalRequested: Occasion.REQUESTED,
    happened.ApprovalReminded: Occasion.REMINDED,
    happened.ApprovalDelegated: Occasion.DELEGATED,
}
_OF_RUNS: dict[type[Event], Occasion] = {
    happened.RunSucceeded: Occasion.SUCCEEDED,
    happened.RunFailed: Occasion.FAILED,
    happened.RunCancelled: Occasion.CANCELLED,
    happened.RollbackEnded: Occasion.ROLLED_BACK,
}
# What changes what a forge shows of a run.
_SHOWN = (
    happened.RunCreated,
    happened.RunStarted,
    happened.ApprovalRequested,
    happened.ApprovalDelegated,
    happened.ApprovalClosed,
    happened.RunHalted,
    happened.RunSucceeded,
    happened.RunFailed,
    happened.RunCancelled,
    happened.RollbackStarted,
    happened.RollbackEnded,
)


@dataclass(frozen=True, slots=True)
class _Happened:
    occasion: Occasion
    seq: int
    at: float
    approval: int | None = None
    named: tuple[str, ...] = ()  # the channels that the gate names


def notices(run: Run, events: Sequence[Event], directory: Directory) -> Iterator[Notice]:
    """What the channels are to be told of `events`; `run` is as it is behind them."""
    for each in _occasions(run, events):
        for channel in each.named or _that_want(each, run, directory):
            known = channel in directory.channels
            yield Notice(
                key=_key(run.id, run.created_at, each.seq, channel),
                channel=channel,
                occasion=each.occasion.value,
                run_id=run.id,
                approval=each.approval,
                seq=each.seq,
                at=each.at,
                error=None if known else no_channel(channel),
            )


def no_channel(name: str) -> str:
    return f"no channel `{name}` is configured: write [channels.{name}] in orchestrate.toml"


def _that_want(each: _Happened, run: Run, directory: Directory) -> list[str]:
    name = run.pipeline.name
    wanted = each.occasion.value
    return [channel.name for channel in directory.channels.values() if channel.wants(wanted, name)]


def _occasions(run: Run, events: Sequence[Event]) -> Iterator[_Happened]:
    for seq, event in enumerate(events, start=run.seq - len(events) + 1):
        kind = type(event)
        if isinstance(event, happened.ApprovalClosed):
            named = _named(run, event.stage)
            yield _Happened(_CLOSED[event.status], seq, event.at, event.approval, named)
        elif isinstance(
            event,
            happened.ApprovalRequested | happened.ApprovalReminded | happened.ApprovalDelegated,
        ):
            named = _named(run, event.stage)
            yield _Happened(_OF_APPROVALS[kind], seq, event.at, event.approval, named)
        elif kind in _OF_RUNS:
            yield _Happened(_OF_RUNS[kind], seq, event.at)


def _named(run: Run, stage: str) -> tuple[str, ...]:
    gate = run.pipeline.stage(stage).gate
    return () if gate is None else tuple(dict.fromkeys(gate.notify))


def _key(*parts: object) -> str:
    """The same for the same event and channel, in every process and after every crash."""
    text = json.dumps(parts, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:KEY_CHARACTERS]


# -- forges ----------------------------------------------------------------------------


def shown(
    run: Run, events: Sequence[Event], forges: Sequence[Forge], source: str | None
) -> Iterator[Notice]:
    """What the forges are to show anew: one status for each commit, one comment for each request.

    A later run of the same pipeline for the same commit, or request, takes the place over.
    """
    facts = run.facts
    repository, sha = facts.repository, facts.sha
    if repository is None or _REPOSITORY.fullmatch(repository) is None or ".." in repository:
        return
    if sha is not None and _SHA.fullmatch(sha) is None:
        sha = None
    for forge in forges:
        if not forge.shows(repository, source):
            continue
        target: dict[str, object] = {"repository": repository, "sha": sha}
        number = request_number(facts)
        wanted = [(STATUS, sha)] if sha and forge.statuses else []
        wanted += [(COMMENT, str(number))] if number is not None and forge.comments else []
        for occasion, place in wanted:
            key = _key(forge.name, occasion, repository, place, run.pipeline.name)
            yield Notice(
                key=key,
                channel=forge.name,
                occasion=occasion,
                run_id=run.id,
                approval=None,
                seq=run.seq,
                at=events[-1].at,
                target=json.dumps({**target, "number": number}, sort_keys=True),
            )


def changes_what_is_shown(events: Sequence[Event]) -> bool:
    return any(isinstance(each, _SHOWN) for each in events)


def request_number(facts: Facts) -> int | None:
    """The number of the pull or merge request that an event is about, if it is about one."""
    about = facts.event.startswith("pull_request") or facts.data.get("on") == "pull_request"
    number = facts.data.get("number")
    if not about or not isinstance(number, int) or isinstance(number, bool) or number < 1:
        return None
    return number
