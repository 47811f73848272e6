"""One browser and one server for all tests here; a page of a test that logs an error fails it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from orchestrate.web.pages import BUILT
from tests.browser import chromium
from tests.browser.served import Served
from tests.browser.stage import furnish

DESK = ViewportSize(width=1280, height=860)
PHONE = ViewportSize(width=390, height=844)
NEEDED = "CI" in os.environ
"""Where there has to be a browser, its absence is a failure."""


def unable(why: str) -> None:
    if NEEDED:
        pytest.fail(why)
    pytest.skip(f"THE DASHBOARD IS NOT TESTED HERE: {why}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if chromium.path() is None:
        unable("there is no Chromium (apt-get install chromium)")
    if not (BUILT / "index.html").is_file():
        unable("it is not built (make ui)")
    with chromium.browser() as opened:
        yield opened


@pytest.fixture(scope="session")
def shop(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with something to see, shared."""
    served = Served(tmp_path_factory.mktemp("shop") / "shop")
    yield served
    served.stop()


@pytest.fixture(scope="session")
def runs(shop: Served) -> dict[str, int]:
    return furnish(shop)


@pytest.fixture
def own(browser: Browser, tmp_path: Path) -> Iterator[Served]:
    """A server of the test's own, to be killed or counted."""
    served = Served(tmp_path / "own")
    yield served
    served.stop()


Opened = Callable[..., Page]
LET_IN_S = 15.0


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opened]:
    """Open a page of a server, let in by a link. Errors on its console fail the test."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def enter(
        served: Served, path: str = "/", *, size: ViewportSize = DESK, scheme: str = "light"
    ) -> Page:
        context = browser.new_context(
            viewport=size,
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.on("request", lambda each: _at_home(each.url, served, faults))
        page.on(
            "console",
            lambda said: faults.append(said.text) if said.type == "error" else None,
        )
        page.goto(served.link(path))
        _let_in(page)
        return page

    yield enter
    for context in contexts:
        context.close()
    # A server that is killed refuses, or resets: the page says so, and so does the console.
    dead = ("ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET")
    real = [each for each in faults if not any(word in each for word in dead)]
    real = [each for each in real if "status of 4" not in each]  # an answer, shown on the page
    # The browser's own typing sets a style, is told not to, and the editor draws the text anew.
    real = [each for each in real if not each.startswith("Applying inline style violates")]
    assert not real, real


def _let_in(page: Page) -> None:
    """Wait for the key that the link is exchanged for; whoever goes on before has none."""
    deadline = time.monotonic() + LET_IN_S
    while page.evaluate("sessionStorage.getItem('orchestrate-token')") is None:
        assert time.monotonic() < deadline, "the link lets nobody in"
        page.wait_for_timeout(20)


def _at_home(url: str, served: Served, faults: list[str]) -> None:
    """A page that reaches outside this machine is a fault of a tool that needs no network."""
    if not url.startswith((served.url, "blob:")):
        faults.append(f"it asks somebody else: {url}")
