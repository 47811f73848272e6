"""Approval gates: who must agree, and whether so many can (semantics 7.2, 7.3, 11.1)."""

from __future__ import annotations

import math

from orchestrate.core.pipeline import APPROVAL_TIMEOUT_S, Gate, OnTimeout
from orchestrate.language.faults import Faults, shown
from orchestrate.language.kinds import Word
from orchestrate.language.shape import Section


def gate(stage: Section, faults: Faults, *, single_user: bool) -> Gate | None:
    """The gate before a stage. Whoever writes `approvers` or `approval` means one."""
    described = [key for key in ("approvers", "approval") if key in stage]
    if stage.get("requires_approval") is False and described:
        faults.at(
            stage.keys["requires_approval"],
            "gate-contradiction",
            f"`requires_approval: false` beside `{described[0]}`: is approval needed or not?",
            f"delete `{described[0]}`, or write `true`",
        )
        return None
    if not described and not stage.get("requires_approval"):
        return None
    approval: Section | None = stage.get("approval")
    settings = approval if approval is not None else Section(stage.node)
    approvers = _once(stage.get("approvers", []), faults)
    written = settings.get("quorum", 1)
    quorum = _number(written, len(approvers), stage, settings, faults)
    _check_reachable(quorum, approvers, settings, faults, single_user=single_user)
    timeout: float = settings.get("timeout", APPROVAL_TIMEOUT_S)
    remind: list[float] = settings.get("remind", [])
    if any(after >= timeout for after in remind):
        faults.at(
            settings.lone("remind"),
            "reminder-too-late",
            "a reminder would come after the approval has expired",
            "remind earlier, or give a longer `timeout`",
        )
    return Gate(
        approvers=approvers,
        quorum=quorum,
        every=written == "all",
        timeout_s=None if math.isinf(timeout) else timeout,
        on_timeout=OnTimeout(settings.get("on_timeout", OnTimeout.REJECT)),
        self_approval=settings.get("self_approval", False),
        message=settings.get("message"),
        notify=tuple(word.text for word in settings.get("notify", [])),
        remind_s=tuple(remind),
    )


def _once(words: list[Word], faults: Faults) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for word in words:
        if word.text in found:
            faults.at(
                word.node,
                "duplicate-entry",
                f"`{shown(word.text)}` stands here twice",
                "each person counts once; delete one",
            )
        found[word.text] = None
    return tuple(found)


def _number(
    written: int | str, entries: int, stage: Section, settings: Section, faults: Faults
) -> int:
    """`all` and `majority` as a number of the entries of `approvers`."""
    if isinstance(written, int):
        return written
    if not entries:
        if "approvers" not in stage:
            faults.at(
                settings.nodes["quorum"],
                "quorum-unreachable",
                f"`{written}` of nobody: there are no `approvers`",
                "list the approvers, or write a number",
            )
        return 1
    return entries if written == "all" else entries // 2 + 1


def _check_reachable(
    quorum: int,
    approvers: tuple[str, ...],
    settings: Section,
    faults: Faults,
    *,
    single_user: bool,
) -> None:
    """A group may stand for many people, but single-user mode has none, and an address is one."""
    people = single_user or all("@" in entry for entry in approvers)
    if approvers and quorum > len(approvers) and people:
        faults.at(
            settings.lone("quorum"),
            "quorum-unreachable",
            f"{quorum} approvals can never be given: {len(approvers)} "
            f"{'approver is' if len(approvers) == 1 else 'approvers are'} listed",
            "list more approvers, or ask for fewer",
        )
    elif single_user and quorum > 1:
        faults.at(
            settings.lone("quorum"),
            "quorum-one-person",
            f"{quorum} approvals are needed, and single-user mode has one person",
            "set up users, or the approval can only expire",
        )
