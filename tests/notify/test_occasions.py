"""Who is told of what: the channels that a gate names, those that want it, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrate.engine import asking
from orchestrate.engine.notify.words import plain, span
from tests.engine.conftest import ANN
from tests.notify.conftest import ENVIRON, Opens, PostLab, hook
from tests.notify.receiver import Receiver


def gate(**approval: Any) -> str:
    return (
        "name: gated\nstages:\n  - name: prod\n    run: 'true'\n    requires_approval: true\n"
        f"    approvers: [lead]\n    approval: {approval}\n".replace("'", "")
    )


def told(lab: PostLab) -> list[tuple[str, str]]:
    return [(each["channel"], each["occasion"]) for each in lab.rows()]


def terminals(**events: Any) -> dict[str, Any]:
    return {
        "channels": {name: {"kind": "terminal", "events": each} for name, each in events.items()}
    }


def test_a_gate_is_told_to_the_channels_it_names_whatever_they_want(opens: Opens) -> None:
    lab = opens(terminals(ops=["run.failed"], all=["*"]))
    run_id = lab.start(gate(notify="[ops]"))
    asked = lab.asked(run_id)
    asking.approve(lab.engine, asked, by=ANN, comment="", packet=None)
    lab.ended(run_id)
    assert told(lab) == [
        ("ops", "approval.requested"),
        ("ops", "approval.decided"),
        ("all", "run.succeeded"),
    ]


def test_without_names_it_is_told_to_all_that_want_it(opens: Opens) -> None:
    lab = opens(terminals(quiet=["run.failed"], one=["approval.*"], two=["approval.requested"]))
    run_id = lab.start(gate())
    asked = lab.asked(run_id)
    asking.reject(lab.engine, asked, by=ANN, reason="no", packet=None)
    lab.ended(run_id)
    assert sorted(told(lab)) == [
        ("one", "approval.decided"),
        ("one", "approval.requested"),
        ("quiet", "run.failed"),
        ("two", "approval.requested"),
    ]


def test_a_channel_that_nobody_configured_shows_on_the_approval(opens: Opens) -> None:
    """It is known at once, and the question stays open."""
    lab = opens({})
    run_id = lab.start(gate(notify="[slack]"))
    asked = lab.asked(run_id)
    found = lab.engine.reader.approval(asked)
    assert found is not None
    assert [
        (each["channel"], each["status"], each["error"]) for each in found["notifications"]
    ] == [
        (
            "slack",
            "dead",
            "no channel `slack` is configured: write [channels.slack] in orchestrate.toml",
        )
    ]
    assert found["status"] == "pending"


def test_a_reminder_and_the_silence_after_it_are_told(opens: Opens) -> None:
    lab = opens(terminals(all=["*"]))
    run_id = lab.start(gate(timeout="2s", remind="[1s]"))
    lab.ended(run_id)
    lab.told(4)
    assert told(lab) == [
        ("all", "approval.requested"),
        ("all", "approval.reminded"),
        ("all", "approval.expired"),
        ("all", "run.failed"),
    ]
    assert "still waits" in lab.said[1]
    assert "is expired" in lab.said[2]


def test_whoever_holds_a_vote_and_whoever_lost_it_are_told(opens: Opens) -> None:
    lab = opens(terminals(all=["*"]))
    run_id = lab.start(gate())
    asked = lab.asked(run_id)
    asking.delegate(lab.engine, asked, by=ANN, to="bob", comment="")
    asking.cancel(lab.engine, run_id, by=ANN, reason="not any more")
    lab.ended(run_id)
    assert told(lab) == [
        ("all", "approval.requested"),
        ("all", "approval.delegated"),
        ("all", "approval.withdrawn"),
        ("all", "run.cancelled"),
    ]


def test_a_rollback_is_told(opens: Opens, receiver: Receiver) -> None:
    lab = opens(hook(receiver), environ=ENVIRON)
    run_id = lab.start(
        "name: back\nstages:\n"
        "  - {name: deploy, run: 'true', rollback: {run: 'true'}}\n"
        "  - {name: smoke, run: 'exit 1', on_failure: rollback, rollback_to: deploy}\n"
    )
    lab.ended(run_id)
    said = {each.data["type"]: each.data for each in receiver.until(2)}
    assert said.keys() == {"run.failed", "run.rolled_back"}
    assert said["run.rolled_back"]["title"] == f"Run {run_id} of back was rolled back"
    assert said["run.rolled_back"]["run"]["rollback"]["status"] == "succeeded"
    assert "Rollback: succeeded: " in said["run.rolled_back"]["text"]


def test_pipelines_are_chosen_by_name(opens: Opens) -> None:
    written = terminals(shop=["*"])
    written["channels"]["shop"]["pipelines"] = ["shop-*"]
    lab = opens(written)
    for name in ("shop-web", "web"):
        lab.ended(lab.start(f"name: {name}\nstages:\n  - {{name: a, run: 'true'}}\n"))
    assert [lab.run(each["run_id"])["pipeline"] for each in lab.rows()] == ["shop-web"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb\nc\td", "a [31mb c d"),
        ("@everyone and ann@example.org", "@\u200beveryone and ann@example.org"),
        ("<@U123> <!channel>", "<@\u200bU123> <@\u200bchannel>"),
        ("\u202eabc\u2066", "abc"),
        ("x" * 30, "x" * 19 + "…"),
        ("\ud800", ""),
    ],
)
def test_text_from_outside_is_only_text(text: str, shown: str) -> None:
    assert plain(text, 20 if len(text) == 30 else 100) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(5, "5s"), (59, "1m"), (3_600, "1h"), (7_500, "2h 5m"), (90_000, "1d 1h"), (-3, "0s")],
)
def test_time_left_is_said_roughly(seconds: float, shown: str) -> None:
    assert span(seconds) == shown
