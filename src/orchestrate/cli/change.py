"""`orchestrate pipeline cancel`, `rollback`, `rerun`: what one may ask of a run that exists.

Where no server runs, the command carries out what it asked for, until the run rests.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import click

from orchestrate.cli.drive import drive
from orchestrate.cli.failure import Exit
from orchestrate.cli.follow import at_rest, code_of
from orchestrate.cli.road import Road
from orchestrate.cli.verb import Verb, asked, formed, note, show

Json = Mapping[str, Any]
RUN = click.IntRange(1)


@click.command("cancel", cls=Verb)
@click.argument("run", type=RUN)
@click.option("--force", is_flag=True, help="Also during a rollback.")
@click.option("--reason", default="", metavar="TEXT", help="Why; it is kept with the run.")
@formed
def cancel(run: int, force: bool, reason: str, form: str) -> None:
    """Stop RUN: its agents are ended, its approvals withdrawn, nothing new starts."""
    body: dict[str, Any] = {"reason": reason} if reason else {}
    if force:
        body["force"] = True
    with asked().road(drives=True) as road:
        found = _ask(road, run, "cancel", body)
    ended = found["status"] == "cancelled"
    show(form, found, lambda: [f"run {run} is cancelled" if ended else f"run {run} is being ended"])


@click.command("rollback", cls=Verb)
@click.argument("run", type=RUN)
@click.option("--to", metavar="STAGE", help="Back to and including STAGE; else all of it.")
@click.option("--reason", default="", metavar="TEXT", help="Why; it is kept with the run.")
@formed
def rollback(run: int, to: str | None, reason: str, form: str) -> int:
    """Undo what RUN did, in reverse order."""
    body = {name: each for name, each in (("to", to), ("reason", reason)) if each}
    with asked().road(drives=True) as road:
        found = _ask(road, run, "rollback", body)
    undo = found.get("rollback") or {}
    done = str(undo.get("status", "running"))
    show(form, found, lambda: [f"rollback of run {run}: {done}"])
    if done == "running" and form == "table":
        note(f"watch it: orchestrate pipeline status {run} --watch")
    return Exit.FAILED if done in ("partial", "failed") else Exit.DONE


@click.command("rerun", cls=Verb)
@click.argument("run", type=RUN)
@click.option("--from", "from_stage", metavar="STAGE", help="STAGE and all that needs it.")
@click.option("--failed", is_flag=True, help="What did not succeed, and all that needs it.")
@formed
def rerun(run: int, from_stage: str | None, failed: bool, form: str) -> int:
    """Run RUN again, as a new run of the same revision, event and variables."""
    if from_stage and failed:
        raise click.UsageError("--from and --failed exclude each other")
    body: dict[str, Any] = {"from": from_stage} if from_stage else {}
    if failed:
        body["failed"] = True
    with asked().road(drives=True) as road:
        begun = time.time()
        found = drive(road, road.post(f"/api/pipeline-runs/{run}/rerun", body), begun)
    show(form, found, lambda: [f"run {found['id']} repeats run {run}: {found['status']}"])
    if not at_rest(found):
        note(f"watch it: orchestrate pipeline status {found['id']} --watch")
        return Exit.DONE
    return code_of(found)


def _ask(road: Road, run: int, verb: str, body: Json) -> Json:
    begun = time.time()
    return drive(road, road.post(f"/api/pipeline-runs/{run}/{verb}", body), begun)
