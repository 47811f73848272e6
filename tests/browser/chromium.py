"""The browser that is there already, started so that it does nothing on its own account."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def path() -> str | None:
    """Where a Chromium is; ORCHESTRATE_CHROMIUM names another."""
    named = os.environ.get("ORCHESTRATE_CHROMIUM")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """With a profile of its own that is gone afterwards."""
    found = path()
    assert found is not None, "there is no Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        try:
            yield opened
        finally:
            opened.close()
