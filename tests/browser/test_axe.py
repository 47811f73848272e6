"""WCAG 2.2 AA, as far as axe can see: nothing on any page, in either theme, nor on a phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import DESK, PHONE, Opened, unable
from tests.browser.screenshots import pages
from tests.browser.served import Served

AXE = Path(__file__).parent.parent.parent / "dashboard/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SETTLE_MS = 350


LOOKS = {
    "light": (DESK, RULES, ()),
    "dark": (DESK, ["color-contrast"], ()),
    "phone": (PHONE, RULES, ("pipelines", "run-waits", "run-stage", "approval", "definition")),
}
"""The size, the rules, the pages (all, unless some are named). A theme changes colours alone."""


def faults(page: Page, rules: list[str]) -> list[str]:
    kind = "rule" if rules == ["color-contrast"] else "tag"
    found = page.evaluate(
        "only => axe.run(document, {runOnly: only, resultTypes: ['violations']}).then(found =>"
        " found.violations.flatMap(each => each.nodes.map(node =>"
        " `${each.id}: ${node.html.slice(0, 160)} `"
        " + (node.any[0] || node.all[0] || node.none[0] || {message: each.help}).message)))",
        {"type": kind, "values": rules},
    )
    return [str(each) for each in found]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.timeout(240)
def test_axe_finds_nothing(shop: Served, runs: dict[str, int], opened: Opened, look: str) -> None:
    if not AXE.is_file():
        unable("axe-core is not installed (make ui)")
    size, rules, some = LOOKS[look]
    page = opened(shop, "/", size=size, scheme=look)
    script = AXE.read_text(encoding="utf-8")
    found: list[str] = []
    for name, address in pages(runs).items():
        if some and name not in some:
            continue
        page.goto(shop.url + address)
        page.get_by_role("heading", level=1).first.wait_for()
        page.wait_for_timeout(SETTLE_MS)
        page.evaluate(script)
        found += [f"{name}: {each}" for each in faults(page, rules)]
    page.goto(shop.url + "/pipelines")
    page.get_by_role("button", name="Run release").click()
    page.get_by_role("dialog").get_by_label("channel").wait_for()
    page.evaluate(script)
    found += [f"run dialog: {each}" for each in faults(page, rules)]
    assert not found, "\n".join(found)
