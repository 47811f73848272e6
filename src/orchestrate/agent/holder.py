"""Who holds a lock file: for the sentence that a person reads when nobody answers."""

import os
from contextlib import suppress

from orchestrate.agent import tree


def holders(path: str) -> list[int]:
    """The processes we may look into that hold a lock on the file, by what they have open.

    The list of locks of the kernel would name who took it, and that process may be gone.
    """
    try:
        wanted = os.stat(path)
    except OSError:
        return []
    found = []
    for pid in tree.processes():
        with suppress(OSError):  # it has ended, or belongs to somebody else
            if any(_locks(pid, name, wanted) for name in os.listdir(f"/proc/{pid}/fd")):
                found.append(pid)
    return found


def _locks(pid: int, descriptor: str, wanted: os.stat_result) -> bool:
    try:
        if not os.path.samestat(os.stat(f"/proc/{pid}/fd/{descriptor}"), wanted):
            return False
    except OSError:
        return False  # closed meanwhile, or of a kind that has no file
    return b"FLOCK" in tree.read(f"/proc/{pid}/fdinfo/{descriptor}")
