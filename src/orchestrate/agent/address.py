"""Unix socket addresses for paths of any length; it never creates or removes a file."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

ADDRESS_BYTES_MAX = 107
"""`sun_path` holds 108 bytes, the last of them a NUL."""


@contextmanager
def socket_address(path: str | os.PathLike[str]) -> Iterator[str]:
    """An address to `bind` or `connect` to while the block lasts, however long the path is.

    A path that is too long is reached through a descriptor of its directory.
    """
    whole = os.path.abspath(os.fspath(path))
    if len(os.fsencode(whole)) <= ADDRESS_BYTES_MAX:
        yield whole
        return
    directory, name = os.path.split(whole)
    descriptor = os.open(directory, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{name}"
    finally:
        os.close(descriptor)
