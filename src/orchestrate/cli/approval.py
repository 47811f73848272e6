"""`orchestrate approval ...`: see what people are asked, and answer."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import click

from orchestrate.cli import board, words
from orchestrate.cli.drive import drive
from orchestrate.cli.paint import answer, bold, crop, dim, status
from orchestrate.cli.verb import Verb, asked, formed, note, show, show_table

Json = Mapping[str, Any]
APPROVAL = click.IntRange(1)


@click.command("list", cls=Verb)
@click.option("--pending", "only_pending", is_flag=True, help="Only those that wait.")
@click.option("--mine", is_flag=True, help="Only those that you may answer.")
@formed
def list_(only_pending: bool, mine: bool, form: str) -> None:
    """List approvals, newest first."""
    wanted = "pending" if only_pending else "all"
    with asked().road() as road:
        page = road.items("/api/approvals", status=wanted, mine="true" if mine else None)
    now = time.time()
    show_table(
        form, page, ("ID", "STATUS", "RUN", "PIPELINE", "STAGE", "WHO", "LEFT"),
        lambda: (_row(each, now) for each in page["items"]),
        empty="nothing waits for an answer" if only_pending else "nothing was ever asked",
    )  # fmt: skip


def _row(approval: Json, now: float) -> list[str]:
    who = ", ".join(words.one_line(each) for each in approval["approvers"]) or "anybody"
    waits = approval["status"] == "pending"
    return [
        str(approval["id"]),
        answer(approval["status"]),
        str(approval["run_id"]),
        words.one_line(approval["pipeline"]),
        words.one_line(approval["stage"]),
        f"{'all' if approval.get('every') else approval['quorum']} of {who}",
        board.time_left(approval, now) if waits else "",
    ]


@click.command("show", cls=Verb)
@click.argument("number", metavar="ID", type=APPROVAL)
@formed
def show_(number: int, form: str) -> None:
    """Show what approval ID is about: everything that whoever decides should know."""
    with asked().road() as road:
        found = road.get(f"/api/approvals/{number}")
    show(form, found, lambda: _packet(found))
    if form == "table" and found["status"] == "pending":
        for line in board.answers(found):
            note(line)


@click.command("approve", cls=Verb)
@click.argument("number", metavar="ID", type=APPROVAL)
@click.option("--comment", default="", metavar="C", help="It is kept with the decision.")
@click.option("--packet", metavar="HASH", help="Only if this is still what is decided on.")
@formed
def approve(number: int, comment: str, packet: str | None, form: str) -> None:
    """Say yes to approval ID."""
    _decide(number, "approve", {"comment": comment, "packet": packet}, form)


@click.command("reject", cls=Verb)
@click.argument("number", metavar="ID", type=APPROVAL)
@click.option("--reason", required=True, metavar="R", help="Why; it is kept with the decision.")
@click.option("--packet", metavar="HASH", help="Only if this is still what is decided on.")
@formed
def reject(number: int, reason: str, packet: str | None, form: str) -> None:
    """Say no to approval ID: its stage and its run fail."""
    _decide(number, "reject", {"reason": reason, "packet": packet}, form)


@click.command("delegate", cls=Verb)
@click.argument("number", metavar="ID", type=APPROVAL)
@click.option("--to", required=True, metavar="WHO", help="A user, or an e-mail address.")
@formed
def delegate(number: int, to: str, form: str) -> None:
    """Give your vote on approval ID to somebody else."""
    _decide(number, "delegate", {"to": to}, form)


def _decide(number: int, verb: str, said: Mapping[str, str | None], form: str) -> None:
    body = {name: each for name, each in said.items() if each}
    with asked().road(drives=True) as road:
        begun = time.time()
        found = road.post(f"/api/approvals/{number}/{verb}", body)
        run = road.get(f"/api/pipeline-runs/{found['run_id']}")
        if found["status"] != "pending":
            run = drive(road, run, begun)
    stage = words.one_line(found["stage"])
    line = f"approval {number} of {stage} (run {found['run_id']}): {found['status']}"
    if found["status"] == "pending":
        line += f"; {board.question(found, time.time())}"
    show(form, found, lambda: [line])
    if form == "table" and found["status"] != "pending":
        note(f"run {run['id']} is {run['status'].replace('_', ' ')}")


def _packet(approval: Json) -> list[str]:
    """The packet, its facts before its history."""
    now = time.time()
    packet = approval.get("packet") or {}
    facts = [
        ("run", f"{approval['run_id']} of {packet.get('pipeline', '')}"),
        (
            "cause",
            " ".join(str(packet[key]) for key in ("event", "branch", "commit") if packet.get(key)),
        ),
        ("by", packet.get("actor") or packet.get("started_by")),
        ("stage", approval["stage"]),
        ("message", approval.get("message")),
        ("task", packet.get("task")),
        ("agent", packet.get("agent") or (f"run: {packet['run']}" if packet.get("run") else None)),
        ("environment", packet.get("environment")),
        ("who", board.question(approval, now)),
        ("rollback", _undo(packet.get("rollback"))),
        *(("not told", each) for each in _not_told(approval)),
    ]
    number = approval["id"]
    lines = [f"{bold(f'approval {number}')}  {answer(approval['status'])}"]
    lines += [f"  {dim(f'{name:<13}')}{words.one_line(each)}" for name, each in facts if each]
    for stage in packet.get("before") or ():
        outputs = json.dumps(stage["outputs"], ensure_ascii=False) if stage.get("outputs") else ""
        line = f"  {status(stage['status'])}  {words.one_line(stage['stage'])}"
        note_ = words.short(stage.get("reason") or outputs, 200)
        lines.append(f"{line}  {dim(note_)}" if note_ else line)
    lines.append(dim(f"  packet {approval.get('packet_hash', '')}"))
    return [crop(line, asked().out.columns) for line in lines]


def _not_told(approval: Json) -> list[str]:
    """The channels that did not take it, and why: they hold up nothing (semantics 7.11)."""
    failed = [each for each in approval.get("notifications") or () if each["error"]]
    return [f"{each['channel']} ({each['status']}): {each['error']}" for each in failed]


def _undo(rollback: Json | None) -> str | None:
    if not rollback:
        return None
    steps = ", ".join(words.one_line(each["stage"]) for each in rollback.get("steps") or ())
    return f"a failure goes back to {words.one_line(rollback['to'])}: undoes {steps}"
