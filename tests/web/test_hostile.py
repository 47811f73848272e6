"""Whatever is sent, the answer is a 4xx that says what was wrong: never a 5xx, never a hang."""

from __future__ import annotations

import json
import random
import time
from typing import Any

import pytest

from orchestrate.web.body import BODY_BYTES_MAX, DEPTH_MAX, VALUES_MAX
from orchestrate.web.call import Deed
from orchestrate.web.routes import CALLS
from tests.web.client import dial
from tests.web.conftest import House
from tests.web.test_access import address

DEFINITION = '{"definition": %s}'
SLOWEST_S = 0.25

# ── bodies ───────────────────────────────────────────────────────────────────────────────────────

BODIES: dict[str, tuple[bytes, int, str]] = {
    "empty": (b"", 400, "a body is needed"),
    "nothing but space": (b"  \n", 400, "line 2, column 1"),
    "no JSON": (b"definition: x", 400, "line 1, column 1"),
    "an unfinished object": (b'{"definition": "x"', 400, "line 1, column 19"),
    "an unfinished text": (b'{"definition": "x', 400, "Unterminated string"),
    "an unfinished escape": (b'{"definition": "x\\', 400, "Unterminated string"),
    "a comma too many": (b'{"definition": "x",}', 400, "line 1, column 20"),
    "two values": (b'{"definition": "x"} {}', 400, "Extra data"),
    "a comment": (b'{/* x */ "definition": "x"}', 400, "line 1, column 2"),
    "single quotes": (b"{'definition': 'x'}", 400, ""),
    "NaN": (b'{"definition": NaN}', 400, "NaN is no number of JSON"),
    "Infinity": (b'{"definition": -Infinity}', 400, "-Infinity is no number"),
    "a number too large": (b'{"definition": 9223372036854775808}', 422, "2^63-1"),
    "a number of 10,000 digits": (b'{"definition": %s}' % (b"9" * 10_000), 422, "2^63-1"),
    "a fraction too large": (b'{"definition": 1e999}', 422, "out of range"),
    "not UTF-8": (b'{"definition": "\xff"}', 400, "byte 16"),
    "UTF-16": ('{"definition": "x"}'.encode("utf-16"), 400, "not UTF-8"),
    "a surrogate in UTF-8": (b'{"definition": "\xed\xa0\x80"}', 400, "not UTF-8"),
    "half of a pair": (b'{"definition": "\\ud800"}', 400, "surrogate"),
    "half of a pair in a key": (b'{"\\udfff": "x"}', 400, "surrogate"),
    "NUL": (b'{"definition": "a\\u0000b"}', 400, "\\u0000"),
    "a raw NUL": (b'{"definition": "a\x00b"}', 400, "line 1"),
    "a key twice": (b'{"definition": "x", "definition": "y"}', 400, "`definition` is there twice"),
    "a list": (b"[]", 422, "the body` has to be an object"),
    "a text": (b'"definition"', 422, "has to be an object, not a text"),
    "null": (b"null", 422, "has to be an object, not null"),
    "another type": (b'{"definition": 7}', 422, "`definition` has to be a text"),
    "null for a text": (b'{"definition": null}', 422, "`definition` has to be a text, not null"),
    "an unknown key": (b'{"definitoin": "x"}', 422, "did you mean `definition`?"),
    "a key that is not known": (
        b'{"definition": "x", "id": 1}', 422, "`id` is not known; there is `definition`",
    ),
    "a flag that is none": (b'{"definition": "x", "enabled": 1}', 422, "`enabled` has to be true"),
    "deep lists": (b"[" * 900 + b"]" * 900, 400, f"deeper than {DEPTH_MAX}"),
    "deep objects": (b'{"a":' * 900 + b"1" + b"}" * 900, 400, f"deeper than {DEPTH_MAX}"),
    "very deep": (b"[" * 500_000, 413, "too many values"),
    "many values": (b"[" + b"1," * VALUES_MAX + b"1]", 413, "too many values"),
    "many empty objects": (b"[" + b"{}," * 600_000 + b"{}]", 413, "too many values"),
    "one byte too many": (b" " * (BODY_BYTES_MAX + 1), 413, "2 MiB"),
    "a definition too long": (
        b'{"definition": "%s"}' % (b"x" * ((1 << 20) + 1)), 422, "`definition` is too long",
    ),
    "many unknown keys": (
        b"{" + b",".join(b'"k%d":1' % n for n in range(90_000)) + b"}", 422, "is not known",
    ),
    "many quotes": (b'{"definition": "' + b'\\"' * 900_000, 400, "Unterminated string"),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_a_hostile_body_is_told_what_is_wrong(house: House, name: str) -> None:
    body, status, said = BODIES[name]
    took_s: list[float] = []
    while not took_s or (min(took_s) > SLOWEST_S and len(took_s) < 5):  # of CPU, which others share
        started = time.process_time()
        reply = house.client.ask("POST", "/api/pipelines", raw=body)
        took_s.append(time.process_time() - started)
        assert (reply.status, said in reply.data["detail"]) == (status, True), reply.text
    assert min(took_s) < SLOWEST_S


def test_every_fault_of_a_body_is_told_by_its_field(house: House) -> None:
    body = {"variables": {"a": [], "b": {}}, "event": [], "forse": True, "dry_run": "yes"}
    reply = house.client.post("/api/pipelines/nobody/run", body)
    assert reply.status == 422
    fields = {each["field"]: each["message"] for each in reply.data["faults"]}
    assert set(fields) == {"variables.a", "variables.b", "event", "forse", "dry_run"}
    assert fields["forse"] == "is not known; did you mean `force`?"
    assert fields["event"] == "has to be an object, not a list"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (None, 415), ("", 415), ("text/plain", 415), ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415), ("application/json; charset=latin-1", 415),
        ("application/jsonp", 415), ("application/json", 422), ("Application/JSON", 422),
        ("application/json; charset=utf-8", 422), ('application/json;charset="UTF-8"', 422),
        ("application/vnd.api+json", 422),
    ],
)  # fmt: skip
def test_a_body_says_that_it_is_json(house: House, kind: str | None, status: int) -> None:
    """A browser can send the others from any page without asking first."""
    headers = {} if kind is None else {"Content-Type": kind}
    connection = dial(house.socket)
    lines = [f"{name}: {each}" for name, each in headers.items()]
    head = "\r\n".join(
        ["POST /api/pipelines HTTP/1.1", "Host: x", "Content-Length: 2", *lines, "", "{}"]
    )
    connection.sendall(head.encode())
    assert f" {status} ".encode() in connection.recv(100)
    connection.close()


def test_a_body_that_is_packed_is_not_opened(house: House) -> None:
    headers = {"Content-Encoding": "gzip"}
    reply = house.client.ask("POST", "/api/pipelines", raw=b"{}", headers=headers)
    assert (reply.status, "`gzip`" in reply.data["detail"]) == (415, True)


# ── addresses ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "path",
    [
        "/index.html", "/api", "/api/", "/api/nothing", "/api/pipelines/", "//api/pipelines",
        "/api//pipelines", "/API/pipelines", "/api/pipelines/.", "/api/pipelines/..",
        "/api/pipelines/../approvals", "/api/pipelines/%2e%2e", "/api/pipelines/a%2Fb",
        "/api/pipelines/a%20b", "/api/pipelines/-a", "/api/pipelines/" + "a" * 64,
        "/api/pipelines/%C3%A9", "/api/pipelines/a;b", "/api/pipeline-runs/0",
        "/api/pipeline-runs/-1", "/api/pipeline-runs/01", "/api/pipeline-runs/1.0",
        "/api/pipeline-runs/1e3", "/api/pipeline-runs/%D9%A1", "/api/pipeline-runs/+1",
        "/api/pipeline-runs/9223372036854775807", "/api/pipeline-runs/9223372036854775808",
        "/api/pipeline-runs/99999999999999999999999999", "/api/pipeline-runs/one",
        "/api/approvals/0", "/api/tokens/nobody", "/healthz/", "/healthz.json",
    ],
)  # fmt: skip
def test_an_address_that_means_nothing_is_not_found(house: House, path: str) -> None:
    assert house.client.get(path).status in (404, 405)


@pytest.mark.parametrize("path", ["/api/pipelines/%ff", "/api/pipelines/%00", "/%ED%A0%80"])
def test_an_address_that_is_no_text_is_refused(house: House, path: str) -> None:
    assert house.client.get(path).status == 400


def test_an_address_that_is_too_long_is_refused(house: House) -> None:
    assert house.client.get("/api/pipelines/" + "a" * 9_000).status == 414
    assert house.client.get("/api/pipelines?cursor=" + "a" * 9_000).status == 414


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("limit=0", "`limit` is too small: at least 1"),
        ("limit=201", "`limit` is too large: at most 200"),
        ("limit=-1", "too small"),
        ("limit=ten", "`limit` has to be a whole number"),
        ("limit=", "`limit` has to be a whole number"),
        ("limit", "`limit` has to be a whole number"),
        ("limit=1.5", "`limit` has to be a whole number"),
        ("limit=%D9%A1", "`limit` has to be a whole number"),
        ("limit=99999999999999999999", "`limit` has to be a whole number"),
        ("limit=1&limit=2", "`limit` is there twice"),
        ("limits=1", "`limits` is no parameter of this call; there is: `status`"),
        ("status=done", "`status` has to be one of `pending`, `running`"),
        ("status=", "`status` has to be one of"),
        ("cursor=abc", "`cursor` is none of ours"),
        ("cursor=YzE6MQ==", "`cursor` is none of ours"),
        ("cursor=YzE6LTE", "`cursor` is none of ours"),
        ("cursor=é", ""),
        ("cursor=%C3%A9", "`cursor` is none of ours"),
        ("cursor=" + "YzE6OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "`cursor` is none of ours"),
        ("pipeline=a%20b", "`pipeline` does not have the form"),
        ("=", "is no parameter"),
        ("&".join(f"a{n}=1" for n in range(100)), "is no parameter"),
    ],
)
def test_a_parameter_that_means_nothing_is_told(house: House, query: str, said: str) -> None:
    if not query.isascii():
        connection = dial(house.socket)
        connection.sendall(f"GET /api/pipeline-runs?{query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert connection.recv(20).startswith(b"HTTP/1.1 4")
        connection.close()
        return
    reply = house.client.get(f"/api/pipeline-runs?{query}")
    assert (reply.status, said in reply.data["detail"]) == (422, True), reply.text


def test_a_method_that_means_nothing_is_told(house: House) -> None:
    reply = house.client.ask("PATCH", "/api/pipelines")
    assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD, POST")
    assert house.client.ask("BREW", "/api/pipelines").status in (400, 405)
    head = house.client.ask("HEAD", "/healthz")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", "15")


# ── raw bytes ────────────────────────────────────────────────────────────────────────────────────

RAW: dict[str, bytes] = {
    "no HTTP": b"hello\r\n\r\n",
    "TLS": bytes.fromhex("16030100a5010000a1"),
    "a header without a name": b"GET /healthz HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n",
    "a folded header": b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
    "a NUL in a header": b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n",
    "no slash": b"GET healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "an asterisk": b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    "a tunnel": b"CONNECT evil.example:80 HTTP/1.1\r\nHost: x\r\n\r\n",
    "another version": b"GET /healthz HTTP/3.0\r\nHost: x\r\n\r\n",
    "two lengths": (
        b"POST /api/validate HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
        b"Content-Length: 3\r\n\r\n{}"
    ),
    "a length and chunks": (
        b"POST /api/validate HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    "a negative length": b"POST /api/validate HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "a chunk that is none": (
        b"POST /api/validate HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
    ),
    "a long header": b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 60_000 + b"\r\n\r\n",
    "an endless header": b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 400_000,
    "many headers": b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 9_000 + b"\r\n",
    "a long address": b"GET /" + b"a" * 400_000,
}


@pytest.mark.parametrize("name", RAW)
def test_what_is_no_request_is_refused_and_hung_up_on(house: House, name: str) -> None:
    connection = dial(house.socket)
    said = b""
    try:
        connection.sendall(RAW[name])
        while part := connection.recv(65536):
            said += part
            if b"\r\n\r\n" in said and b"connection: close" not in said.lower():
                break
    except (BrokenPipeError, ConnectionResetError):
        assert name in {"an endless header", "a long address"}
    connection.close()
    assert said.startswith(b"HTTP/1.1 4") or not said, said
    assert b"Traceback" not in said
    assert house.client.get("/healthz").status == 200


def test_what_follows_a_body_is_no_header(house: House) -> None:
    """A trailer must not change who is asking, or what."""
    connection = dial(house.socket)
    connection.sendall(
        b"POST /api/pipelines/nobody/run HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nOrigin: http://evil\r\n\r\n"
    )
    assert connection.recv(20).startswith(b"HTTP/1.1 404")
    connection.close()


@pytest.mark.parametrize("stray", [b"A: " + b"b" * 65536, b"1;" + b"x" * 65536])
def test_what_is_no_part_of_a_body_does_not_pile_up(house: House, stray: bytes) -> None:
    connection = dial(house.socket)
    connection.sendall(
        b"POST /api/validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n" + (b"0\r\n" if stray.startswith(b"A") else b"")
    )
    with pytest.raises(ConnectionError):
        connection.sendall(stray[:3] + stray[3:] * 100)
    connection.close()


def test_whoever_sends_much_too_much_hears_why(house: House) -> None:
    reply = house.client.ask("POST", "/api/pipelines", raw=b" " * (30 << 20))
    assert (reply.status, reply.data["type"]) == (413, "/api/problems/too-large")


def test_a_body_in_chunks_is_bounded_too(house: House) -> None:
    connection = dial(house.socket)
    connection.sendall(
        b"POST /api/pipelines HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    for _ in range(50):
        connection.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")
    connection.sendall(b"0\r\n\r\n")
    assert connection.recv(20).startswith(b"HTTP/1.1 413")
    connection.close()


def test_who_expects_a_go_ahead_for_too_much_gets_none(house: House) -> None:
    connection = dial(house.socket)
    connection.sendall(
        b"POST /api/pipelines HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Expect: 100-continue\r\nContent-Length: 99999999\r\n\r\n"
    )
    assert connection.recv(20).startswith(b"HTTP/1.1 413")
    connection.close()


# ── everything, by a seed ────────────────────────────────────────────────────────────────────────

TEXTS = [
    "", " ", "a", "../..", "a\x1b[2J", "é", "\U0001f600", "'; DROP TABLE runs; --", "${x}",
    "$(id)", "\u202e", "x" * 10_001, "true", "1", "\u2028", "-", "%00",
]  # fmt: skip


def value(dice: random.Random, depth: int = 0) -> Any:
    kind = dice.randrange(9 if depth < 4 else 6)
    if kind < 6:
        return dice.choice([None, True, False, 0, -1, 2**63 - 1, 0.5, 1e308, *TEXTS])
    if kind < 8:
        names = ["definition", "reason", "to", "from", "variables", "event", "scopes", *TEXTS]
        return {dice.choice(names): value(dice, depth + 1) for _ in range(dice.randrange(5))}
    return [value(dice, depth + 1) for _ in range(dice.randrange(5))]


def damaged(dice: random.Random, data: bytes) -> bytes:
    found = bytearray(data)
    for _ in range(dice.randrange(4)):
        place = dice.randrange(len(found) + 1)
        found[place:place] = bytes([dice.randrange(256)])
    return bytes(found)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_no_call_fails_whatever_it_is_given(fresh: House, seed: int) -> None:
    """Every call that takes a body, 40 bodies each: right types, wrong types, broken bytes."""
    dice = random.Random(seed)
    fresh.create("- {name: a, run: 'true'}", name="nobody")
    for call in [each for each in CALLS if each.body is not None]:
        names = list((call.body or {})["properties"])
        for _ in range(40):
            body: Any = {name: value(dice) for name in names if dice.random() < 0.8}
            body = body if dice.random() < 0.8 else value(dice)
            data = json.dumps(body).encode()
            data = damaged(dice, data) if dice.random() < 0.3 else data
            headers = {"Idempotency-Key": str(dice.random())} if dice.random() < 0.5 else {}
            assert isinstance(call.act, Deed) or call.method in ("PUT", "POST")
            reply = fresh.client.ask(call.method, address(call), raw=data, headers=headers)
            assert reply.status < 500, (seed, call.name, data, reply.text)


def test_many_clients_that_say_nothing_harm_nobody(house: House) -> None:
    idle = [dial(house.socket) for _ in range(300)]
    half = [dial(house.socket) for _ in range(50)]
    for each in half:
        each.sendall(b"POST /api/pipelines HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
    started = time.monotonic()
    assert house.client.get("/api/whoami").status == 200
    assert time.monotonic() - started < 1
    for each in [*idle, *half]:
        each.close()
