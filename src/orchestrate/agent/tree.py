"""What /proc says about processes: who descends from whom. It never signals anybody."""

import os

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_READ_BYTES = 64 << 10


class Status:
    """The few fields of /proc/PID/stat that tell processes apart."""

    __slots__ = ("dead", "parent", "session", "started_s")

    def __init__(self, fields: list[bytes]) -> None:
        self.dead = fields[0] in (b"Z", b"X")
        self.parent = int(fields[1])
        self.session = int(fields[3])
        self.started_s = int(fields[19]) / TICKS_PER_S


def read(path: str) -> bytes:
    """A whole /proc file, or nothing when the process is gone or not ours to look at."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        parts = []
        while part := os.read(descriptor, _READ_BYTES):
            parts.append(part)
        return b"".join(parts)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def status(pid: int) -> Status | None:
    """None when the process is gone."""
    text = read(f"/proc/{pid}/stat")
    return Status(text.rpartition(b")")[2].split()) if text else None


def lock_limit(pid: int) -> int | None:
    """The soft RLIMIT_LOCKS of a process: the mark a runner puts on what it spawns."""
    _, found, rest = read(f"/proc/{pid}/limits").partition(b"Max file locks")
    soft = rest.split(maxsplit=1)[0] if found else b""
    return int(soft) if soft.isdigit() else None


def context_of(pid: int) -> bytes:
    """The value of ORCHESTRATE_CONTEXT in the environment a process was started with."""
    _, found, rest = (b"\0" + read(f"/proc/{pid}/environ")).partition(b"\0ORCHESTRATE_CONTEXT=")
    return rest.partition(b"\0")[0] if found else b""


def processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _children_by_scan(parent: int) -> list[int]:
    """For kernels without CONFIG_PROC_CHILDREN."""
    return [
        pid for pid in processes() if (found := status(pid)) is not None and found.parent == parent
    ]


def _children_by_list(pid: int) -> list[int]:
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
    text = b"".join(read(f"/proc/{pid}/task/{thread}/children") for thread in threads)
    return [int(child) for child in text.split()]


_LISTED = os.path.exists(f"/proc/self/task/{os.getpid()}/children")
children = _children_by_list if _LISTED else _children_by_scan


def descendants(roots: list[int]) -> list[int]:
    """The roots and all that lives below them, parents before children, the dead left out."""
    found: list[int] = []
    seen = set(roots)
    pending = list(roots)
    while pending:
        pid = pending.pop()
        state = status(pid)
        if state is None:
            continue
        if not state.dead:
            found.append(pid)
        below = [child for child in children(pid) if child not in seen]
        seen.update(below)
        pending += below
    return found


class OwnChildren:
    """The direct children of this process; cheap enough to be asked after each exit."""

    __slots__ = ("_descriptor",)

    def __init__(self) -> None:
        path = f"/proc/self/task/{os.getpid()}/children"
        self._descriptor = os.open(path, os.O_RDONLY) if _LISTED else None

    def text(self) -> bytes:
        """Each child's number followed by a space.

        The list is exact although the kernel promises less in general: only we reap our children,
        and we do not while we read.
        """
        if self._descriptor is None:
            return b"".join(b"%d " % pid for pid in _children_by_scan(os.getpid()))
        parts = b""
        while part := os.pread(self._descriptor, _READ_BYTES, len(parts)):
            parts += part
        return parts
