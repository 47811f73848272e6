"""The settings of channels: what they mean, and every fault at once, word by word."""

from __future__ import annotations

import tomllib

from orchestrate.engine.notify.channels import BY_DEFAULT, Kind, hidden
from orchestrate.engine.notify.written import Fault, directory
from tests.notify.conftest import Opens

GOOD = """
[server]
url = "https://ci.example.org/"

[channels.team]
url = "slack://${SLACK_TOKEN}/#deploys"

[channels.audit]
kind = "webhook"
url = "https://audit.example.org/in"
secret = "${AUDIT_SECRET}"
events = ["*"]
pipelines = ["shop-*"]

[channels.here]
kind = "terminal"
events = "approval.*"

[forges.github]
token = "${GITHUB_TOKEN}"

[forges.gitlab]
token = "${GITLAB_TOKEN}"
url = "https://git.example.org/api/v4/"
repositories = ["acme/*"]
comments = false
"""
ENVIRON = {
    "SLACK_TOKEN": "T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
    "AUDIT_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "GITHUB_TOKEN": "ghp_0123456789",
    "GITLAB_TOKEN": "glpat-0123456789",
}


WRONG = """
[server]
url = "ci.example.org"
[channels.a]
ur = "slack://x"
[channels.b]
kind = "webhok"
url = "https://x.example.org"
[channels.c]
kind = "webhook"
url = "ftp://x.example.org"
secret = "in the file"
[channels.cc]
kind = "webhook"
url = "https://x.example.org"
[channels.d]
url = "slack"
events = ["approval.asked", "run.*"]
allow_private = 1
[channels.e]
kind = "terminal"
url = "x://y"
[channels."a b"]
kind = "desktop"
pipelines = [1]
[forges.github]
url = "http://git.example.org"
[forges.gitlub]
token = "${X}"
"""


SAID = [
    ("server.url", "is no address of the web", "such as https://orchestrate.example.org"),
    ("channels.a.ur", "is not known", "did you mean `url`?"),
    (
        "channels.a",
        "has no `url`",
        'such as url = "slack://${SLACK_TOKEN}", or kind = "webhook" with its address',
    ),
    ("channels.b.kind", "is not known", "did you mean `webhook`?"),
    (
        "channels.c.secret",
        "must be a reference: a secret stands in no file",
        'write secret = "${NAME}", and set NAME in the environment of the server',
    ),
    ("channels.c.url", "is no address of the web", "such as https://orchestrate.example.org"),
    (
        "channels.cc",
        "has no `secret` to sign with",
        'write secret = "${NAME}", and set NAME in the environment of the server',
    ),
    (
        "channels.d.url",
        "is no address that Apprise knows",
        "such as slack://…, mailtos://…, ntfy://…; see docs/notifications.md",
    ),
    (
        "channels.d.events",
        "`approval.asked` never happens",
        "did you mean `approval.requested`?",
    ),
    ("channels.d.allow_private", "must be true or false", ""),
    ("channels.e.url", "has no meaning for a channel of kind terminal", ""),
    ("channels.a b", "is no name", "letters, digits, `-` and `_`"),
    (
        "channels.a b.pipelines",
        "must be a list of names",
        '`*` stands for any: ["shop-*"]',
    ),
    ("forges.github", "has no `token`", 'write token = "${GITHUB_TOKEN}"'),
    (
        "forges.github.url",
        "would carry the token in the clear",
        "use https, or allow_private = true for a forge in your own network",
    ),
    ("forges.gitlub", "is not known", "did you mean `gitlab`?"),
]


def faults(text: str, environ: dict[str, str] | None = None) -> list[Fault]:
    return directory(tomllib.loads(text), environ or {})[1]


def test_what_is_written_is_meant() -> None:
    found, wrong = directory(tomllib.loads(GOOD), ENVIRON)
    assert wrong == []
    assert found.url == "https://ci.example.org"
    team, audit, here = (found.channels[name] for name in ("team", "audit", "here"))
    assert (team.kind, team.events) == (Kind.APPRISE, BY_DEFAULT)
    assert team.url == f"slack://{ENVIRON['SLACK_TOKEN']}/#deploys"
    assert team.wants("run.failed", "any")
    assert not team.wants("run.succeeded", "any")
    assert audit.wants("run.succeeded", "shop-web")
    assert not audit.wants("run.failed", "web")
    assert here.wants("approval.reminded", "any")
    assert [each.name for each in found.forges] == ["forges.github", "forges.gitlab"]
    github, gitlab = found.forges
    assert github.url == "https://api.github.com"
    assert github.shows("any/thing", "github")
    assert not github.shows("any/thing", "gitlab")
    assert not github.shows("any/thing", None)
    assert gitlab.shows("acme/shop", None)  # said to be there, whoever tells of it
    assert not gitlab.shows("acme/shop", "github")
    assert not gitlab.shows("other/shop", "gitlab")


def test_nothing_secret_is_in_a_representation() -> None:
    found, _ = directory(tomllib.loads(GOOD), ENVIRON)
    for secret in ENVIRON.values():
        assert secret not in repr(found)


def test_what_is_not_set_is_no_fault_of_the_file() -> None:
    """Whoever has no token may still run every command; the channel says what is missing."""
    found, wrong = directory(tomllib.loads(GOOD), {})
    assert wrong == []
    assert found.channels["team"].missing == ("SLACK_TOKEN",)
    assert found.forges[0].missing == ("GITHUB_TOKEN",)


def test_every_fault_is_said_at_once() -> None:
    assert [(each.where, each.text, each.help) for each in faults(WRONG)] == SAID


def test_tables_are_tables() -> None:
    assert [each.where for each in faults("channels = 1\nforges = []\nserver = 'x'")] == [
        "server",
        "channels",
        "forges",
    ]
    assert [each.text for each in faults("[channels]\na = 1\n[forges]\ngithub = 2")] == [
        "must be a table"
    ] * 2


def test_secrets_are_hidden_however_they_are_written() -> None:
    secrets = ("p@ss word", "abcd")
    text = "p@ss word p%40ss%20word p%40ss+word abcd cEBzcyB3b3Jk"
    assert hidden(text, secrets) == "*** *** *** *** ***"
    assert hidden("an abc", ("a",)) == "an abc"  # it would hide half of every text


def test_the_terminal_shows_a_line_and_where_to_answer(opens: Opens) -> None:
    lab = opens({"channels": {"here": {"kind": "terminal"}}})
    run_id = lab.start(
        "name: gated\nstages:\n  - {name: prod, run: 'true', requires_approval: true}\n"
    )
    asked = lab.asked(run_id)
    lab.told()
    assert lab.said[0].splitlines() == [
        f"\a* Approval {asked} is needed: prod of gated (run {run_id})",
        f"    http://127.0.0.1:7878/approvals/{asked}",
        f"    orchestrate approval show {asked}",
        f'    orchestrate approval approve {asked} --comment "..."',
        f'    orchestrate approval reject {asked} --reason "..."',
    ]
