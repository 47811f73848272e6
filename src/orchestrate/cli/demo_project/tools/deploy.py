"""The demo's deployer: puts a commit where it is served from, or takes it back.

    deployed/<environment>/releases/<run>-<commit>/   one folder per deployment
    deployed/<environment>/current                    a link to the one that is live

With ORCHESTRATE_MODE=rollback it makes the release before this run's live again.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Deploy or roll back, as the mode says; the release is an output of the stage."""
    context = json.loads(Path(os.environ["ORCHESTRATE_CONTEXT"]).read_text(encoding="utf-8"))
    home = Path("deployed") / context["stage"]["environment"]
    print(f"task: {sys.stdin.read()}")
    if os.environ["ORCHESTRATE_MODE"] == "rollback":
        return roll_back(home, context["run"]["id"])
    return deploy(home, context["run"]["id"], context["event"]["sha"] or "HEAD")


def deploy(home: Path, run: int, commit: str) -> int:
    """Make the commit's page, beside the earlier ones, and switch to it at once."""
    sha = git("rev-parse", "--short", commit)
    release = home / "releases" / f"{run}-{sha}"
    release.mkdir(parents=True, exist_ok=True)
    template = release / "page.html"
    template.write_text(git("show", f"{sha}:site/page.html"), encoding="utf-8")
    sys.path.insert(0, ".")
    from shop.page import page

    (release / "index.html").write_text(page(template, sha), encoding="utf-8")
    before = live(home)
    (release / "previous").write_text(before, encoding="utf-8")
    switch(home, release.name)
    print(f"{home.name}: {before or 'nothing'} -> {release.name}")
    with Path(os.environ["ORCHESTRATE_OUTPUT"]).open("a", encoding="utf-8") as output:
        output.write(f"release={release.name}\nprevious={before}\n")
    return 0


def roll_back(home: Path, run: int) -> int:
    """Make live what was live before this run deployed."""
    for release in sorted((home / "releases").glob(f"{run}-*")):
        before = (release / "previous").read_text(encoding="utf-8")
        switch(home, before)
        print(f"{home.name}: {release.name} -> {before or 'nothing'} (rolled back)")
        shutil.rmtree(release)
    return 0


def live(home: Path) -> str:
    """The name of the release that is served, empty if none is."""
    current = home / "current"
    return current.readlink().name if current.is_symlink() else ""


def switch(home: Path, name: str) -> None:
    """Serve another release; there is no moment without one."""
    current = home / "current"
    if not name:
        current.unlink(missing_ok=True)
        return
    fresh = home / "next"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(Path("releases") / name)
    fresh.rename(current)


def git(*words: str) -> str:
    """What git says."""
    return subprocess.run(
        ["git", *words], check=True, capture_output=True, text=True
    ).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
