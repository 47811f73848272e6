"""Who may tell us of events: what `[webhooks.NAME]` and the environment say of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrate.cli import settings
from orchestrate.cli.failure import Failure
from orchestrate.cli.sources import sources_from, variable
from orchestrate.engine.forges.source import Source, Words

NO_ENVIRON: dict[str, str] = {}


def told(root: Path, text: str, environ: dict[str, str] = NO_ENVIRON) -> settings.Settings:
    (root / "orchestrate.toml").write_text(text)
    home = {"ORCHESTRATE_HOME": str(root / ".orchestrate"), "HOME": str(root)}
    return settings.read({**home, **environ}, root)


def found(root: Path, name: str, text: str = "", **environ: str) -> Source | None:
    return sources_from(told(root, text, environ))(name)


def test_a_secret_in_the_environment_makes_a_source(tmp_path: Path) -> None:
    environ = {
        "ORCHESTRATE_WEBHOOK_SECRET_GITHUB": "a",
        "ORCHESTRATE_WEBHOOK_SECRET_GITLAB": "b",
        "ORCHESTRATE_WEBHOOK_SECRET_MY_CI": "c",
        "ORCHESTRATE_WEBHOOK_SECRET_EMPTY": "",
    }
    seen = {name: found(tmp_path, name, **environ) for name in ("github", "gitlab", "my-ci")}
    assert seen == {
        "github": Source(name="github", secrets=("a",), words=Words.GITHUB),
        "gitlab": Source(name="gitlab", secrets=("b",), words=Words.GITLAB),
        "my-ci": Source(name="my-ci", secrets=("c",)),
    }
    assert found(tmp_path, "empty", **environ) is None
    assert found(tmp_path, "nobody", **environ) is None
    assert variable("my.ci-2") == "ORCHESTRATE_WEBHOOK_SECRET_MY_CI_2"


FILE = """
[webhooks.forgejo]
like = "github"
secret = ["fresh", "old"]

[webhooks.ci]
secret = "s"
signature = "X-Signature"
delivery = "X-Number"
event = "/phase"
facts = {branch = "/build/branch", repository = "acme/shop"}

[webhooks.later]
event = "deployed"
"""


def test_the_file_says_the_rest(tmp_path: Path) -> None:
    assert found(tmp_path, "forgejo", FILE) == Source(
        name="forgejo", secrets=("fresh", "old"), words=Words.GITHUB
    )
    assert found(tmp_path, "ci", FILE) == Source(
        name="ci", secrets=("s",), signature="X-Signature", delivery="X-Number", event="/phase",
        facts={"branch": "/build/branch", "repository": "acme/shop"},
    )  # fmt: skip
    assert found(tmp_path, "later", FILE) is None, "without a secret it does not exist"
    later = found(tmp_path, "later", FILE, ORCHESTRATE_WEBHOOK_SECRET_LATER="x")
    assert later == Source(name="later", secrets=("x",), event="deployed")
    both = found(tmp_path, "ci", FILE, ORCHESTRATE_WEBHOOK_SECRET_CI="y")
    assert both is not None
    assert both.secrets == ("y",), "the environment beats the file"


@pytest.mark.parametrize(
    ("text", "what", "help_"),
    [
        ("webhooks.ci = 7", "webhooks.ci must be a table", "write [webhooks.ci]"),
        ('[webhooks."a b"]', "webhooks.a b is no name of a source", "letters, digits"),
        ('[webhooks.ci]\nsecrt = "x"', "webhooks.ci: `secrt` is not known", "mean `secret`?"),
        ('[webhooks.ci]\nlike = "svn"', "like must be one of github, gitlab, json", ""),
        ("[webhooks.ci]\nsecret = 7", "secret must be a text, or a list of texts", ""),
        ('[webhooks.ci]\nsecret = ["a", ""]', "secret must be a text, or a list of texts", ""),
        ('[webhooks.ci]\nsecret = "whsec_?"', "begins with whsec_ and goes on in no base64", ""),
        ('[webhooks.ci]\nsignature = "X Y"', "signature must be the name of a header", "such as"),
        ('[webhooks.ci]\nsignature = "X"\ntoken = "Y"', "has a signature and a token", "keep"),
        ("[webhooks.ci]\nfacts = {branch = 7}", "facts.branch must be a text", "JSON pointer"),
        ('[webhooks.ci]\nevent = "/a/*/b/*"', "event has more than one `*`", "JSON pointer"),
        ('[webhooks.github]\nevent = "/x"', "event is for words of your own", "github has its"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str, what: str, help_: str) -> None:
    """At the start: a source that is read wrongly opens a door, or closes one."""
    with pytest.raises(Failure) as failure:
        sources_from(told(tmp_path, text))
    assert what in failure.value.what
    assert help_ in failure.value.help
    assert failure.value.code == 2


def test_the_file_is_read_again_when_it_changes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sources = sources_from(told(tmp_path, '[webhooks.ci]\nsecret = "one"'))
    file = tmp_path / "orchestrate.toml"

    def rewrite(text: str, at: int) -> None:
        file.write_text(text)
        os.utime(file, ns=(at, at))

    rewrite('[webhooks.ci]\nsecret = "two"', 1_000_000_000)
    assert (sources("ci") or Source(name="", secrets=())).secrets == ("two",)
    rewrite("[webhooks.ci]\nsecret = 7", 2_000_000_000)
    assert (sources("ci") or Source(name="", secrets=())).secrets == ("two",)
    assert "the webhooks stay as they were" in caplog.text
    rewrite("", 3_000_000_000)
    assert sources("ci") is None
