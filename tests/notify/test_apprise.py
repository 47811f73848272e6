"""E-mail by Apprise to a real mail server, in its own process; what hangs in it is ended."""

from __future__ import annotations

import email
import email.policy
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from orchestrate.engine import asking
from tests.engine.conftest import ANN
from tests.notify.conftest import GATED, QUICK, Opens, PostLab

PATIENT = replace(QUICK, deadline_s=30.0)
WAIT_S = 40.0
PASSWORD = "pa55-of-the-mailbox"


class Mailbox:
    """A mail server that keeps what it is given."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.tried: list[bytes] = []
        self._news = threading.Condition()
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=free_port(),
            authenticator=self._authenticated,
            auth_require_tls=False,
        )
        self._controller.start()
        self.port = self._controller.port

    def _authenticated(self, *given: Any) -> AuthResult:
        self.tried.append(given[-1].password)
        return AuthResult(success=given[-1].password == PASSWORD.encode(), handled=False)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        with self._news:
            self.mails.append(mail)
            self._news.notify_all()
        return "250 OK"

    def until(self, number: int) -> list[EmailMessage]:
        deadline = time.monotonic() + WAIT_S
        with self._news:
            while len(self.mails) < number:
                assert self._news.wait(deadline - time.monotonic()), f"{len(self.mails)} came"
            return list(self.mails)

    def close(self) -> None:
        self._controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    found = Mailbox()
    yield found
    found.close()


def mail_to(port: int, **more: Any) -> dict[str, Any]:
    url = (
        f"mailto://bot:${{MAIL_PASSWORD}}@127.0.0.1:{port}"
        "?from=bot@example.org&to=lead@example.org&mode=insecure"
    )
    return {"channels": {"mail": {"url": url, "allow_private": True, **more}}}


def dead(lab: PostLab) -> str:
    lab.until(lambda: lab.rows("dead"))
    error: str = lab.rows("dead")[0]["error"]
    return error


def test_a_mail_asks_for_an_approval_and_another_says_what_became_of_it(
    opens: Opens, mailbox: Mailbox
) -> None:
    """The packet's essentials, where to look, what to run; nothing that decides by itself."""
    lab = opens(mail_to(mailbox.port), environ={"MAIL_PASSWORD": PASSWORD}, patience=PATIENT)
    run_id = lab.start(GATED)
    asked = lab.asked(run_id)
    (mail,) = mailbox.until(1)
    assert mail["Subject"] == f"Approval {asked} is needed: prod of gated (run {run_id})"
    assert "lead@example.org" in mail["To"]
    body = mail.get_body(("html", "plain"))
    assert body is not None
    text = body.get_content()
    (row,) = lab.told()
    for part in (
        "Stage: prod",
        "Before: build succeeded",
        "Who: 1 of lead, ops",
        f"http://127.0.0.1:7878/approvals/{asked}",
        f"orchestrate approval approve {asked}",
        row["key"][:12],
    ):
        assert part in text, text
    assert "/approve" not in text
    asking.reject(lab.engine, asked, by=ANN, reason="<b>not</b> today", packet=None)
    lab.ended(run_id)
    mails = mailbox.until(3)
    assert [each["Subject"].partition(":")[0] for each in mails[1:]] == [
        f"Approval {asked} is rejected",
        f"Run {run_id} of gated failed",
    ]
    decided = mails[1].get_body(("html", "plain"))
    assert decided is not None
    assert decided.get_content_type() == "text/plain"  # where markup is only text
    assert "ann rejected: <b>not</b> today" in decided.get_content()


def test_a_mail_server_at_a_private_address_is_not_reached_unless_that_is_set(
    opens: Opens, mailbox: Mailbox
) -> None:
    patience = replace(PATIENT, attempts_max=1)
    written = mail_to(mailbox.port, allow_private=False)
    lab = opens(written, environ={"MAIL_PASSWORD": PASSWORD}, patience=patience)
    lab.start(GATED)
    assert dead(lab) == (
        "it is at a private address; allow_private = true lets it be told all the same"
    )
    assert mailbox.tried == []


def test_a_wrong_password_is_a_failure_that_does_not_tell_it(
    opens: Opens, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    patience = replace(PATIENT, attempts_max=1)
    environ = {"MAIL_PASSWORD": "wr0ng-password"}
    lab = opens(mail_to(mailbox.port), environ=environ, patience=patience)
    lab.start(GATED)
    assert "535" in dead(lab)
    assert set(mailbox.tried) == {b"wr0ng-password"}
    stored = b"".join(each.read_bytes() for each in lab.home.rglob("orchestrate.db*"))
    assert b"wr0ng-password" not in stored
    assert "wr0ng-password" not in caplog.text


def test_an_address_that_apprise_does_not_know(opens: Opens) -> None:
    patience = replace(PATIENT, attempts_max=1)
    lab = opens({"channels": {"odd": {"url": "nosuchthing://x/y"}}}, patience=patience)
    lab.start(GATED)
    assert "nosuchthing" not in (said := dead(lab))
    assert said


def test_what_hangs_is_ended(opens: Opens) -> None:
    """A mail server that takes the connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        patience = replace(PATIENT, attempts_max=1, deadline_s=1.5)
        lab = opens(
            mail_to(silent.getsockname()[1]),
            environ={"MAIL_PASSWORD": PASSWORD},
            patience=patience,
        )
        run_id = lab.start(GATED)
        assert dead(lab) == "nothing answered within 1.5 seconds"
        assert lab.run(run_id)["status"] == "waiting_approval"
