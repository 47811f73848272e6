"""Calls about approvals: what is asked of people, and their answers. The core counts votes."""

from __future__ import annotations

from typing import Any

from orchestrate.core.people import Caller, Roster
from orchestrate.core.run import ApprovalStatus
from orchestrate.engine import asking
from orchestrate.web import schemas, shapes
from orchestrate.web.access import Scope
from orchestrate.web.call import Answer, Asked, Call, Deed, Param
from orchestrate.web.paging import PAGING, page_by_id, place_id
from orchestrate.web.problem import not_found

ALL = "all"


def listed(asked: Asked) -> Answer:
    status, limit = asked.query["status"], asked.query["limit"]
    rows = asked.engine.reader.approvals(
        status=None if status == ALL else status,
        limit=limit + 1,
        before=place_id(asked.query["cursor"]),
    )
    page = page_by_id(rows, limit, shapes.approval)
    if asked.query["mine"]:
        roster = asked.site.roster()
        page["items"] = [each for each in page["items"] if _may(asked.by, each, roster)]
    return Answer(content=page)


def _may(by: Caller, approval: dict[str, Any], roster: Roster) -> bool:
    """Whether a question is put to somebody: as the owner, by an entry, or by delegation."""
    if by.owner or not approval["approvers"]:
        return True
    moved = [each for each in approval["decisions"] if each["decision"] == "delegate"]
    if any(each["by"] == by.name for each in moved):
        return False
    held = any(each["delegated_to"] == by.name for each in moved)
    return held or any(roster.fits(entry, by.name) for entry in approval["approvers"])


def _shown(asked: Asked) -> Answer:
    row = asked.engine.reader.approval(asked.path["id"])
    if row is None:
        raise not_found(f"there is no approval {asked.path['id']}")
    return Answer(content=shapes.approval(row))


def shown(asked: Asked) -> Answer:
    """The packet; that it was looked at is in the audit trail (semantics 7.10)."""
    answer = _shown(asked)
    asking.viewed(asked.engine, asked.path["id"], by=asked.by)
    return answer


def approve(asked: Asked) -> None:
    asking.approve(
        asked.engine,
        asked.path["id"],
        by=asked.by,
        comment=asked.body.get("comment", ""),
        packet=asked.body.get("packet"),
        roster=asked.site.roster(),
        also=asked.also,
    )


def reject(asked: Asked) -> None:
    asking.reject(
        asked.engine,
        asked.path["id"],
        by=asked.by,
        reason=asked.body["reason"],
        packet=asked.body.get("packet"),
        roster=asked.site.roster(),
        also=asked.also,
    )


def delegate(asked: Asked) -> None:
    asking.delegate(
        asked.engine,
        asked.path["id"],
        by=asked.by,
        to=asked.body["to"],
        comment=asked.body.get("comment", ""),
        roster=asked.site.roster(),
        also=asked.also,
    )


def decided(asked: Asked, _: Any) -> Answer:
    return _shown(asked)


STATUS = Param(
    name="status",
    schema={
        "type": "string",
        "enum": [*(each.value for each in ApprovalStatus), ALL],
        "default": ApprovalStatus.PENDING.value,
    },
    about="Only those that have this status.",
)
MINE = Param(
    name="mine",
    schema={"type": "boolean", "default": False},
    about="Only those that the caller is asked; a page may then hold fewer than `limit`.",
)
ONE = "/api/approvals/{id}"
CALLS = (
    Call(
        method="GET", path="/api/approvals", name="list_approvals", tag="approvals",
        about="Questions to people, newest first; those that are open, unless said otherwise.",
        act=listed, scope=Scope.READ, query=(STATUS, MINE, *PAGING), answers={200: "Approvals"},
    ),
    Call(
        method="GET", path=ONE, name="get_approval", tag="approvals",
        about="One question, with the packet that is to be judged.", act=shown,
        scope=Scope.READ, answers={200: "Approval"}, problems=(404,),
    ),
    Call(
        method="POST", path=f"{ONE}/approve", name="approve", tag="approvals",
        about="The caller's yes. With `packet`, only if that is still what is asked.",
        act=Deed(approve, decided), scope=Scope.APPROVE, people_only=True, body=schemas.APPROVE,
        answers={200: "Approval"}, problems=(404, 409),
    ),
    Call(
        method="POST", path=f"{ONE}/reject", name="reject", tag="approvals",
        about="The caller's no, which settles it.", act=Deed(reject, decided),
        scope=Scope.APPROVE, people_only=True, body=schemas.REJECT, body_required=True,
        answers={200: "Approval"}, problems=(404, 409),
    ),
    Call(
        method="POST", path=f"{ONE}/delegate", name="delegate", tag="approvals",
        about="Give the caller's vote to somebody else.", act=Deed(delegate, decided),
        scope=Scope.APPROVE, people_only=True, body=schemas.DELEGATE, body_required=True,
        answers={200: "Approval"}, problems=(404, 409),
    ),
)  # fmt: skip
