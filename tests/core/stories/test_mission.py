"""The mission's pipeline, lived through: it succeeds, it goes back, people refuse, or sleep."""

from __future__ import annotations

from orchestrate.core.condition import Facts
from orchestrate.core.pipeline import Compensation, OnFailure
from tests.core.stories.story import Story, gate, stage

DAY_S = 86_400.0


def feature_complete() -> Story:
    """As the language resolves it: implied order, parallel_with, rollback targets."""
    undo = Compensation(agent="deployer", task="Roll back: Deploy to ${environment}")
    story = Story(
        stage("validate", agent="regression-tester", task="Run full test suite"),
        stage("security-scan", agent="security-scanner", task="Run security analysis"),
        stage(
            "deploy-staging",
            "validate security-scan",
            agent="deployer",
            task="Deploy to ${environment}",
            environment="staging",
            rollback=undo,
        ),
        stage(
            "smoke-test",
            "deploy-staging",
            agent="smoke-tester",
            task="Run smoke tests on staging",
            on_failure=OnFailure.ROLLBACK,
            rollback_to="deploy-staging",
        ),
        stage(
            "deploy-prod",
            "smoke-test",
            agent="deployer",
            task="Deploy to production",
            environment="production",
            gate=gate("leads", "ops"),
            rollback=undo,
        ),
    )
    facts = Facts(event="pull_request.merged", branch="main", actor="eve")
    return story.start(by="webhook", facts=facts, variables={"environment": "staging"})


def test_it_succeeds() -> None:
    story = feature_complete().live("validate", "security-scan").ends("security-scan")
    story.live("validate").ends("validate").live("deploy-staging").ends("deploy-staging")
    story.live("smoke-test").ends("smoke-test").live().gates("deploy-prod")
    story.run("waiting_approval").approves("bob").run("running").live("deploy-prod")
    story.ends("deploy-prod").run("succeeded")


def test_a_failing_smoke_test_undoes_staging() -> None:
    story = feature_complete().ends("validate", "security-scan", "deploy-staging")
    story.fails("smoke-test").live("undo deploy-staging").run("running").gates()
    undoing = story.state.stages["deploy-staging"].compensations[0]
    assert undoing.task == "Roll back: Deploy to staging"
    story.ends("undo deploy-staging")
    story.undone("succeeded", **{"smoke-test": "skipped", "deploy-staging": "succeeded"})
    story.run("failed", "stage `smoke-test` failed: exit code 1")
    words = "it needs `smoke-test`, which did not succeed"
    story.has("deploy-prod", "skipped", words).has("deploy-staging", "succeeded")


def test_a_failing_scan_lets_validation_finish_and_deploys_nothing() -> None:
    story = feature_complete().fails("security-scan").live("validate").ends("validate")
    story.run("failed").all("skipped", "deploy-staging", "smoke-test", "deploy-prod")


def test_a_person_refuses() -> None:
    story = feature_complete().ends("validate", "security-scan", "deploy-staging", "smoke-test")
    story.rejects("dee", "Needs more testing").has("deploy-prod", "failed")
    words = "stage `deploy-prod` failed: rejected by dee: Needs more testing"
    story.run("failed", words).has("deploy-staging", "succeeded")


def test_everybody_sleeps() -> None:
    story = feature_complete().ends("validate", "security-scan", "deploy-staging", "smoke-test")
    story.after(DAY_S).closed(1, "expired", "nobody decided within 86400 s").run("failed")


def test_it_is_cancelled_while_it_waits() -> None:
    story = feature_complete().ends("validate", "security-scan", "deploy-staging", "smoke-test")
    story.cancels("ann").closed(1, "withdrawn").run("cancelled")
    story.has("deploy-prod", "cancelled", "the run was cancelled")


def test_it_is_rolled_back_by_hand_after_its_success() -> None:
    story = feature_complete().ends("validate", "security-scan", "deploy-staging", "smoke-test")
    story.approves("bob").ends("deploy-prod").rolls_back(to="deploy-staging", by="ann")
    story.live("undo deploy-prod").ends("undo deploy-prod").live("undo deploy-staging")
    story.ends("undo deploy-staging").run("succeeded")
