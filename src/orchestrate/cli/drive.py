"""Where this process is the server: what a command set in motion is carried out before it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrate.cli.follow import at_rest, follow, waits_for_people
from orchestrate.cli.plainview import PlainView
from orchestrate.cli.road import Road
from orchestrate.cli.verb import asked, note

Json = Mapping[str, Any]


def drive(road: Road, run: Json, since: float) -> Json:
    """The run once it has ended or waits for people; as it is, where a server carries it out.

    What happens from `since` on is told on stderr: the command's own answer stands alone on stdout.
    """
    if not road.in_process:
        return run
    road.mine.add(run["id"])
    note(f"no server runs; run {run['id']} is carried out here")
    try:
        return follow(
            road, run["id"], PlainView(asked().err, note, past=False), _rests, since=since
        )
    except KeyboardInterrupt:
        note(f"\nrun {run['id']} is left as it is")
        note(f"  go on:  orchestrate pipeline status {run['id']} --watch")
        raise


def _rests(run: Json) -> bool:
    return at_rest(run) or waits_for_people(run)
