"""How a browser comes in: links for people, tickets for their sockets, and where the page is."""

from __future__ import annotations

from orchestrate.web.access import Who
from orchestrate.web.codes import Codes

LINK_S = 300.0
LINKS_MAX = 100
TICKET_S = 30.0
TICKETS_MAX = 2_000


class Gate:
    """One for an application. `url`: where its pages are, once a server listens for browsers."""

    def __init__(self) -> None:
        self.links: Codes[str] = Codes(LINK_S, LINKS_MAX)
        self.tickets: Codes[Who] = Codes(TICKET_S, TICKETS_MAX)
        self.url: str | None = None
