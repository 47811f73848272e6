"""An attempt's log on disk: whole lines, masked, bounded. It must never stop the attempt.

Records are `{"t": epoch seconds, "text": "..."}`, one a line, in files named after the place
of their first byte in the log as a whole: a first file that is kept, then short ones of which
only the last are kept. A place in the log is therefore stable, also when its record is gone.
"""

import errno
import os
from json.encoder import encode_basestring

from orchestrate.agent.mask import Mask

LINE_BYTES_MAX = 64 << 10
HEAD_BYTES_MAX = 32 << 20
SEGMENT_BYTES_MAX = 2 << 20
SEGMENTS_MAX = 16
NAME = "log.%015d"


def record(text: str, at: float, extra: bytes = b"") -> bytes:
    line = b'{"t":%.3f,"text":%s%s}\n'
    return line % (at, encode_basestring(text).encode("utf-8", "replace"), extra)


class Log:
    """The writing end. Files are made with the first output: most short attempts have none."""

    __slots__ = (
        "_descriptor",
        "_directory",
        "_mask",
        "_partial",
        "_segments",
        "_size",
        "bytes_lost",
        "dropped",
        "loss",
    )

    def __init__(self, directory: str, mask: Mask | None) -> None:
        self._directory = directory
        self._mask = mask
        self._partial = b""
        self._descriptor = -1
        self._segments: list[int] = []
        self._size = 0
        self.bytes_lost = 0
        self.dropped = False
        self.loss = ""
        """Why bytes were lost, in the words of the system."""

    @property
    def bytes_written(self) -> int:
        """All that was ever written, whether it is still kept or not."""
        return self._segments[-1] + self._size if self._segments else 0

    def feed(self, data: bytes, at: float) -> None:
        if self._mask is not None:
            data = self._mask.feed(data)
        self._take(data, at)

    def close(self, at: float) -> None:
        """Write what is left, with or without an end of line."""
        if self._mask is not None:
            self._take(self._mask.end(), at)
        if self._partial:
            self._append(self._partial, at)
            self._partial = b""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _take(self, data: bytes, at: float) -> None:
        end = data.rfind(b"\n") + 1
        if end:
            self._append(self._partial + data[:end], at)
            self._partial = data[end:]
        else:
            self._partial += data
        while len(self._partial) > LINE_BYTES_MAX:
            end = LINE_BYTES_MAX
            while end > LINE_BYTES_MAX - 3 and self._partial[end] & 0xC0 == 0x80:
                end -= 1
            self._append(self._partial[:end], at)
            self._partial = self._partial[end:]

    def _append(self, text: bytes, at: float) -> None:
        line = record(text.decode("utf-8", "replace"), at)
        if self.bytes_lost and self.loss:
            said = f"[{self.bytes_lost} bytes of output could not be stored: {self.loss}]\n"
            line = record(said, at, b',"dropped":%d' % self.bytes_lost) + line
        try:
            self._store(line)
        except OSError as error:
            self.bytes_lost += len(text)
            self.loss = error.strerror or "unknown error"
            self.dropped = True

    def _store(self, line: bytes) -> None:
        limit = HEAD_BYTES_MAX if len(self._segments) == 1 else SEGMENT_BYTES_MAX
        if self._descriptor < 0 or self._size + len(line) > limit:
            self._open_segment()
        written = os.write(self._descriptor, line)
        if written < len(line):
            try:
                written += os.write(self._descriptor, line[written:])
            finally:
                if written < len(line):
                    os.ftruncate(self._descriptor, self._size)
        if written < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._size += written

    def _open_segment(self) -> None:
        start = self.bytes_written
        path = f"{self._directory}/{NAME % start}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        descriptor = os.open(path, flags, 0o600)
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = descriptor
        self._segments.append(start)
        self._size = 0
        if len(self._segments) > 1 + SEGMENTS_MAX:
            os.unlink(f"{self._directory}/{NAME % self._segments.pop(1)}")
            self.dropped = True
