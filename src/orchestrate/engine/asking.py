"""What people ask of a run that exists: decide, cancel, roll back. Each is one word at the door.

`also` is done in the same transaction, once the run has moved: an answer to be remembered, say.
"""

from __future__ import annotations

import json

from orchestrate.core.commands import (
    Approve,
    Because,
    Cancel,
    Command,
    Delegate,
    Refused,
    Reject,
    RollBack,
)
from orchestrate.core.people import NOBODY_KNOWN, Caller, Roster
from orchestrate.engine.catalog import Also
from orchestrate.engine.door import Door
from orchestrate.engine.driver import Engine


def _tell(engine: Engine, run_id: int, command: Command, also: Also | None) -> None:
    def act(door: Door) -> None:
        run = door.tell(run_id, command)
        if also is not None:
            also(door, run.id)

    engine.perform(act).result()


def _place(engine: Engine, approval_id: int) -> tuple[int, int]:
    """Which question of which run an approval is. Raises Refused."""
    place = engine.reader.approval_key(approval_id)
    if place is None:
        raise Refused(
            Because.NOT_FOUND,
            f"there is no approval {approval_id}",
            "see: orchestrate approval list",
        )
    return place


def approve(
    engine: Engine,
    approval_id: int,
    *,
    by: Caller,
    comment: str = "",
    packet: str | None = None,
    roster: Roster = NOBODY_KNOWN,
    also: Also | None = None,
) -> None:
    """One person's yes. Raises Refused."""
    run_id, number = _place(engine, approval_id)
    command = Approve(approval=number, by=by, comment=comment, packet=packet, roster=roster)
    _tell(engine, run_id, command, also)


def reject(
    engine: Engine,
    approval_id: int,
    *,
    by: Caller,
    reason: str,
    packet: str | None = None,
    roster: Roster = NOBODY_KNOWN,
    also: Also | None = None,
) -> None:
    """One person's no, which settles it. Raises Refused."""
    run_id, number = _place(engine, approval_id)
    command = Reject(approval=number, by=by, reason=reason, packet=packet, roster=roster)
    _tell(engine, run_id, command, also)


def delegate(
    engine: Engine,
    approval_id: int,
    *,
    by: Caller,
    to: str,
    comment: str = "",
    roster: Roster = NOBODY_KNOWN,
    also: Also | None = None,
) -> None:
    """One person's vote goes to another. Raises Refused."""
    run_id, number = _place(engine, approval_id)
    command = Delegate(approval=number, by=by, to=to, comment=comment, roster=roster)
    _tell(engine, run_id, command, also)


def viewed(engine: Engine, approval_id: int, *, by: Caller) -> None:
    """Somebody looked at a packet: a row of the audit trail (7.10), not awaited."""
    engine.perform(
        lambda door: door.store.add_audit(
            at=door.clock(),
            actor=by.name,
            via=by.via,
            action="approval.view",
            subject=str(approval_id),
            detail=json.dumps({}),
        )
    )


def cancel(
    engine: Engine,
    run_id: int,
    *,
    by: Caller,
    reason: str = "",
    force: bool = False,
    also: Also | None = None,
) -> None:
    """Nothing new starts once this returns (C7). Raises Refused."""
    _tell(engine, run_id, Cancel(by=by, reason=reason, force=force), also)


def roll_back(
    engine: Engine,
    run_id: int,
    *,
    by: Caller,
    to: str | None = None,
    reason: str = "",
    also: Also | None = None,
) -> None:
    """Undo what a run did, back to and including `to` (8.6). Raises Refused."""
    _tell(engine, run_id, RollBack(by=by, to=to, reason=reason), also)
