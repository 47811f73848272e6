"""Channels from the command line: told before a command ends, looked at, tried, told again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.conftest import Project
from tests.notify.receiver import Receiver

SECRET = "s3cr3t-of-the-hook"
GATE = "- {name: prod, run: 'true', requires_approval: true, approvers: [lead]}"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.close()


def settings(project: Project, receiver: Receiver, more: str = "") -> None:
    project.write(
        "orchestrate.toml",
        f'[channels.hook]\nkind = "webhook"\nurl = "{receiver.url}/in"\n'
        f'secret = "${{HOOK_SECRET}}"\nallow_private = true\n{more}',
    )


def test_a_command_without_a_server_tells_before_it_ends(
    project: Project, receiver: Receiver
) -> None:
    settings(project, receiver)
    file = project.pipeline("gated", GATE)
    project.ask("pipeline", "run", file, "--no-wait-approval", code=3, HOOK_SECRET=SECRET)
    (request,) = receiver.until(1)
    assert request.data["type"] == "approval.requested"
    listed = project.ask("notification", "list", "-o", "json").json["items"]
    assert [(each["channel"], each["status"]) for each in listed] == [("hook", "sent")]


def test_what_could_not_be_told_is_seen_and_told_again(
    project: Project, receiver: Receiver
) -> None:
    """Without the secret nothing is sent; the gate is open all the same, and says so."""
    settings(project, receiver)
    file = project.pipeline("gated", GATE)
    done = project.ask("pipeline", "run", file, "--no-wait-approval", code=3)
    assert "HOOK_SECRET is not set" in done.err
    (row,) = project.ask("notification", "list", "-o", "json").json["items"]
    assert row["status"] == "pending"
    shown = project.ask("notification", "list").out
    assert "HOOK_SECRET is not set" in shown
    shown = project.ask("approval", "show", row["approval_id"]).out
    why = "HOOK_SECRET is not set in the environment of this process"
    assert f"not told     hook (pending): {why}" in shown
    done = project.ask("notification", "resend", row["id"], HOOK_SECRET=SECRET)
    assert done.out.strip() == f"notification {row['id']} is told to hook once more"
    (request,) = receiver.until(1)
    assert request.headers["webhook-id"] == row["key"]
    project.ask("notification", "resend", 99, code=5)


def test_a_channel_that_hangs_holds_up_one_command_and_not_the_next(
    project: Project, receiver: Receiver
) -> None:
    settings(project, receiver)
    receiver.held.set()
    file = project.pipeline("gated", GATE)
    project.ask("pipeline", "run", file, "--no-wait-approval", code=3, HOOK_SECRET=SECRET)
    (row,) = project.ask("notification", "list", "-o", "json", HOOK_SECRET=SECRET).json["items"]
    assert row["error"] == "there was no answer yet when this process ended"
    assert (row["status"], row["attempts"]) == ("pending", 1)
    assert len(receiver.requests) == 1


def test_a_server_links_to_itself_unless_it_is_told_another_address(
    project: Project, receiver: Receiver
) -> None:
    settings(project, receiver)
    file = project.pipeline("gated", GATE)
    server = project.start("serve", "--port", 0, HOOK_SECRET=SECRET)
    url = server.until("http://").split()[-1]
    project.ask("pipeline", "run", file, "--no-wait-approval", code=3)
    (request,) = receiver.until(1)
    assert request.data["url"] == f"{url}/approvals/1"


def test_settings_that_cannot_be_meant_are_told_all_at_once(
    project: Project, receiver: Receiver
) -> None:
    settings(project, receiver, 'event = ["run.*"]\n[channels.b]\nkind = "webhok"\n')
    for words in (("pipeline", "list"), ("serve", "--port", "0")):
        done = project.ask(*words, code=2)
        assert "`channels.hook.event` is not known: did you mean `events`?" in done.err
        assert "`channels.b.kind` is not known: did you mean `webhook`?" in done.err
    found = project.ask("doctor", "-o", "json", code=1).json["items"]
    wrong = [each["text"] for each in found if each["about"] == "channels"]
    assert len(wrong) == 3


def test_doctor_says_what_channels_there_are(project: Project, receiver: Receiver) -> None:
    """Without --channels it disturbs nobody."""
    more = (
        '[channels.mail]\nurl = "mailtos://bot:in-the-file@example.org"\n'
        '[forges.github]\ntoken = "${GITHUB_TOKEN}"\n'
    )
    settings(project, receiver, more)
    found = project.ask("doctor", "-o", "json", HOOK_SECRET=SECRET).json["items"]
    by_name = {each["about"]: (each["verdict"], each["text"]) for each in found}
    told = "told of approval.*, run.failed, run.rolled_back"
    assert by_name["channel hook"] == ("ok", f"webhook; {told}")
    assert by_name["channel mail"] == (
        "warning",
        f"apprise; {told}; its url holds a password that anybody can read",
    )
    assert by_name["forges.github"] == (
        "warning",
        "GITHUB_TOKEN is not set in the environment of this process",
    )
    assert receiver.requests == []


def test_doctor_tries_every_channel_when_asked(project: Project, receiver: Receiver) -> None:
    gone = "http://127.0.0.1:1/in"
    more = (
        f'[channels.gone]\nkind = "webhook"\nurl = "{gone}"\nsecret = "${{HOOK_SECRET}}"\n'
        "allow_private = true\n"
        f'[forges.github]\ntoken = "${{HOOK_SECRET}}"\nurl = "{receiver.url}"\n'
        "allow_private = true\n"
    )
    settings(project, receiver, more)
    done = project.ask("doctor", "--channels", "-o", "json", code=1, HOOK_SECRET=SECRET)
    by_name = {each["about"]: (each["verdict"], each["text"]) for each in done.json["items"]}
    assert by_name["channel hook"] == ("ok", "webhook; took the test")
    assert by_name["channel gone"] == (
        "wrong",
        "not reached: it cannot be reached: Connection refused",
    )
    assert by_name["forges.github"] == ("ok", f"{receiver.url} answers, and takes the token")
    assert [each.path for each in receiver.until(2)] == ["/in", "/rate_limit"]
    assert receiver.requests[0].data["type"] == "test"
