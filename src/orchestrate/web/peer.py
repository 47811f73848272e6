"""The process at the other end of a Unix socket: whose it is, and whether an agent started it.

It reads what the kernel says at the moment of the connection, and believes no word of the client.
"""

from __future__ import annotations

import os
import pwd
import socket
import struct
from dataclasses import dataclass

from orchestrate.agent import tree
from orchestrate.agent.orphans import instance_of
from orchestrate.agent.process import is_runner

ANCESTORS_MAX = 1_000
MARKS = (b"ORCHESTRATE_ATTEMPT_KEY=", b"ORCHESTRATE_CONTEXT=")
_CREDENTIALS = struct.Struct("3i")


@dataclass(frozen=True, slots=True)
class Peer:
    """`agent`: it descends from an attempt of a pipeline, or nobody can tell that it does not."""

    uid: int
    pid: int
    agent: bool


def peer_of(connection: socket.socket) -> Peer:
    """Who connected, as the kernel noted it then."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, _ = _CREDENTIALS.unpack(raw)
    return Peer(uid=uid, pid=pid, agent=descends_from_agent(pid))


def descends_from_agent(pid: int) -> bool:
    """Whether a process or one of its ancestors bears the mark of an attempt, or is a runner.

    Every mark can be taken off by who bears it: the environment emptied, the limit raised. But
    what loses its parent is handed to the runner, and stays below it as long as that lives. A
    process that is gone, or in a room we cannot see into, counts as an agent, and so does one
    whose ancestor ends while we look: what only people may do is refused to it.
    """
    if pid <= 0:
        return True
    for _ in range(ANCESTORS_MAX):
        if _marked(pid) or is_runner(pid):
            return True
        status = tree.status(pid)
        if status is None:
            return True
        if status.parent <= 1:
            return False
        pid = status.parent
    return True


def _marked(pid: int) -> bool:
    mark = tree.lock_limit(pid)
    if mark is not None and instance_of(mark) > 0:
        return True
    environment = b"\0" + tree.read(f"/proc/{pid}/environ")
    return any(b"\0" + mark in environment for mark in MARKS)


def user_name(uid: int) -> str:
    """The name of a user of this machine; its number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def own_uid() -> int:
    return os.getuid()
