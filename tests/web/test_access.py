"""Who may ask what: every call of the table with every kind of caller, and where it came from."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestrate.web import access
from orchestrate.web.access import EVERY_SCOPE, Scope
from orchestrate.web.call import Call
from orchestrate.web.peer import Peer, descends_from_agent, user_name
from orchestrate.web.problem import Problem
from orchestrate.web.routes import CALLS
from tests.web.client import Client
from tests.web.conftest import House

IN_PATH = {
    "name": "nobody",
    "source": "nobody",
    "stage": "nothing",
    "id": "999999",
    "revision": "9",
}
OPEN = {"healthz", "readyz", "begin_session"}
OF_ANYBODY_KNOWN = {"whoami", "get_schema", "validate", "get_openapi", "end_session"}
OF_PEOPLE = {"approve", "reject", "delegate", "create_token", "revoke_token", "create_link"}
OF_THE_OWNER = {"create_token", "revoke_token", "create_link"}
SIGNED = {"receive_github", "receive_gitlab", "receive_webhook"}
SCOPES = {
    Scope.READ: {
        "list_pipelines", "get_pipeline", "list_revisions", "get_revision",
        "list_runs_of_pipeline", "list_runs", "get_run", "list_events", "list_attempts",
        "why_run", "get_log", "list_approvals", "get_approval", "list_agents",
        "list_trigger_events", "get_trigger_event",
        "create_ticket", "list_variables", "plan_rollback", "list_notifications",
        "list_templates",
    },
    Scope.WRITE: {
        "create_pipeline", "update_pipeline", "delete_pipeline", "enable_pipeline",
        "disable_pipeline",
    },
    Scope.RUN: {
        "run_pipeline", "cancel_run", "roll_back_run", "rerun", "emit_event", "replay_event",
        "resend_notification",
    },
    Scope.APPROVE: {"approve", "reject", "delegate"},
    Scope.ADMIN: {"list_audit", "list_tokens", "create_token", "revoke_token", "create_link"},
}  # fmt: skip


def address(call: Call) -> str:
    return re.sub(r"{(\w+)}", lambda found: IN_PATH[found[1]], call.path)


def test_every_call_says_who_may_make_it() -> None:
    """A call that nobody decided about fails here, and is refused to everybody."""
    named = {call.name for call in CALLS}
    assert len(named) == len(CALLS)
    assert {call.name for call in CALLS if call.open_to_all} == OPEN
    assert {call.name for call in CALLS if call.scope is None} == OPEN | OF_ANYBODY_KNOWN | SIGNED
    assert {call.name for call in CALLS if call.signed} == SIGNED
    assert {call.name for call in CALLS if call.people_only} == OF_PEOPLE
    assert {call.name for call in CALLS if call.owner_only} == OF_THE_OWNER
    for scope, names in SCOPES.items():
        assert {call.name for call in CALLS if call.scope is scope} == names


LASTING = [call for call in CALLS if call.name != "end_session"]
"""Every call that leaves its caller's token as it is."""


@pytest.mark.parametrize("call", LASTING, ids=lambda call: call.name)
def test_every_kind_of_caller_is_asked(house: House, call: Call, people: People) -> None:
    """Bodies are left out: whoever may not ask is told so before anything is read."""
    for scopes, client in people.tokens.items():
        status = client.ask(call.method, address(call)).status
        if call.signed:
            assert status == (404 if "{" in call.path else 401)
        elif call.open_to_all:
            assert status == (400 if call.body_required else 200)
        elif scopes is None:
            assert status == 401
        elif call.owner_only or (call.scope is not None and call.scope not in scopes):
            assert status == 403
        else:
            assert status not in (401, 403)
    if not call.owner_only:
        return
    assert people.owner.ask(call.method, address(call)).status not in (401, 403)


class People:
    """A client of each kind over TCP: nobody, a person with each scope, one with every scope."""

    def __init__(self, house: House) -> None:
        kinds = [frozenset({scope}) for scope in Scope] + [EVERY_SCOPE]
        self.owner = house.tcp(house.token())
        self.tokens: dict[frozenset[Scope] | None, Client] = {None: house.tcp()}
        for kind in kinds:
            self.tokens[kind] = house.person("zoe", scopes=sorted(kind))


@pytest.fixture(scope="module")
def people(house: House) -> People:
    return People(house)


# ── tokens ───────────────────────────────────────────────────────────────────────────────────────


def test_a_token_is_shown_once_and_kept_as_a_hash(house: House) -> None:
    made = house.client.post("/api/tokens", {"name": "ci", "scopes": ["run", "read"]}).data
    assert re.fullmatch(r"orc_[A-Za-z0-9_-]{43}", made["token"])
    assert (made["name"], made["user"], made["scopes"]) == ("ci", None, ["read", "run"])
    assert made["expires_at"] is None
    listed = house.client.get("/api/tokens?limit=1").data["items"][0]
    assert listed == {name: each for name, each in made.items() if name != "token"}
    for path in house.data.glob("orchestrate.db*"):
        assert made["token"].encode() not in path.read_bytes()


def test_the_last_use_of_a_token_is_noted(house: House) -> None:
    client = house.tcp(house.token())
    assert client.get("/api/whoami").status == client.get("/readyz").status == 200
    assert house.client.get("/api/tokens?limit=1").data["items"][0]["last_used_at"] is not None


def test_a_token_of_the_owner_is_the_owner(house: House) -> None:
    me = house.client.get("/api/whoami").data
    token = house.tcp(house.token()).get("/api/whoami").data
    assert (token["name"], token["owner"]) == (me["name"], True)
    assert re.fullmatch(r"token \d+", token["via"])
    assert token["scopes"] == me["scopes"] == ["read", "write", "run", "approve", "admin"]


def test_a_token_of_somebody_else_is_that_person(house: House) -> None:
    ann = house.person("ann").get("/api/whoami").data
    assert (ann["name"], ann["owner"], ann["kind"]) == ("ann", False, "person")
    refused = house.person("ann").post("/api/tokens", {})
    assert refused.status == 403
    assert "only the owner" in refused.data["detail"]


def test_a_revoked_token_opens_nothing(house: House) -> None:
    made = house.client.post("/api/tokens", {}).data
    client = house.tcp(made["token"])
    assert client.get("/api/whoami").status == 200
    path = f"/api/tokens/{made['id']}"
    revoked = house.client.delete(path)
    assert revoked.data["revoked_at"] is not None
    assert house.client.delete(path).data == revoked.data
    refused = client.get("/api/whoami")
    assert (refused.status, refused.data["detail"]) == (401, "this token was revoked")
    assert (
        refused.headers["WWW-Authenticate"] == 'Bearer realm="orchestrate", error="invalid_token"'
    )
    assert house.client.delete("/api/tokens/999999").status == 404


def test_a_token_expires(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    client = house.tcp(house.token(ttl_s=60))
    assert client.get("/api/whoami").status == 200
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    refused = client.get("/api/whoami")
    assert (refused.status, refused.data["detail"]) == (401, "this token has expired")


@pytest.mark.parametrize(
    "header",
    [
        "", "Bearer", "Bearer ", "Basic b3JjXzpy", "Bearer orc_short", "Bearer orc_" + "é" * 43,
        "Bearer orc_" + "A" * 43, "orc_" + "A" * 43, "Bearer  orc_" + "A" * 43,
        "Bearer orc_" + "A" * 43 + ", Bearer orc_" + "B" * 43,
    ],
)  # fmt: skip
def test_what_is_no_token_of_ours_is_refused(house: House, header: str) -> None:
    headers = {"Authorization": header.encode("utf-8").decode("latin-1")}
    refused = house.tcp().get("/api/whoami", headers=headers)
    assert refused.status == 401
    assert refused.headers["WWW-Authenticate"].startswith('Bearer realm="orchestrate"')


def test_a_token_is_not_asked_for_at_the_socket(house: House) -> None:
    """Nor believed: who is there is what the kernel says."""
    reply = house.client.get("/api/whoami", headers={"Authorization": "Bearer nonsense"})
    assert (reply.status, reply.data["owner"]) == (200, True)


# ── where a request came from ────────────────────────────────────────────────────────────────────


def test_the_host_is_ours_or_the_request_is_misdirected(house: House) -> None:
    token = house.tcp(house.token())
    port = house.port
    for host in ("127.0.0.1", "localhost", "[::1]", "LOCALHOST"):
        for name in (host, f"{host}:{port}"):
            assert token.get("/api/whoami", headers={"Host": name}).status == 200, name
    for name in (
        "evil.example", f"evil.example:{port}", f"127.0.0.1:{port + 1}", "127.0.0.1.evil.example",
        f"localhost.:{port}", "", f"127.0.0.1:{port}, evil.example", f"user@127.0.0.1:{port}",
    ):  # fmt: skip
        for path in ("/api/whoami", "/healthz", "/nothing"):
            assert token.get(path, headers={"Host": name}).status == 421, name


def test_a_page_of_another_origin_may_not_ask(house: House) -> None:
    token = house.tcp(house.token())
    for origin in (f"http://127.0.0.1:{house.port}", f"http://localhost:{house.port}"):
        assert token.get("/api/whoami", headers={"Origin": origin}).status == 200
    for origin in (
        "http://evil.example", "null", f"https://127.0.0.1:{house.port}", "",
        f"http://127.0.0.1:{house.port + 1}", f"http://127.0.0.1:{house.port}.evil.example",
    ):  # fmt: skip
        refused = token.get("/api/whoami", headers={"Origin": origin})
        assert refused.status == 403, origin
    assert house.client.get("/api/whoami", headers={"Origin": "http://localhost"}).status == 403


def test_no_answer_invites_other_origins(house: House) -> None:
    preflight = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    for reply in (
        house.tcp().ask("OPTIONS", "/api/pipelines", headers=preflight),
        house.tcp().get("/healthz"),
    ):
        names = {name.lower() for name in reply.headers}
        assert not any(each.startswith("access-control") for each in names)
        assert "set-cookie" not in names
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert house.client.ask("OPTIONS", "/api/pipelines").status == 405


# ── who is at the socket ─────────────────────────────────────────────────────────────────────────


def test_the_owner_is_the_user_of_the_machine(house: House) -> None:
    me = house.client.get("/api/whoami").data
    assert me["name"] == user_name(os.getuid())
    assert (me["owner"], me["kind"], me["via"]) == (True, "person", f"socket uid {os.getuid()}")


def test_another_user_of_the_machine_is_refused() -> None:
    peer = Peer(uid=4321, pid=os.getpid(), agent=False)
    with pytest.raises(Problem) as caught:
        access.by_peer(peer, owner="ann", uid=1000)
    assert caught.value.kind.status == 403


ASK = """
import sys
sys.path[:0] = {path!r}
from pathlib import Path
from tests.web.client import Client
client = Client(Path({socket!r}))
whoami = client.get("/api/whoami").data
approve = client.post("/api/approvals/999999/approve")
token = client.post("/api/tokens", {{}})
run = client.get("/api/pipelines")
print(whoami["kind"], approve.status, token.status, run.status)
"""


def script(house: House) -> str:
    root = Path(__file__).parent.parent.parent
    return ASK.format(path=[str(root / "src"), str(root)], socket=str(house.socket))


def test_a_terminal_is_a_person(house: House) -> None:
    asked = [sys.executable, "-c", script(house)]
    said = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["person", "404", "201", "200"]


def test_an_environment_tells_an_agent(house: House) -> None:
    asked = ["sh", "-c", 'env -i "$0" -c "$1" || true', sys.executable, script(house)]
    env = {**os.environ, "ORCHESTRATE_ATTEMPT_KEY": "1.a.1"}
    said = subprocess.run(asked, capture_output=True, text=True, check=True, env=env)
    assert said.stdout.split() == ["agent", "403", "403", "200"]


@pytest.mark.parametrize(
    "how",
    [
        "{python} {file}",
        "env -i {python} {file}",
        "(env -i setsid {python} {file} > {out} & ) ; while ! test -s {out}; do :; done; cat {out}",
        (
            "( (ulimit -S -x unlimited; exec env -i setsid {python} {file} > {out} ) & ) ;"
            " while ! test -s {out}; do :; done; cat {out}"
        ),
    ],
    ids=["child", "without its environment", "forked twice", "with every mark taken off"],
)
def test_an_attempt_and_all_it_starts_is_an_agent(house: House, tmp_path: Path, how: str) -> None:
    """Also after a double fork, with an empty environment, in a session of its own."""
    file, out = tmp_path / "ask.py", tmp_path / "out"
    file.write_text(script(house))
    words = how.format(python=sys.executable, file=file, out=out)
    run_id = house.run(house.create(f"- name: a\n  run: |\n    {words}"))
    run = house.until(run_id)
    log = house.client.get(f"/api/pipeline-runs/{run_id}/stages/a/logs").text
    assert log.split() == ["agent", "403", "403", "200"], run["reason"]


def test_a_peer_that_is_gone_counts_as_an_agent() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert descends_from_agent(gone.pid)
    assert descends_from_agent(0)
    assert not descends_from_agent(os.getpid())
