"""The dashboard's own tests: its types hold, and its logic does what its stories say."""

from __future__ import annotations

import runpy
import subprocess
from pathlib import Path

import pytest

from tests.browser.conftest import unable

DASHBOARD = Path(__file__).parent.parent.parent / "dashboard"
WAIT_S = 110


@pytest.fixture(scope="module")
def node() -> list[str]:
    found = runpy.run_path(str(DASHBOARD / "build.py"))["node"]()
    if found is None or not (DASHBOARD / "node_modules/typescript").is_dir():
        unable("there is no Node that can build it, or no modules (make ui)")
    words: list[str] = found[0]
    return words


def run(*words: str) -> None:
    done = subprocess.run(
        words, cwd=DASHBOARD, capture_output=True, text=True, timeout=WAIT_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_type_holds(node: list[str]) -> None:
    run(*node, "node_modules/typescript/bin/tsc", "--noEmit")


def test_the_logic_does_what_its_stories_say(node: list[str]) -> None:
    vite = "node_modules/vite/bin/vite.js"
    run(*node, vite, "build", "--config", "vite.tests.ts", "--logLevel", "warn")
    run(*node, "--test", *sorted(str(each) for each in (DASHBOARD / ".tests").glob("*.js")))
