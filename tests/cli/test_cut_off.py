"""An answer that was cut off is no answer, even where the library takes it for one."""

from __future__ import annotations

import socket
import threading

import pytest

from orchestrate.cli.client import Address, Client
from orchestrate.cli.failure import Unreachable


@pytest.mark.parametrize("body", [b"", b"he"])
def test_a_body_that_breaks_off_is_not_taken(body: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + body)

        thread = threading.Thread(target=answer)
        thread.start()
        client = Client(Address(url=f"http://127.0.0.1:{server.getsockname()[1]}"))
        with pytest.raises(Unreachable):
            client.get("/")
        thread.join()
        client.close()
