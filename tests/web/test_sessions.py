"""How a browser comes in: a link that opens once, a token for a day, a ticket for one socket."""

from __future__ import annotations

import pytest

from orchestrate.web.codes import Codes
from orchestrate.web.peer import Peer
from tests.web.conftest import House


def begin(house: House) -> str:
    code = house.client.post("/api/links").data["code"]
    token: str = house.tcp().post("/api/sessions", {"code": code}).data["token"]
    return token


def test_a_link_leads_to_the_page_and_hides_its_code_in_the_fragment(house: House) -> None:
    link = house.client.post("/api/links").data
    assert link["url"] == f"http://127.0.0.1:{house.port}/#code={link['code']}"


def test_a_link_opens_once(house: House) -> None:
    code = house.client.post("/api/links").data["code"]
    made = house.tcp().post("/api/sessions", {"code": code})
    assert (made.status, made.data["name"], made.data["user"]) == (201, "browser", None)
    assert house.tcp(made.data["token"]).get("/api/whoami").data["owner"] is True
    again = house.tcp().post("/api/sessions", {"code": code})
    assert (again.status, again.data["detail"], again.data["hint"]) == (
        401,
        "this link was used before, or is older than five minutes",
        "make another one: orchestrate open",
    )


def test_a_session_ends_when_its_browser_says_so(house: House) -> None:
    client = house.tcp(begin(house))
    assert client.delete("/api/sessions/current").data == {"ended": True}
    assert client.get("/api/whoami").status == 401
    assert house.client.delete("/api/sessions/current").data == {"ended": False}


def test_an_agent_gets_no_link(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise it could approve what it asked for."""
    agent = Peer(uid=house.app.site.uid, pid=1, agent=True)
    monkeypatch.setattr("orchestrate.web.protocol.peer_of", lambda _: agent)
    assert house.client.post("/api/links").status == 403


def test_a_person_who_is_not_the_owner_gets_no_link(house: House) -> None:
    assert house.person("ann").post("/api/links").status == 403


def test_codes_grow_old_and_few() -> None:
    now = [0.0]
    codes: Codes[int] = Codes(life_s=5.0, codes_max=2, clock=lambda: now[0])
    first, second, third = (codes.make(each) for each in (1, 2, 3))
    assert [codes.take(each) for each in (first, second)] == [None, 2]
    now[0] = 5.0
    assert codes.take(third) is None
    assert codes.take("unknown") is None
