"""Signed webhooks against a real receiver: what comes, what is tried again, what is given up."""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import replace

import pytest

from orchestrate.core.run import RunStatus
from orchestrate.engine import asking
from orchestrate.engine.notify.webhook import signature
from tests.engine.conftest import ANN
from tests.notify.conftest import ENVIRON, GATED, QUICK, SECRET, URL, Opens, hook
from tests.notify.receiver import Receiver, Request

FAILS = "name: fails\nstages:\n  - {name: a, run: 'exit 3'}\n"


def types(requests: list[Request]) -> list[str]:
    return [each.data["type"] for each in requests]


def test_a_gate_is_told_and_what_became_of_it(opens: Opens, receiver: Receiver) -> None:
    lab = opens(hook(receiver, events=["*"]), environ=ENVIRON)
    run_id = lab.start(GATED)
    asked = lab.asked(run_id)
    (request,) = receiver.until(1)
    said = request.data
    assert said["type"] == "approval.requested"
    assert said["url"] == f"{URL}/approvals/{asked}"
    assert said["title"] == f"Approval {asked} is needed: prod of gated (run {run_id})"
    assert said["approval"]["packet"]["before"][0]["stage"] == "build"
    approval = lab.engine.reader.approval(asked)
    assert approval is not None
    assert said["approval"]["packet_hash"] == approval["packet_hash"]
    assert said["text"].splitlines()[:7] == [
        f"Run: {run_id} of gated",
        "Cause: manual",
        f"By: {said['approval']['packet']['started_by']}",
        "Stage: prod",
        "Task: true",
        "Before: build succeeded",
        "Who: 1 of lead, ops",
    ]
    assert f"orchestrate approval approve {asked} --comment" in said["text"]
    assert "then it counts as rejected" in said["text"]
    asking.approve(lab.engine, asked, by=ANN, comment="go", packet=None)
    lab.ended(run_id)
    requests = receiver.until(3)
    assert types(requests) == ["approval.requested", "approval.decided", "run.succeeded"]
    assert (
        requests[1].data["title"] == f"Approval {asked} is approved: prod of gated (run {run_id})"
    )
    assert "ann approved: go" in requests[1].data["text"]
    assert "orchestrate approval approve" not in requests[1].data["text"]
    assert requests[2].data["run"]["status"] == RunStatus.SUCCEEDED


def test_it_is_signed_so_that_anybody_can_check(opens: Opens, receiver: Receiver) -> None:
    """By the rules of Standard Webhooks, over id, time and body."""
    lab = opens(hook(receiver), environ=ENVIRON)
    lab.start(FAILS)
    (request,) = receiver.until(1)
    (row,) = lab.told()
    head = request.headers
    assert head["webhook-id"] == request.data["id"] == row["key"]
    assert re.fullmatch(r"[0-9a-f]{32}", row["key"])
    assert abs(int(head["webhook-timestamp"]) - lab.engine.clock()) < 60
    text = f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + request.body
    expected = base64.b64encode(hmac.digest(SECRET.encode(), text, "sha256")).decode()
    assert head["webhook-signature"] == f"v1,{expected}"
    assert head["content-type"] == "application/json"


def test_the_signature_is_that_of_the_published_example() -> None:
    """The example of the Standard Webhooks libraries."""
    signed = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "1614265330",
        b'{"test": 2432232314}',
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_receiver_that_fails_three_times_is_told_in_the_end(
    opens: Opens, receiver: Receiver
) -> None:
    statuses = iter([500, 503, 404, 204])
    receiver.answer = lambda _: (next(statuses), {}, b"")
    lab = opens(hook(receiver), environ=ENVIRON)
    lab.start(FAILS)
    (row,) = lab.told()
    assert (row["attempts"], row["error"]) == (4, None)
    requests = receiver.until(4)
    assert {each.headers["webhook-id"] for each in requests} == {row["key"]}
    assert len({each.body for each in requests}) == 1


def test_a_receiver_that_never_takes_it_leaves_a_dead_letter_that_can_be_sent_again(
    opens: Opens, receiver: Receiver
) -> None:
    receiver.answer = lambda _: (500, {}, b"no\x1b[31m room")
    lab = opens(hook(receiver), environ=ENVIRON)
    lab.start(FAILS)
    lab.until(lambda: lab.rows("dead"))
    (row,) = lab.rows("dead")
    assert row["attempts"] == QUICK.attempts_max
    assert row["error"].startswith("it answered 500: no")
    receiver.answer = lambda _: (200, {}, b"")
    lab.engine.perform(lambda door: door.store.resend_notice(row["id"], door.clock())).result()
    lab.post.stir("hook")
    (again,) = lab.told()
    assert (again["id"], again["key"], again["attempts"]) == (row["id"], row["key"], 1)
    assert len({each.headers["webhook-id"] for each in receiver.requests}) == 1


def test_a_receiver_that_hangs_is_given_up_in_time_and_holds_up_nobody(
    opens: Opens, receiver: Receiver
) -> None:
    """The run goes on, and the other channel hears of it meanwhile."""
    other = Receiver()
    receiver.held.set()
    patience = replace(QUICK, attempts_max=2, deadline_s=0.2)
    written = hook(receiver, events=["*"])
    written["channels"]["other"] = {**written["channels"]["hook"], "url": other.url}
    lab = opens(written, environ=ENVIRON, patience=patience)
    run_id = lab.start(GATED)
    asked = lab.asked(run_id)
    asking.approve(lab.engine, asked, by=ANN, comment="", packet=None)
    lab.ended(run_id)
    assert types(other.until(3))[-1] == "run.succeeded"
    lab.until(lambda: len(lab.rows("dead")) == 3)
    assert {each["error"] for each in lab.rows("dead")} == {"nothing answered within 0.2 seconds"}
    assert {each["channel"] for each in lab.rows("dead")} == {"hook"}
    other.close()


def test_one_that_drips_its_answer_is_given_up_in_time(opens: Opens, receiver: Receiver) -> None:
    """Each byte in time, and the answer never."""
    receiver.drips = True
    patience = replace(QUICK, attempts_max=1, deadline_s=0.3)
    lab = opens(hook(receiver), environ=ENVIRON, patience=patience)
    lab.start(FAILS)
    lab.until(lambda: lab.rows("dead"))
    assert lab.rows()[0]["error"] == "nothing answered within 0.3 seconds"


def test_the_other_side_may_ask_for_patience(opens: Opens, receiver: Receiver) -> None:
    receiver.answer = lambda _: (429, {"Retry-After": "600"}, b"")
    lab = opens(hook(receiver), environ=ENVIRON)
    lab.start(FAILS)
    lab.until(lambda: lab.rows()[0]["attempts"] == 1 if lab.rows() else False)
    rows, next_at = lab.engine.reader.due("hook", lab.engine.clock() + 590, 9)
    assert rows == []
    assert next_at is not None
    assert next_at - lab.engine.clock() == pytest.approx(600, abs=60)


def test_a_redirection_is_not_followed(opens: Opens, receiver: Receiver) -> None:
    receiver.answer = lambda _: (302, {"Location": f"{receiver.url}/elsewhere"}, b"")
    lab = opens(hook(receiver), environ=ENVIRON)
    lab.start(FAILS)
    lab.until(lambda: lab.rows("dead"))
    assert {each.path for each in receiver.requests} == {"/hook"}
    assert lab.rows()[0]["error"] == "it answered 302"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"])
def test_a_private_address_is_not_reached_unless_that_is_set(
    opens: Opens, receiver: Receiver, host: str
) -> None:
    url = receiver.url.replace("127.0.0.1", host)
    lab = opens(hook(receiver, url=url, allow_private=False), environ=ENVIRON)
    lab.start(FAILS)
    lab.until(lambda: lab.rows("dead"))
    assert lab.rows()[0]["error"] == (
        f"{host.strip('[]')} is at a private address; "
        "allow_private = true lets it be told all the same"
    )
    assert receiver.requests == []


def test_a_secret_that_is_not_set_is_a_failure_that_says_so(
    opens: Opens, receiver: Receiver
) -> None:
    lab = opens(hook(receiver))
    lab.start(FAILS)
    lab.until(lambda: lab.rows("dead"))
    error = "HOOK_SECRET is not set in the environment of this process"
    assert lab.rows()[0]["error"] == error
    assert receiver.requests == []


def test_secrets_are_in_no_table_and_no_log(
    opens: Opens, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    """Even if the other side repeats them."""
    token = "t0ken-of-the-hook"
    receiver.answer = lambda request: (500, {}, f"no: {SECRET} {token} {request.path}".encode())
    lab = opens(
        hook(receiver, url=f"{receiver.url}/${{HOOK_TOKEN}}"),
        environ={**ENVIRON, "HOOK_TOKEN": token},
    )
    lab.start(FAILS)
    lab.until(lambda: lab.rows("dead"))
    assert receiver.requests[0].path == f"/{token}"
    lab.close()
    stored = b"".join(each.read_bytes() for each in lab.home.rglob("orchestrate.db*"))
    for secret in (SECRET, token):
        assert secret.encode() not in stored
        assert secret not in caplog.text
    assert "is asked again" in caplog.text
    lab.open()


def test_an_encoded_secret_signs_with_what_it_stands_for(opens: Opens, receiver: Receiver) -> None:
    secret = "whsec_" + base64.b64encode(b"0123456789abcdef").decode()
    lab = opens(hook(receiver), environ={"HOOK_SECRET": secret})
    lab.start(FAILS)
    (request,) = receiver.until(1)
    head = request.headers
    text = f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + request.body
    expected = base64.b64encode(hmac.digest(b"0123456789abcdef", text, "sha256")).decode()
    assert head["webhook-signature"] == f"v1,{expected}"


def test_what_was_not_told_is_told_by_whoever_comes_next(opens: Opens, receiver: Receiver) -> None:
    receiver.held.set()
    lab = opens(hook(receiver), environ=ENVIRON)
    lab.start(FAILS)
    receiver.until(1)
    lab.close(0.0)  # while it hangs
    receiver.held.clear()
    receiver.freed.set()
    lab.open()
    (row,) = lab.told()
    assert row["attempts"] == 2
    assert {each.headers["webhook-id"] for each in receiver.until(2)} == {row["key"]}


def test_a_channel_that_is_gone_leaves_dead_letters(opens: Opens, receiver: Receiver) -> None:
    receiver.held.set()
    lab = opens(hook(receiver), environ=ENVIRON)
    lab.start(FAILS)
    receiver.until(1)
    lab.close(0.0)
    lab.written = {}
    lab.open()
    assert [(each["status"], each["error"]) for each in lab.rows()] == [
        ("dead", "no channel `hook` is configured: write [channels.hook] in orchestrate.toml")
    ]


def test_many_events_do_not_hold_up_the_engine(opens: Opens, receiver: Receiver) -> None:
    """While nobody takes anything, every run ends, and every row is there."""
    receiver.held.set()
    written = hook(receiver, events=["*"])
    lab = opens(written, environ=ENVIRON)
    text = "name: quick\nstages:\n  - {name: a, when: false, run: 'true'}\n"
    runs = [lab.start(text) for _ in range(200)]
    assert {lab.run(each)["status"] for each in runs} == {"succeeded"}
    assert len(lab.rows("pending")) == 200
    receiver.held.clear()
    receiver.freed.set()
    told = lab.told(200)
    assert len({each["key"] for each in told}) == 200
    assert {each.data["run"]["id"] for each in receiver.requests} == set(runs)
