"""Ending what a runner that was killed has left behind; it must never touch a stranger."""

import os
import signal
import sys
import time
from collections.abc import Mapping

from orchestrate.agent import tree
from orchestrate.agent.attempt import record_without_process
from orchestrate.agent.journal import NAME, Past, boot_id
from orchestrate.agent.orphans import instance_of
from orchestrate.agent.wire import encode

PASSES_MAX = 300
PASS_S = 0.01
_START_SLACK_S = 0.1


def signal_all(pids: list[int], number: signal.Signals) -> list[int]:
    """Those that got the signal."""
    reached = []
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
        except PermissionError as error:
            complain(f"process {pid} cannot be signalled: {error.strerror}")
            continue
        reached.append(pid)
    return reached


def complain(text: str) -> None:
    """To runner.log: there is nobody else to tell."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _belongs(
    pid: int, instances: set[int], context_begins: bytes, leaders: Mapping[int, float]
) -> bool:
    mark = tree.lock_limit(pid)
    if mark is not None and instance_of(mark) in instances:
        return True
    if tree.context_of(pid).startswith(context_begins):
        return True
    started = leaders.get(pid)
    status = tree.status(pid) if started is not None else None
    if status is None or started is None:
        return False
    return status.session == pid and abs(status.started_s - started) < _START_SLACK_S


def sweep(
    instances: set[int], context_begins: str, leaders: Mapping[int, float] | None = None
) -> int:
    """Kill, and see gone, every process with a mark of a dead runner; how many there were.

    `context_begins` is the beginning of the path of their context, `leaders` maps the processes
    that were started to the moment when, in seconds since the machine was booted.
    """
    prefix = os.fsencode(context_begins)
    killed: set[int] = set()
    found: list[int] = []
    for _ in range(PASSES_MAX):
        found = [
            pid
            for pid in tree.processes()
            if pid != os.getpid() and _belongs(pid, instances, prefix, leaders or {})
        ]
        found = tree.descendants(found)
        if not found:
            return len(killed)
        killed.update(signal_all(found, signal.SIGKILL))
        time.sleep(PASS_S)
    complain(f"after {PASSES_MAX} passes of the sweep these still live: {found}")
    return len(killed)


def recover(data: str) -> Past:
    """End what an earlier runner left, and know what it did not tell."""
    past = Past.read(f"{data}/{NAME}")
    if past.torn:
        complain(f"{NAME}: lines passed over because they are malformed: {past.torn}")
    leaders: dict[int, float] = {}
    if boot_id() in past.boots:
        for entry in past.started.values():
            leaders[int(str(entry["pid"]))] = float(str(entry["boot_s"]))
    if leaders or past.torn or boot_id() in past.boots:
        sweep(past.instances, f"{data}/attempts/", leaders)
    detail = "the process that guarded it was killed, or the machine stopped; it was ended too"
    for key in past.started:
        past.exits[key] = encode(record_without_process(key, "lost", detail))
    past.started.clear()
    return past
