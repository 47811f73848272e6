"""`make screenshots`: pictures of the dashboard, taken from the product itself.

`python -m tests.browser.screenshots DIRECTORY` takes every page in both themes and on a phone.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser.chromium import browser
from tests.browser.served import Served
from tests.browser.stage import furnish

README = Path(__file__).parent.parent.parent / "docs/images"
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
SETTLE_MS = 900


def main() -> None:
    """The two pictures of the README, or all of them into a directory."""
    with tempfile.TemporaryDirectory() as directory:
        served = Served(Path(directory) / "shop")
        try:
            runs = furnish(served)
            with browser() as opened:
                if len(sys.argv) > 1:
                    everything(opened, served, runs, Path(sys.argv[1]))
                else:
                    for_readme(opened, served, runs)
        finally:
            served.stop()


def pages(runs: dict[str, int]) -> dict[str, str]:
    return {
        "pipelines": "/pipelines",
        "pipeline": "/pipelines/feature-complete",
        "definition": "/pipelines/feature-complete?tab=definition",
        "revisions": "/pipelines/nightly?tab=revisions",
        "about-pipeline": "/pipelines/nightly?tab=about",
        "new": "/new",
        "runs": "/runs",
        "run-waits": f"/runs/{runs['waits']}",
        "run-back": f"/runs/{runs['back']}",
        "run-stage": f"/runs/{runs['good']}?stage=validate",
        "run-list": f"/runs/{runs['warned']}?view=list",
        "approvals": "/approvals",
        "approval": "/approvals/1",
        "events": "/events",
        "event": "/events/1",
        "agents": "/agents",
        "about": "/about",
    }


def everything(opened: Browser, served: Served, runs: dict[str, int], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name, size, scheme in (
        ("light", DESK, "light"),
        ("dark", DESK, "dark"),
        ("phone", PHONE, "light"),
    ):
        page = let_in(opened, served, size, scheme)
        for title, address in pages(runs).items():
            shoot(page, served.url + address, out / f"{title}-{name}.png")
        shoot(page, served.url + "/pipelines", out / f"run-dialog-{name}.png", press="Run release")
        page.context.close()


def for_readme(opened: Browser, served: Served, runs: dict[str, int]) -> None:
    README.mkdir(parents=True, exist_ok=True)
    page = let_in(opened, served, {"width": 1120, "height": 620}, "light")
    shoot(page, f"{served.url}/runs/{runs['back']}", README / "run.png")
    page.context.close()
    page = let_in(opened, served, {"width": 1120, "height": 620}, "dark")
    shoot(page, f"{served.url}/approvals", README / "approval.png", press="Review")
    page.context.close()


def let_in(opened: Browser, served: Served, size: dict[str, int], scheme: str) -> Page:
    context = opened.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(served.link())
    page.get_by_role("heading", level=1).first.wait_for()
    return page


def shoot(page: Page, address: str, to: Path, press: str = "") -> None:
    page.goto(address)
    page.get_by_role("heading", level=1).first.wait_for()
    if press:
        page.get_by_role("button", name=press).first.click()
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=to)


if __name__ == "__main__":
    main()
