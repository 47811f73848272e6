"""What a template writes is run for real: init, then run, in a repository of its own."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.templates.project import SOURCES, Project, begin

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]
STACKS = tuple(SOURCES)


def run(project: Project, name: str, *words: str, code: int = 0) -> dict[str, Any]:
    """Run a template's pipeline to its end, or to its gate; the run as the API tells it."""
    said = project.orchestrate(
        "pipeline", "run", f"pipelines/{name}.yaml", *words, "-o", "json", code=code
    )
    found: dict[str, Any] = json.loads(said)
    return found


def statuses(found: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["status"] for each in found["stages"]}


def outputs(found: dict[str, Any], stage: str) -> dict[str, Any]:
    values: dict[str, Any] = next(e["outputs"] for e in found["stages"] if e["name"] == stage)
    return values


def artifacts(project: Project, key: str) -> Path:
    return project.root / ".orchestrate/attempts" / key / "artifacts"


@pytest.mark.parametrize("stack", STACKS)
def test_ci(tmp_path: Path, stack: str) -> None:
    """A linter, tests and a build that are real: the second change breaks, and they say so."""
    project = begin(tmp_path / "shop", stack)
    project.init("ci")
    found = run(project, "ci")
    assert set(statuses(found).values()) == {"succeeded"}, statuses(found)
    built = artifacts(project, "1.build.1") / outputs(found, "build")["artifact"]
    assert tarfile.is_tarfile(built)
    broken = {
        "none": "broken.sh", "python": "broken.py", "node": "broken.js", "go": "broken.go",
        "rust": "src/main.rs",
    }  # fmt: skip
    project.write({broken[stack]: "if ((( then\n"})
    found = run(project, "ci", code=1)
    assert statuses(found) == {"lint": "failed", "test": "skipped", "build": "skipped"}


def test_ci_of_tests_that_fail(tmp_path: Path) -> None:
    project = begin(tmp_path / "shop")
    project.init("ci")
    project.write({"tests/first.sh": "test -f README.md\n"})
    found = run(project, "ci", code=1)
    assert statuses(found) == {"lint": "succeeded", "test": "failed", "build": "skipped"}
    project.write({"README.md": "# A shop\n"})
    assert outputs(run(project, "ci"), "test") == {"tests": "1"}


def test_ci_of_python_without_tests(tmp_path: Path) -> None:
    project = begin(tmp_path / "shop")
    project.write({"app.py": "print(1)\n"})
    project.init("ci")
    found = run(project, "ci")
    assert statuses(found) == {"lint": "succeeded", "test": "skipped", "build": "succeeded"}
    reason = next(each["reason"] for each in found["stages"] if each["name"] == "test")
    assert reason["text"] == "there are no tests yet; put one into tests/test_first.py"


@pytest.mark.parametrize("lack", ["go", "rust"])
def test_ci_without_the_tools_says_how_to_get_them(tmp_path: Path, lack: str) -> None:
    """A stack whose tools are missing cannot pass unseen: it is not configured, and says so."""
    project = begin(tmp_path / "shop")
    project.write(SOURCES[lack])
    project.init("ci")
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "bash", "git", "xargs", "mktemp"):
        real = shutil.which(name)
        if real is not None:
            (tools / name).symlink_to(real)
    project.environ["PATH"] = str(tools)
    found = run(project, "ci", code=1)
    reason = next(each["reason"] for each in found["stages"] if each["name"] == "lint")
    assert reason["code"] == "config"
    assert "is not installed: " in reason["text"]


def test_cd(tmp_path: Path) -> None:
    """Staging, the gate, production; then a change that the smoke test refuses, and back."""
    project = begin(tmp_path / "shop")
    project.write({"site/index.html": "<h1>A shop</h1>\n"})
    project.init("cd")
    project.commit("A shop")
    found = run(project, "cd", "--no-wait-approval", code=3)
    assert statuses(found)["deploy-production"] == "waiting_approval"
    live = project.root / ".deployed"
    assert not (live / "production/current").exists()
    project.orchestrate("approval", "approve", "1", "--comment", "LGTM")
    found = json.loads(project.orchestrate("pipeline", "status", "1", "-o", "json"))
    assert set(statuses(found).values()) == {"succeeded"}
    first = outputs(found, "deploy-production")["release"]
    page = live / "production/current/site/index.html"
    assert page.read_text() == "<h1>A shop</h1>\n"

    smoke = project.root / "pipelines/cd/smoke.sh"
    smoke.write_text(smoke.read_text() + '\n! grep -r broken "$root/current/site"\n')
    project.write({"site/index.html": "<h1>broken</h1>\n"})
    project.commit("Break it")
    found = run(project, "cd", "--no-wait-approval", code=1)
    assert statuses(found)["smoke-staging"] == "failed"
    assert found["rollback"]["status"] == "succeeded"
    assert (live / "staging/current").readlink().name == first
    assert (live / "production/current").readlink().name == first
    assert project.git("status", "--porcelain", ".deployed") == ""


VERSIONS = {
    "none": ("VERSION", "0.1.0"), "python": ("pyproject.toml", "0.3.0"),
    "node": ("package.json", "0.3.0"), "go": (None, "0.1.0"), "rust": ("Cargo.toml", "0.3.0"),
}  # fmt: skip


@pytest.mark.parametrize("stack", STACKS)
def test_release(tmp_path: Path, stack: str) -> None:
    """A version, a changelog from the commits, a commit and a tag; twice, and then nothing."""
    project = begin(tmp_path / "shop", stack)
    project.init("release")
    file, version = VERSIONS[stack]
    if stack != "none":  # that one begins with no commit at all
        project.commit("feat: a shop")
    run(project, "release")
    assert project.git("describe") == f"v{version}"
    if stack == "none":
        project.commit("the rest")
    project.write({"new.txt": "new\n"})
    project.commit("feat: something new")
    found = run(project, "release")
    major, minor, _ = version.split(".")
    new = f"{major}.{int(minor) + 1}.0"
    assert outputs(found, "release") == {"tag": f"v{new}"}
    assert project.git("describe") == f"v{new}"
    assert project.git("status", "--porcelain", "--untracked-files=no") == ""
    if file is not None:
        assert f'{new}"' in (text := (project.root / file).read_text()) or text == f"{new}\n"
    log = (project.root / "CHANGELOG.md").read_text()
    assert log.startswith(f"# Changelog\n\n## [{new}] - ")
    assert "- feat: something new (" in log
    assert f"\n## [{version}] - " in log
    if stack == "none":  # how it is found out is the same for all
        found = run(project, "release")
        assert set(statuses(found).values()) == {"skipped"}


def test_a_release_that_fails_leaves_no_trace(tmp_path: Path) -> None:
    project = begin(tmp_path / "shop")
    project.write({"CHANGELOG.md": "# Changelog\n\nOurs.\n", "VERSION": "2.0.0\n"})
    project.init("release")
    project.commit("feat: a shop")
    before = project.git("rev-parse", "HEAD")
    found = run(project, "release", "--var", "push=yes", code=1)  # there is no `origin`
    assert found["rollback"]["status"] == "succeeded"
    assert project.git("rev-parse", "HEAD") == before
    assert project.git("tag") == ""
    assert project.git("status", "--porcelain") == ""


def test_a_release_of_uncommitted_changes_is_refused(tmp_path: Path) -> None:
    project = begin(tmp_path / "shop")
    project.write({"a.txt": "a\n"})
    project.init("release")
    project.commit("feat: a shop")
    project.write({"a.txt": "b\n"})
    found = run(project, "release", code=1)
    assert found["reason"]["text"] == (
        "stage `bump` failed: there are changes that are not committed; see: git status"
    )


@pytest.mark.parametrize("stack", ["none", "python", "node"])
def test_security(tmp_path: Path, stack: str) -> None:
    """Nothing is found in what is sound; a key is found, reported, and fails the run."""
    project = begin(tmp_path / "shop", stack)
    project.init("security", "--set", "fetch=no")
    found = run(project, "security")
    assert statuses(found) == {"scan": "succeeded", "report": "succeeded", "fix": "skipped"}
    report = project.root / ".security/report.md"
    assert report.read_text().startswith("# Security report\n\nScanned with: built-in")
    assert report.read_text().endswith("\n\nNothing was found.\n")
    if shutil.which("detect-secrets") is None:
        assert "- not asked: detect-secrets is not here; get it with: " in report.read_text()
    if stack != "none":  # what follows is the same for all
        return
    key = "-----BEGIN " + "PRIVATE KEY-----\n"
    project.write({"deploy.key": key, "open.txt": "x\n"})
    (project.root / "open.txt").chmod(0o666)
    found = run(project, "security", code=1)
    assert statuses(found) == {"scan": "succeeded", "report": "succeeded", "fix": "failed"}
    assert outputs(found, "scan")["serious"] == 1
    said = report.read_text()
    assert "| high | built-in | deploy.key:1 | a key or a token |" in said
    assert "| medium | built-in | open.txt | everybody on this machine may write it |" in said
    assert (artifacts(project, "2.report.1") / "report.md").read_text() == said
    logs = project.orchestrate("pipeline", "logs", "2", "fix")
    assert "Mend it so: chmod o-w 'open.txt'" in logs
