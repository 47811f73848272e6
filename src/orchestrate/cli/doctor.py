"""`orchestrate doctor`: what this installation stands on, and what is wrong with it.

It looks, and changes nothing; it says honestly what nobody can prevent.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass

import click

from orchestrate import __version__
from orchestrate.cli import paint, reachable
from orchestrate.cli.client import Address, Client
from orchestrate.cli.failure import Exit, Failure, Unreachable
from orchestrate.cli.settings import Settings
from orchestrate.cli.verb import Verb, asked, formed, show
from orchestrate.cli.words import count

PROGRAM_WAIT_S = 10
_MARKS = {"ok": paint.GREEN, "note": paint.BLUE, "warning": paint.YELLOW, "wrong": paint.RED}


@dataclass(frozen=True, slots=True)
class Finding:
    """`verdict`: ok, note, warning, wrong. `help` is what to do about it."""

    about: str
    verdict: str
    text: str
    help: str = ""


@click.command("doctor", cls=Verb)
@click.option("--channels", is_flag=True, help="Send a test to every channel, ask every forge.")
@formed
def doctor(channels: bool, form: str) -> int:
    """Check version, data, database, runner, programs, channels; exit 1 if one is wrong."""
    settings = asked().settings()
    found = [each for look in _LOOKS for each in look(settings)]
    found += [Finding(*each) for each in reachable.channels(settings, send=channels)]
    wrong = sum(each.verdict == "wrong" for each in found)
    value = {"version": __version__, "ok": not wrong, "items": [asdict(each) for each in found]}

    def lines() -> list[str]:
        shown = []
        for each in found:
            mark = paint.paint(f"{each.verdict:<8}", _MARKS[each.verdict])
            shown.append(f"{mark} {each.about:<12} {each.text}")
            if each.help:
                shown.append(f"{'':<21} {paint.dim('→ ' + each.help)}")
        return [*shown, "", f"{count(wrong, 'thing')} wrong" if wrong else "all is well"]

    show(form, value, lines)
    return Exit.FAILED if wrong else Exit.DONE


def _version(_: Settings) -> Iterator[Finding]:
    python = ".".join(str(each) for each in sys.version_info[:3])
    text = f"{__version__} on Python {python}, SQLite {sqlite3.sqlite_version}"
    old = sys.version_info < (3, 11)
    yield Finding("orchestrate", "wrong" if old else "ok", text, "use Python 3.11" if old else "")


def _data(settings: Settings) -> Iterator[Finding]:
    data = settings.data
    yield Finding("project", "ok", f"{settings.project}; agents work here")
    read = "read" if settings.file.exists() else "not there; the defaults hold"
    yield Finding("settings", "ok", f"{settings.file} ({read})")
    if not data.exists():
        yield Finding("data", "note", f"{data} is made with the first command that needs it")
        return
    facts = data.stat()
    if facts.st_uid != os.geteuid():
        yield Finding("data", "wrong", f"{data} belongs to uid {facts.st_uid}", "use your own")
    elif stat.S_IMODE(facts.st_mode) & 0o077:
        mode = f"{stat.S_IMODE(facts.st_mode):o}"
        text = f"{data} can be entered by others (mode {mode})"
        yield Finding("data", "warning", text, f"chmod 700 {data}")
    elif not os.access(data, os.W_OK | os.X_OK):
        yield Finding("data", "wrong", f"{data} cannot be written", f"chmod u+rwx {data}")
    else:
        yield Finding("data", "ok", f"{data} (mode 700)")
    free = shutil.disk_usage(data).free >> 20
    enough = free >= 512
    text = f"{free} MiB are free"
    yield Finding("disk", "ok" if enough else "warning", text, "" if enough else "make room")


def _server(settings: Settings) -> Iterator[Finding]:
    if settings.server is not None:
        client = Client(Address(url=settings.server), settings.token)
    else:
        client = Client(Address(socket=settings.socket), settings.token)
    try:
        client.connect()
        who = client.get("/api/whoami")
        text = f"{client.address} answers; you are {who['name']} ({who['via']})"
        yield Finding("server", "ok", text)
    except Unreachable as fault:
        if settings.server is not None:
            yield Finding("server", "wrong", fault.what, fault.help)
        else:
            yield Finding("server", "note", "none runs; each command starts what it needs itself")
    except Failure as fault:
        yield Finding("server", "wrong", f"{client.address}: {fault.what}", fault.help)
    finally:
        client.close()


def _database(settings: Settings) -> Iterator[Finding]:
    path = settings.data / "orchestrate.db"
    if not path.exists():
        yield Finding("database", "note", f"{path} is made with the first command that needs it")
        return
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            said = [str(row[0]) for row in database.execute("PRAGMA quick_check(3)")]
            runs = database.execute("SELECT count(*) FROM pipeline_runs").fetchone()[0]
    except sqlite3.Error as fault:
        yield Finding("database", "wrong", f"{path} cannot be read: {fault}", "restore a copy")
        return
    if said == ["ok"]:
        size = path.stat().st_size >> 10
        yield Finding("database", "ok", f"whole; {count(runs, 'run')}, {size} KiB")
    else:
        text = f"{path} is damaged: {'; '.join(said)}"
        yield Finding("database", "wrong", text, "restore a copy, and check the disk")


def _runner(settings: Settings) -> Iterator[Finding]:
    from orchestrate.agent.process import Runner, RunnerGone

    try:
        if not settings.data.exists() or _held(settings):
            return  # the server that holds the directory speaks to its runner; two would quarrel
        runner = Runner.open(settings.data)
    except (RunnerGone, OSError) as fault:
        yield Finding("runner", "wrong", f"no agent can be started: {fault}", "")
        return
    yield Finding(
        "runner", "ok", f"process {runner.pid}; {count(len(runner.live), 'agent')} at work"
    )
    runner.close()


def _held(settings: Settings) -> bool:
    from orchestrate.engine.layout import Layout
    from orchestrate.engine.lock import DirectoryLock, Taken

    lock = DirectoryLock(Layout(data=settings.data, project=settings.project).lock)
    try:
        lock.take()
    except Taken:
        return True
    lock.release()
    return False


def _programs(_: Settings) -> Iterator[Finding]:
    for name, need in (("bash", "`run:` stages need it"), ("git", "worktrees need it")):
        path = shutil.which(name)
        if path is None:
            verdict = "wrong" if name == "bash" else "warning"
            yield Finding(name, verdict, f"not found; {need}", f"install {name}")
        else:
            yield Finding(name, "ok", f"{_first_line([path, '--version']) or path}")


def _people(_: Settings) -> Iterator[Finding]:
    text = (
        "whoever can run programs as this user can read and change the data, end agents, and "
        "answer approvals as the owner; agents are refused where they are recognised, and run "
        "as this user all the same"
    )
    help_ = "give agents a user or a container of their own where that matters"
    yield Finding("trust", "note", text, help_)


def _first_line(command: list[str]) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PROGRAM_WAIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.split("\n", 1)[0].strip()


_LOOKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    _version, _data, _server, _database, _runner, _programs, _people,
)  # fmt: skip
