"""Reading an attempt's log while it grows or after; it never changes it."""

import json
import os

from orchestrate.agent.log import record

READ_BYTES_MAX = 1 << 20
TAIL_BYTES_MAX = 1 << 20
_RACES_MAX = 100
"""How often a segment may vanish between being listed and being opened."""


def _segments(directory: str) -> list[tuple[int, str]]:
    """The kept files: the place of the first byte of each, and its path."""
    try:
        names = os.listdir(directory)
    except FileNotFoundError:
        return []
    found = [name for name in names if name.startswith("log.") and name[4:].isdigit()]
    return sorted((int(name[4:]), os.path.join(directory, name)) for name in found)


def _whole_lines(path: str, skip: int, bytes_max: int) -> bytes:
    with open(path, "rb") as file:
        if skip > os.fstat(file.fileno()).st_size:
            return b""  # and no system can seek to every number that somebody may ask for
        file.seek(skip)
        data = file.read(bytes_max)
        end = data.rfind(b"\n") + 1
        if not end and len(data) == bytes_max:
            data += file.readline()
            end = data.rfind(b"\n") + 1
    return data[:end]


def _gap(first_kept: bytes, missing: int) -> str:
    """The record that stands where others were dropped."""
    at = json.loads(first_kept.partition(b"\n")[0])["t"]
    said = f"[{missing} bytes of log were dropped here: it was too long]\n"
    return record(said, at, b',"dropped":%d' % missing).decode()


def read_log(
    directory: str | os.PathLike[str], offset: int, bytes_max: int = READ_BYTES_MAX
) -> tuple[str, int]:
    """Records from a place on, and the place to go on from; nothing when there is no more yet.

    The text is whole NDJSON records. Where some were dropped, a record with `dropped` says so.
    """
    for _ in range(_RACES_MAX):
        try:
            return _read_log(os.fspath(directory), offset, bytes_max)
        except FileNotFoundError:
            continue
    raise OSError(f"the log in {directory} is rewritten faster than it can be read")


def _read_log(directory: str, offset: int, bytes_max: int) -> tuple[str, int]:
    segments = _segments(directory)
    for index, (start, path) in enumerate(segments):
        following = segments[index + 1][0] if index + 1 < len(segments) else None
        if following is not None and offset >= following:
            continue
        if offset < start:
            data = _whole_lines(path, 0, bytes_max)
            if not data:
                return "", offset
            return _gap(data, start - offset) + data.decode(), start + len(data)
        data = _whole_lines(path, offset - start, bytes_max)
        if data or following is None:
            return data.decode(), offset + len(data)
    return "", offset


def tail(directory: str | os.PathLike[str], lines: int) -> str:
    """The last lines of the output itself, as text; at most 1 MiB of it."""
    whole = os.fspath(directory)
    texts: list[str] = []
    left = TAIL_BYTES_MAX
    found = 0
    for _, path in reversed(_segments(whole)):
        try:
            with open(path, "rb") as file:
                size = file.seek(0, os.SEEK_END)
                skip = max(0, size - left)
                file.seek(skip)
                if skip:
                    file.readline()
                data = file.read(left)
        except FileNotFoundError:
            break
        left -= len(data)
        records = data[: data.rfind(b"\n") + 1].splitlines()
        text = "".join(json.loads(line)["text"] for line in records)
        texts.insert(0, text)
        found += text.count("\n")
        if found > lines or left <= 0:
            break
    text = "".join(texts)
    ended = "\n" if text.endswith("\n") else ""
    kept = text.removesuffix("\n").split("\n")[-lines:] if lines > 0 and text else []
    return "\n".join(kept) + (ended if kept else "")
