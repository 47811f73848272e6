"""The demo's smoke test: serves what is deployed to staging, and asks for the page as a user."""

import functools
import http.server
import sys
import threading
import urllib.request
from pathlib import Path


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A file server that does not write down every request."""

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def main() -> int:
    """0 if the page that is live on staging shows a total."""
    site = Path("deployed/staging/current").resolve()
    files = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), files) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/index.html"
        with urllib.request.urlopen(address, timeout=10) as answer:
            text = answer.read().decode()
        server.shutdown()
    if "Total: 42.00" in text:
        print(f"{site.name}: the page answers and shows the right total")
        return 0
    print(f"{site.name}: the page shows no total:\n{text}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
