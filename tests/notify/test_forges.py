"""A run as its forge shows it: one status for a commit, one comment for a request, kept right."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from orchestrate.engine import asking
from orchestrate.store.cell import instant
from tests.engine.conftest import ANN
from tests.notify.conftest import Opens, PostLab
from tests.notify.forge_servers import TOKEN, Forge, GitHub, GitLab

SHA = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
SHOP = "acme/shop"
GATED = """
name: gated
stages:
  - {name: build, run: 'true'}
  - {name: prod, run: 'true', requires_approval: true, approvers: [lead, ops]}
"""
FAILS = "name: fails\nstages:\n  - {name: a, run: 'exit 3'}\n"
ENVIRON = {"FORGE_TOKEN": TOKEN}


@pytest.fixture(params=[GitHub, GitLab])
def forge(request: pytest.FixtureRequest) -> Iterator[Forge]:
    found: Forge = request.param()
    yield found
    found.close()


@pytest.fixture
def github() -> Iterator[GitHub]:
    found = GitHub()
    yield found
    found.close()


def kind(forge: Forge) -> str:
    return "github" if isinstance(forge, GitHub) else "gitlab"


def shown_on(forge: Forge, **more: Any) -> dict[str, Any]:
    path = "" if isinstance(forge, GitHub) else "/api/v4"
    table = {
        "token": "${FORGE_TOKEN}",
        "url": forge.url + path,
        "allow_private": True,
        "repositories": ["acme/*"],
        **more,
    }
    return {"server": {"url": "https://ci.example.org"}, "forges": {kind(forge): table}}


def start(lab: PostLab, text: str, **facts: Any) -> int:
    """A run of an event about a pull request."""
    event = {
        "event": "pull_request.opened",
        "repository": SHOP,
        "sha": SHA,
        "branch": "main",
        "number": 7,
        **facts,
    }
    return lab.start(text, event={name: each for name, each in event.items() if each is not None})


def settled(lab: PostLab) -> None:
    """Nothing is left to be shown."""
    lab.until(lambda: not lab.rows("pending"))


def states(forge: Forge) -> list[str]:
    return [said["state"] for *_, said in forge.statuses]


def body(forge: Forge) -> str:
    (comment,) = [each for each in forge.comments.values() if "orchestrate" in each["body"]]
    text: str = comment["body"]
    return text


def test_a_commit_shows_how_its_run_stands(opens: Opens, forge: Forge) -> None:
    lab = opens(shown_on(forge), environ=ENVIRON)
    run_id = start(lab, GATED)
    asked = lab.asked(run_id)
    settled(lab)
    repository, sha, said = forge.statuses[-1]
    assert (repository, sha, said["state"]) == (SHOP, SHA, "pending")
    assert said["description"] == "waiting for approval by lead, ops (prod)"
    if isinstance(forge, GitHub):
        assert said["context"] == "orchestrate/gated"
        assert said["target_url"] == f"https://ci.example.org/runs/{run_id}"
    else:  # where a status that is in progress keeps its words
        assert said["name"] == "orchestrate/gated/prod"
        assert said["target_url"] == f"https://ci.example.org/approvals/{asked}"
    assert f"`orchestrate approval show {asked}`" in body(forge)
    asking.approve(lab.engine, asked, by=ANN, comment="", packet=None)
    lab.ended(run_id)
    settled(lab)
    last = {said.get("context", said.get("name")): said for *_, said in forge.statuses}
    assert last["orchestrate/gated"]["state"] == "success"
    assert last["orchestrate/gated"]["description"] == "2 of 2 stages done"
    if isinstance(forge, GitLab):
        gate = last["orchestrate/gated/prod"]
        assert (gate["state"], gate["description"]) == ("success", "approved by ann")
    assert set(states(forge)) <= {"pending", "running", "success"}


def test_a_failure_says_why(opens: Opens, forge: Forge) -> None:
    lab = opens(shown_on(forge), environ=ENVIRON)
    run_id = start(lab, FAILS)
    lab.ended(run_id)
    settled(lab)
    said = forge.statuses[-1][2]
    assert said["state"] == ("failure" if isinstance(forge, GitHub) else "failed")
    assert said["description"] == lab.run(run_id)["reason"]


def test_a_cancelled_run_is_no_success(opens: Opens, forge: Forge) -> None:
    lab = opens(shown_on(forge), environ=ENVIRON)
    run_id = start(lab, GATED)
    lab.asked(run_id)
    asking.cancel(lab.engine, run_id, by=ANN, reason="wrong | branch `x`")
    lab.ended(run_id)
    settled(lab)
    assert states(forge)[-1] == ("error" if isinstance(forge, GitHub) else "canceled")


def test_a_request_has_one_comment_that_is_edited(opens: Opens, forge: Forge) -> None:
    """Over all runs of a pipeline; another pipeline has its own."""
    forge.add(f"{SHOP}#7", "nice work!", ours=False)
    lab = opens(shown_on(forge), environ=ENVIRON)
    runs = [start(lab, FAILS) for _ in range(3)]
    for run_id in runs:
        lab.ended(run_id)
    settled(lab)
    assert len(forge.comments) == 2
    text = body(forge)
    assert re.match(r"<!-- orchestrate [0-9a-f]{24} -->\n", text)
    assert f"**`fails`: failed** · [run {runs[-1]}](https://ci.example.org/runs/{runs[-1]})" in text
    assert "| `a` | failed |" in text
    other = start(lab, GATED)
    lab.asked(other)
    settled(lab)
    assert len(forge.comments) == 3


def test_a_comment_whose_answer_was_lost_is_found_again(opens: Opens, forge: Forge) -> None:
    """Made, and not known of: as after a crash between the two."""
    forge.silent = True
    lab = opens(shown_on(forge, statuses=False), environ=ENVIRON)
    run_id = start(lab, FAILS)
    lab.ended(run_id)
    settled(lab)
    assert len(forge.comments) == 1
    assert body(forge).count("failed") > 0


def test_a_comment_on_a_later_page_is_found(opens: Opens, forge: Forge) -> None:
    lab = opens(shown_on(forge, statuses=False), environ=ENVIRON)
    lab.ended(start(lab, FAILS))
    settled(lab)
    (own,) = forge.comments
    mark = body(forge).splitlines()[0]
    text = forge.comments[own]["body"]
    place = forge.comments[own]["place"]
    forge.comments.clear()
    for number in range(250):
        forge.add(place, f"comment {number}", ours=False)
    late = forge.add(place, text)
    lab.close()
    lab.engine.layout.database.unlink()
    lab.open()  # nothing is known any more; the numbers begin again, and so do the keys
    lab.ended(start(lab, FAILS))
    settled(lab)
    assert len(forge.comments) == 251
    assert late["edits"] > 0
    assert late["body"].startswith(mark)


def test_a_comment_that_was_deleted_is_made_again(opens: Opens, forge: Forge) -> None:
    lab = opens(shown_on(forge, statuses=False), environ=ENVIRON)
    lab.ended(start(lab, FAILS))
    settled(lab)
    forge.comments.clear()
    lab.ended(start(lab, FAILS))
    settled(lab)
    assert len(forge.comments) == 1


def test_somebody_elses_comment_with_our_mark_is_left_alone(opens: Opens, github: GitHub) -> None:
    lab = opens(shown_on(github, statuses=False), environ=ENVIRON)
    lab.ended(start(lab, FAILS))
    settled(lab)
    (own,) = github.comments.values()
    github.comments.clear()
    github.ours.clear()
    copy = github.add(own["place"], own["body"], ours=False)
    lab.ended(start(lab, FAILS))
    settled(lab)
    assert copy["edits"] == 0
    assert len(github.comments) == 2


def test_the_last_run_of_a_commit_is_shown_whatever_comes_late(
    opens: Opens, github: GitHub
) -> None:
    lab = opens(shown_on(github), environ=ENVIRON)
    first = start(lab, GATED)
    asked = lab.asked(first)
    second = start(lab, GATED)
    later = lab.asked(second)
    asking.approve(lab.engine, later, by=ANN, comment="", packet=None)
    lab.ended(second)
    asking.reject(lab.engine, asked, by=ANN, reason="no", packet=None)
    lab.ended(first)
    settled(lab)
    assert states(github)[-1] == "success"
    assert f"/runs/{second}" in body(github)
    assert f"/runs/{first})" not in body(github)


def test_a_forge_that_fails_is_asked_again(opens: Opens, forge: Forge) -> None:
    forge.broken = 2
    lab = opens(shown_on(forge), environ=ENVIRON)
    lab.ended(start(lab, FAILS))
    settled(lab)
    assert [each["status"] for each in lab.rows()] == ["sent", "sent"]
    assert states(forge)[-1] in ("failure", "failed")


def test_a_token_that_is_refused_leaves_a_dead_letter_without_it(
    opens: Opens, github: GitHub
) -> None:
    lab = opens(shown_on(github), environ={"FORGE_TOKEN": "wr0ng-token"})
    run_id = start(lab, FAILS)
    lab.ended(run_id)
    settled(lab)
    assert {each["error"] for each in lab.rows("dead")} == {
        'it answered 401: {"message": "Bad credentials"}'
    }
    assert lab.run(run_id)["status"] == "failed"
    stored = b"".join(each.read_bytes() for each in lab.home.rglob("orchestrate.db*"))
    assert b"wr0ng-token" not in stored


def test_a_limit_of_the_forge_is_waited_for(opens: Opens, github: GitHub) -> None:
    lab = opens(shown_on(github, comments=False), environ=ENVIRON)
    reset = str(int(lab.engine.clock()) + 900)
    limited = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    github.receiver.answer = lambda _: (403, limited, b'{"message": "rate limit exceeded"}')
    lab.ended(start(lab, FAILS))
    lab.until(lambda: lab.rows()[0]["attempts"])
    due_at = lab.rows()[0]["due_at"]
    assert instant(lab.engine.clock() + 800) < due_at <= instant(float(reset) + 1)


@pytest.mark.parametrize(
    "facts",
    [
        {"repository": None},
        {"repository": "shop"},
        {"repository": "acme/../../user"},
        {"repository": "other/shop"},
        {"sha": None, "number": None},
        {"sha": "HEAD", "event": "push"},
        {"sha": "../../x", "number": "7"},
    ],
)
def test_what_is_not_known_for_sure_is_shown_nowhere(
    opens: Opens, github: GitHub, facts: dict[str, Any]
) -> None:
    lab = opens(shown_on(github), environ=ENVIRON)
    lab.ended(start(lab, FAILS, **facts))
    assert lab.rows() == []
    assert github.receiver.requests == []


def test_only_what_came_from_a_forge_is_shown_there_unless_repositories_are_named(
    opens: Opens, github: GitHub
) -> None:
    lab = opens(shown_on(github, repositories=[]), environ=ENVIRON)
    lab.ended(start(lab, FAILS))  # by hand
    assert lab.rows() == []


def test_text_from_outside_cannot_leave_its_place(opens: Opens, github: GitHub) -> None:
    lab = opens(shown_on(github), environ=ENVIRON)
    run_id = start(lab, GATED)
    lab.asked(run_id)
    evil = "`| @everyone <img src=x> \n\n# big\x1b[31m <!-- -->"
    asking.cancel(lab.engine, run_id, by=ANN, reason=evil)
    lab.ended(run_id)
    settled(lab)
    (line,) = [each for each in body(github).splitlines() if "img" in each and "|" in each][:1]
    assert "\x1b" not in body(github)
    assert "\n# big" not in body(github)
    assert "@everyone" not in body(github)
    assert re.search(r"(?<!\\)\| @", line) is None
    assert all(each.count("`") % 2 == 0 for each in body(github).splitlines())


def test_without_an_address_nothing_links_to_this_machine(opens: Opens, github: GitHub) -> None:
    written = shown_on(github)
    del written["server"]
    lab = opens(written, environ=ENVIRON)
    lab.ended(start(lab, FAILS))
    settled(lab)
    assert "target_url" not in github.statuses[-1][2]
    assert "127.0.0.1" not in json.dumps([github.statuses, list(github.comments.values())])
