"""The examples of `docs/cli.md`, run one after the other as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.conftest import WAIT_S, Project

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
_FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    line: int
    command: str
    shown: str


def examples(text: str) -> list[Example]:
    found = []
    for block in _FENCED.finditer(text):
        if block[1] == "console":
            line = text.count("\n", 0, block.start(2)) + 1
            for part in re.split(r"^\$ ", block[2], flags=re.MULTILINE)[1:]:
                command, _, shown = part.partition("\n")
                found.append(Example(line, command, shown.rstrip("\n")))
    return found


def files(text: str) -> dict[str, str]:
    """The blocks of YAML, by the name that stands before them."""
    named = {"release": "release.yaml", "agents": "orchestrate.yaml"}
    blocks = [block[2] for block in _FENCED.finditer(text) if block[1] == "yaml"]
    return {
        next(file for word, file in named.items() if word in block.split("\n")[0]): block
        for block in blocks
    }


def same(text: str) -> str:
    """Without what differs from one life to the next: times, chance, names of machines."""
    text = re.sub(r"\d\d:\d\d:\d\d", "TIME", text)
    text = re.sub(r"\d{4}-\d\d-\d\d", "DATE", text)
    text = re.sub(
        r"\b(\d+d )?(\d+h )?(\d+m )?\d+(\.\d+)?s\b|\b\d+d \d+h\b|\b\d+h \d+m\b", "LONG", text
    )
    text = re.sub(r"\b[0-9a-f]{64}\b", "HASH", text)
    text = re.sub(r"orc_\S+", "TOKEN", text)
    text = re.sub(r"agent-test-\w+", "agent-test-HEX", text)
    text = re.sub(r"Python [\d.]+, SQLite [\d.]+", "Python, SQLite", text)
    return re.sub(r"  +", "  ", text).strip()


@pytest.fixture
def shop(project: Project, tmp_path: Path) -> Project:
    for name, text in files(PAGE.read_text(encoding="utf-8")).items():
        project.write(name, text)
    tool = tmp_path / "bin" / "orchestrate"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m orchestrate "$@"\n')
    tool.chmod(0o755)
    return project


def ask(shop: Project, command: str) -> str:
    path = f"{shop.root / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", f"{{ {command}; }} 2>&1"], cwd=shop.root, env=shop.environ(PATH=path),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=WAIT_S,
    )  # fmt: skip
    user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    return re.sub(rf"\b{re.escape(user)}\b", "ann", done.stdout)


@pytest.mark.slow
def test_the_examples_are_true(shop: Project) -> None:
    text = PAGE.read_text(encoding="utf-8")
    begun = time.monotonic()
    for example in examples(text):
        shown = ask(shop, example.command)
        assert same(shown) == same(example.shown), f"{PAGE.name}:{example.line}: {example.command}"
    assert time.monotonic() - begun < WAIT_S * 3


def test_every_verb_is_on_the_page() -> None:
    from orchestrate.cli.commands import agent, approval, pipeline, root, token

    text = PAGE.read_text(encoding="utf-8")
    # What these do is told where it belongs: templates, events, notifications, the dashboard.
    elsewhere = {"audit", "demo", "event", "hook", "init", "notification", "open", "test", "worker"}
    for group in (root, pipeline, approval, agent, token):
        for name in set(group.rooms) - elsewhere:
            words = name if group is root else f"{group.name} {name}"
            assert words in text, f"`{words}` is not documented"
