"""The line between server and runner: one JSON object a line. It never blocks and never waits."""

import json
import socket

PROTOCOL = 1
LOCKED = 3
"""The exit code of a runner that found another one in its place."""
LAUNCH_BYTES_MAX = 32 << 20
"""The longest launch that is sent; a longer one becomes a start failure that says so."""
READ_BYTES = 64 << 10
"""Under the size from which malloc asks the kernel for each block."""

encode_text = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
decode = json.JSONDecoder().decode


def encode(message: dict[str, object]) -> bytes:
    """ASCII only, so that a lone surrogate in an environment value survives the way."""
    return encode_text(message).encode("ascii") + b"\n"


class Channel:
    """One end of the connection, with what is not yet sent and what is not yet whole."""

    __slots__ = ("_partial", "_socket", "ended", "unsent")

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(0)
        self._socket = connection
        self._partial = bytearray()
        self.unsent = bytearray()
        self.ended = False

    def fileno(self) -> int:
        return self._socket.fileno()

    def queue(self, message: bytes) -> None:
        self.unsent += message

    def flush(self) -> None:
        """Send what the kernel takes at once."""
        while self.unsent and not self.ended:
            try:
                sent = self._socket.send(self.unsent)
            except BlockingIOError:
                return
            except OSError:
                self.ended = True
                return
            del self.unsent[:sent]

    def lines(self) -> list[str]:
        """Some whole messages that have arrived; `ended` tells whether there can be more.

        One read's worth and not all, so that who talks much does not keep others waiting.
        """
        found: list[str] = []
        while not self.ended and not found:
            try:
                data = self._socket.recv(READ_BYTES)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            if not data:
                self.ended = True
                break
            head, newline, rest = data.rpartition(b"\n")
            if newline:
                self._partial += head
                found += self._partial.decode("ascii", "replace").split("\n")
                self._partial = bytearray(rest)
            else:
                self._partial += rest
            if len(self._partial) > LAUNCH_BYTES_MAX:
                self.ended = True  # nobody of ours says anything as long
            if len(data) < READ_BYTES:
                break
        return found

    def close(self) -> None:
        self.ended = True
        self._socket.close()
