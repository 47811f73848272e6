"""Ending what a runner that was killed has left behind; it must never touch a stranger."""

import os
import signal
import sys
import time
from collections.abc import Mapping

from orchestrate.agent import tree
from orchestrate.agent.orphans import instance_of

PASSES_MAX = 300
PASS_S = 0.01
_START_SLACK_S = 0.1


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
    for _ in range(PASSES_MAX):
        found = [
            pid
            for pid in tree.processes()
            if pid != os.getpid() and _belongs(pid, instances, prefix, leaders or {})
        ]
        found = tree.descendants(found)
        if not found:
            return len(killed)
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            except PermissionError as error:
                print(f"sweep: process {pid} cannot be ended: {error.strerror}", file=sys.stderr)
        killed.update(found)
        time.sleep(PASS_S)
    print(f"sweep: still alive after {PASSES_MAX} passes: {found}", file=sys.stderr)
    return len(killed)
