"""`docs/notifications.md` says what is: its settings are meant, its code checks a real webhook."""

from __future__ import annotations

import random
import re
import tomllib
from pathlib import Path
from typing import Any

from orchestrate.engine.notify.channels import BY_DEFAULT, Kind, Occasion
from orchestrate.engine.notify.patience import Patience
from orchestrate.engine.notify.written import _CHANNEL, _FORGE, directory
from tests.notify.conftest import ENVIRON, SECRET, Opens, hook
from tests.notify.receiver import Receiver

STILL = random.Random(0)
STILL.random = lambda: 0.0  # type: ignore[method-assign]
PAGE = (Path(__file__).parents[2] / "docs" / "notifications.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def test_the_settings_on_the_page_are_meant() -> None:
    written = tomllib.loads(block("toml"))
    names = set(re.findall(r"\$\{(\w+)\}", block("toml")))
    found, faults = directory(written, dict.fromkeys(names, "x-1234"))
    assert faults == []
    assert [each.kind for each in found.channels.values()] == [
        Kind.APPRISE,
        Kind.APPRISE,
        Kind.WEBHOOK,
        Kind.TERMINAL,
    ]
    assert [each.name for each in found.forges] == ["forges.github"]


def test_the_code_on_the_page_knows_a_genuine_webhook(opens: Opens, receiver: Receiver) -> None:
    lab = opens(hook(receiver, events=["*"]), environ=ENVIRON)
    lab.start("name: quick\nstages:\n  - {name: a, run: 'true'}\n")
    (request,) = receiver.until(1)
    room: dict[str, Any] = {}
    exec(compile(block("python"), "docs/notifications.md", "exec"), room)  # noqa: S102
    assert room["genuine"](request.headers, request.body, SECRET)
    assert not room["genuine"](request.headers, request.body + b" ", SECRET)
    assert not room["genuine"](request.headers, request.body, "another")
    keys = {"id", "type", "timestamp", "title", "text", "url", "run"}
    assert request.data.keys() == keys


def test_every_event_and_every_key_is_on_the_page() -> None:
    for each in Occasion:
        assert f"`{each.value}`" in PAGE
    for key in {*_CHANNEL, *_FORGE}:
        assert f"`{key}`" in PAGE, key
    said = re.search(r"without it `(\[[^`]*\])`", PAGE)
    assert said is not None
    assert tuple(re.findall(r'"([^"]+)"', said[1])) == BY_DEFAULT


def test_the_patience_is_that_of_the_page() -> None:
    patience = Patience()
    waits = [patience.wait_s(n, None, STILL) for n in range(1, patience.attempts_max + 1)]
    assert waits[:3] == [5.0, 15.0, 45.0]
    assert waits[-1] is None
    hours = sum(each for each in waits if each) / 3_600
    assert 3.0 < hours < 4.5
    assert (patience.attempts_max, patience.deadline_s) == (10, 30.0)
    assert "10 attempts over about\nfour hours" in PAGE
