"""What people do with the dashboard, from the empty page to the approval, as they would do it."""

from __future__ import annotations

import re
import time

from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Opened
from tests.browser.served import FEATURE, Served


def write(page: Page, text: str) -> None:
    """Replace what is in the editor, as a paste would."""
    page.locator("[data-editor] .cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def stage(page: Page, name: str) -> str:
    found = page.locator(f".dag [data-stage='{name}']").get_attribute("data-status")
    return found or ""


def reaches(page: Page, name: str, status: str) -> None:
    expect(page.locator(f".dag [data-stage='{name}'][data-status='{status}']")).to_be_visible()


def test_from_the_editor_to_the_approval(own: Served, opened: Opened) -> None:
    """The mission's pipeline: written, saved, run, approved, and never a reload."""
    page = opened(own)
    expect(page.get_by_role("heading", name="There is no pipeline yet")).to_be_visible()
    page.get_by_role("link", name="New pipeline").click()
    write(page, FEATURE)
    expect(page.locator(".dag [data-stage=deploy-prod]")).to_be_visible()
    page.get_by_role("button", name="Create feature-complete").click()
    page.wait_for_url("**/pipelines/feature-complete")
    page.get_by_role("button", name="Run", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("5 of 5 stages would run, 1 gate would ask people.")).to_be_visible()
    dialog.get_by_label("Branch").fill("main")
    dialog.get_by_role("button", name="Start").click()
    page.wait_for_url(re.compile(r"/runs/1$"))
    reaches(page, "smoke-test", "Succeeded")
    reaches(page, "deploy-prod", "Needs approval")
    expect(page).to_have_title(re.compile("^Waiting for approval: feature-complete #1"))
    page.get_by_role("button", name="Review").click()
    expect(dialog).to_contain_text("Deploy to production")
    expect(dialog).to_contain_text("tests=240")
    expect(dialog).to_contain_text("If nobody answers, it is rejected.")
    dialog.get_by_label("Comment").fill("LGTM")
    dialog.get_by_role("button", name="Approve deploy-prod").click()
    reaches(page, "deploy-prod", "Succeeded")
    expect(page).to_have_title(re.compile("^Succeeded"))
    assert own.client.get("/api/approvals/1").data["decisions"][0]["comment"] == "LGTM"


def test_what_another_client_does_is_seen_at_once(
    shop: Served, runs: dict[str, int], opened: Opened
) -> None:
    run_id = shop.run("release", variables={"version": "2.0.0"})
    number = shop.pending(run_id)
    page = opened(shop, f"/runs/{run_id}")
    reaches(page, "publish", "Needs approval")
    shop.client.post(f"/api/approvals/{number}/approve", {"comment": "from elsewhere"})
    begin = time.monotonic()
    page.locator(".dag [data-stage=publish][data-status=Succeeded]").wait_for()
    assert time.monotonic() - begin < 3.0, "on a machine that does much else, too"


def test_a_rejection_needs_a_reason(shop: Served, runs: dict[str, int], opened: Opened) -> None:
    run_id = shop.run("release", variables={"version": "3.0.0"})
    page = opened(shop, f"/approvals/{shop.pending(run_id)}")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Reject", exact=True).click()
    send = dialog.get_by_role("button", name="Reject publish")
    expect(send).to_be_disabled()
    dialog.get_by_label("Reason").fill("The changelog is empty.")
    send.click()
    expect(dialog).to_have_count(0)
    assert shop.until(run_id, "failed")["status"] == "failed"


def test_a_rollback_by_hand_shows_its_plan_first(
    shop: Served, runs: dict[str, int], opened: Opened
) -> None:
    page = opened(shop, f"/runs/{runs['good']}")
    page.get_by_role("button", name="Roll back…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Back to and including").select_option("deploy-staging")
    plan = dialog.get_by_role("region", name="Plan")
    expect(plan.get_by_role("listitem")).to_have_count(3)
    expect(plan.get_by_role("listitem").first).to_contain_text("deploy-prod")
    dialog.get_by_label("Reason").fill("The price is wrong")
    dialog.get_by_role("button", name="Roll back", exact=True).click()
    reaches(page, "deploy-prod", "Rolled back")
    reaches(page, "deploy-staging", "Rolled back")
    expect(page.locator(".dag-lines path.undo").first).to_be_attached()


def test_a_failed_run_opens_on_its_cause(
    shop: Served, runs: dict[str, int], opened: Opened
) -> None:
    page = opened(shop, f"/runs/{runs['back']}")
    page.get_by_role("button", name="Show smoke-test").click()
    drawer = page.get_by_role("complementary")
    expect(drawer).to_contain_text("exit code 1")
    expect(drawer.get_by_role("log")).to_contain_text("the page answers 500")
    expect(page).to_have_url(re.compile("stage=smoke-test"))
    page.go_back()
    expect(drawer).to_have_count(0)


def test_a_log_line_has_an_address(shop: Served, runs: dict[str, int], opened: Opened) -> None:
    page = opened(shop, f"/runs/{runs['good']}?stage=validate")
    page.get_by_role("button", name="Link to line 3").click()
    expect(page).to_have_url(re.compile("line=3"))
    page.reload()
    expect(page.locator(".log-line.linked")).to_contain_text("PASSED tests/test_price.py")
    expect(page.locator(".log-line.linked .ink-green")).to_have_text("PASSED")
    page.get_by_label("Search the log").fill("ship")
    expect(page.locator(".log-line mark")).to_have_text("ship")


def test_it_comes_back_after_the_server_was_killed(own: Served, opened: Opened) -> None:
    """kill -9, and nothing that happened meanwhile is missing afterwards."""
    own.create(FEATURE)
    run_id = own.run("feature-complete")
    number = own.pending(run_id)
    page = opened(own, f"/runs/{run_id}")
    reaches(page, "deploy-prod", "Needs approval")
    own.kill()
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer")
    own.start()
    own.client.post(f"/api/approvals/{number}/approve", {})
    reaches(page, "deploy-prod", "Succeeded")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_three_faults_are_marked_where_they_are(
    shop: Served, runs: dict[str, int], opened: Opened
) -> None:
    page = opened(shop, "/pipelines/feature-complete?tab=definition")
    page.locator("[data-editor] .cm-line").first.wait_for()
    wrong = FEATURE.replace("timeout: 30m", "timeot: 30m").replace(
        "parallel_with: validate", "parallel_with: valdate"
    )
    write(page, wrong.replace("requires_approval: true", "requires_approval: maybe"))
    faults = page.get_by_role("region", name="What is wrong")
    expect(faults.get_by_role("heading")).to_have_text("3 faults")
    expect(faults.get_by_role("listitem").first).to_contain_text("timeot")
    expect(page.locator("[data-editor] .cm-lintRange-error").first).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Save"))).to_be_disabled()


def test_the_editor_offers_what_the_language_has(
    shop: Served, runs: dict[str, int], opened: Opened
) -> None:
    page = opened(shop, "/new")
    page.locator("[data-editor] .cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("    on_f")
    option = page.locator("[data-editor] .cm-tooltip-autocomplete [role=option]").first
    expect(option).to_contain_text("on_failure")


def test_who_saves_second_sees_both(own: Served, opened: Opened) -> None:
    own.create(FEATURE)
    page = opened(own, "/pipelines/feature-complete?tab=definition")
    page.locator("[data-editor] .cm-line").first.wait_for()
    write(page, FEATURE.replace("version: 1", "version: 7"))
    theirs = FEATURE.replace("version: 1", "version: 5")
    own.client.put("/api/pipelines/feature-complete", {"definition": theirs})
    page.get_by_role("button", name="Save as revision 2").click()
    both = page.get_by_role("region", name="Differences")
    expect(both).to_contain_text("version: 5")
    expect(both).to_contain_text("version: 7")
    page.get_by_role("button", name="Save mine over theirs").click()
    expect(page.get_by_text("Saved as revision 3")).to_be_visible()


def test_a_phone_and_one_thumb(shop: Served, runs: dict[str, int], opened: Opened) -> None:
    run_id = shop.run("release", variables={"version": "4.0.0"})
    shop.pending(run_id)
    page = opened(shop, f"/runs/{run_id}", size=PHONE)
    page.get_by_role("button", name="Review").click()
    dialog = page.get_by_role("dialog")
    send = dialog.get_by_role("button", name="Approve publish")
    send.scroll_into_view_if_needed()
    box = send.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert box["width"] > 300
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE["width"], "nothing sticks out"
    send.click()
    expect(page.locator("[data-stage=publish][data-status=Succeeded]")).to_be_visible()


def test_keys_alone_are_enough(shop: Served, runs: dict[str, int], opened: Opened) -> None:
    page = opened(shop, "/")
    page.get_by_role("heading", name="Pipelines").wait_for()
    page.keyboard.press("Control+k")
    page.keyboard.type(f"run {runs['good']} of")
    chosen = page.locator("[role=option][aria-selected=true]")
    expect(chosen).to_contain_text(f"Run {runs['good']} of")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/runs/{runs['good']}")
    page.locator(".dag [data-stage=validate]").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".dag [data-stage=deploy-staging]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary")).to_contain_text("deploy-staging")


def test_a_link_lets_in_once_and_leaving_ends_it(shop: Served, opened: Opened) -> None:
    page = opened(shop, "/about")
    assert "code" not in page.url, "the code does not stay in the address"
    stored = page.evaluate("[document.cookie, Object.keys(localStorage).length]")
    assert stored == ["", 0]
    page.get_by_role("button", name=re.compile("^Leave")).click()
    expect(page.get_by_text("This browser is not let in yet")).to_be_visible()


def test_what_comes_from_outside_is_text(own: Served, opened: Opened) -> None:
    """An event, a reason or an output can hold anything: it is shown, never obeyed."""
    evil = "<img src=x onerror=document.title=1>"
    own.create(
        f"name: evil\nvariables: {{v: '{evil}'}}\nstages:\n  - {{name: a, run: 'echo \"$v\"'}}\n"
    )
    run_id = own.run("evil", event={"actor": evil, "branch": evil})
    own.until(run_id, "succeeded", "failed")
    page = opened(own, f"/runs/{run_id}?stage=a")
    expect(page.get_by_role("log")).to_contain_text(evil)
    assert page.locator("img").count() == 0


def test_a_large_graph_is_drawn_at_once(own: Served, opened: Opened) -> None:
    from tests.browser.stage import wide

    own.create(wide("large", 20, 10))
    page = opened(own, "/pipelines/large?tab=about")
    page.locator(".dag .node").first.wait_for()
    assert page.locator(".dag .node").count() < 200, "what is out of sight is not drawn"
    expect(page.locator(".dag-map")).to_be_visible()
