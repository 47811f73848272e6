"""What `doctor` says of channels and forges; with `--channels` it sends each a test.

Without it nobody is disturbed: it says what is set, and what could not be told lately.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

from orchestrate.cli.channels import said
from orchestrate.cli.settings import Settings
from orchestrate.engine.notify.channels import Channel, Forge
from orchestrate.engine.notify.forges import ForgeRoad
from orchestrate.engine.notify.lane import Road
from orchestrate.engine.notify.letter import Letter, trial
from orchestrate.engine.notify.post import say_on_stderr
from orchestrate.engine.notify.reach import Undelivered
from orchestrate.engine.notify.roads import ChannelRoad, not_set
from orchestrate.engine.notify.written import directory
from orchestrate.store.snapshot import Record

DEADLINE_S = 20.0
KEY_BYTES = 16
DEAD = "SELECT channel, count(*) FROM notifications WHERE status = 'dead' GROUP BY channel"
Found = tuple[str, str, str, str]
"""What it is about, ok or note or warning or wrong, a sentence, what to do."""


def channels(settings: Settings, *, send: bool) -> Iterator[Found]:
    """A finding for each channel and each forge, and for all that cannot be meant."""
    found, faults = directory(settings.written, settings.environ)
    for fault in faults:
        yield "channels", "wrong", f"{settings.file}: {said(fault)}", "see docs/notifications.md"
    if not found and not faults:
        help_ = "write [channels.NAME] in orchestrate.toml; see docs/notifications.md"
        yield "channels", "note", "none: people are told of nothing, they have to look", help_
    dead = _dead(settings)
    for channel in found.channels.values():
        about = f"channel {channel.name}"
        yield (about, *(_tried(settings, channel) if send else _set(settings, channel)))
        yield from _given_up(about, dead.get(channel.name, 0))
    for forge in found.forges:
        yield (forge.name, *_forge(forge, send=send))
        yield from _given_up(forge.name, dead.get(forge.name, 0))


def _set(settings: Settings, channel: Channel) -> tuple[str, str, str]:
    text = f"{channel.kind}; told of {', '.join(channel.events)}"
    if channel.missing:
        help_ = "set it where the server runs; nothing reaches this channel without it"
        return "warning", not_set(channel.missing), help_
    written = str(settings.written["channels"][channel.name].get("url", ""))
    if _password(written):
        help_ = "write ${NAME} in its place, and set NAME in the environment of the server"
        return "warning", f"{text}; its url holds a password that anybody can read", help_
    return "ok", text, "doctor --channels sends a test"


def _password(written: str) -> bool:
    try:
        password = urlsplit(written).password
    except ValueError:
        return False
    return bool(password) and "${" not in str(password)


def _tried(settings: Settings, channel: Channel) -> tuple[str, str, str]:
    road = ChannelRoad(
        channel,
        _nothing,
        clock=time.time,
        environ=settings.environ,
        say=say_on_stderr,
        deadline_s=DEADLINE_S,
    )
    try:
        road.send(trial(channel.name, os.urandom(KEY_BYTES).hex()))
    except Undelivered as fault:
        return _unreachable(road, fault)
    finally:
        road.rest()
    return "ok", f"{channel.kind}; took the test", ""


def _forge(forge: Forge, *, send: bool) -> tuple[str, str, str]:
    if forge.missing and not send:
        help_ = "set it where the server runs; nothing is shown there without it"
        return "warning", not_set(forge.missing), help_
    if not send:
        return "ok", forge.url, "doctor --channels asks it whether it takes the token"
    road = ForgeRoad(forge, lambda _: None, clock=time.time, url=None, deadline_s=DEADLINE_S)
    try:
        road.check()
    except Undelivered as fault:
        return _unreachable(road, fault)
    return "ok", f"{forge.url} answers, and takes the token", ""


def _unreachable(road: Road, fault: Undelivered) -> tuple[str, str, str]:
    return "wrong", f"not reached: {road.hide(str(fault))}", "see docs/notifications.md"


def _given_up(about: str, number: int) -> Iterator[Found]:
    if number:
        text = f"{number} could not be told, and {'is' if number == 1 else 'are'} given up"
        yield about, "warning", text, "orchestrate notification list --status dead"


def _dead(settings: Settings) -> dict[str, int]:
    """By channel; none where there is no database, or none that can be read: `doctor` says so."""
    path = settings.data / "orchestrate.db"
    if not path.exists():
        return {}
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            return dict(database.execute(DEAD).fetchall())
    except sqlite3.Error:
        return {}


def _nothing(_: Record) -> Letter:
    raise AssertionError("a test is written by hand")
