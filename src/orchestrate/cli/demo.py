"""`orchestrate demo`: the whole way of a change, on a small repository, with real commands.

Everything it shows is done by the commands it prints; it decides, deploys and approves nothing
by any other road.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path

import click

MARK = ".orchestrate-demo"
COMMAND_WAIT_S = 300
STEP = "\n\033[1m{}\033[0m" if sys.stdout.isatty() and "NO_COLOR" not in os.environ else "\n{}"


class Unexpected(Exception):
    """A step of the demo did not do what it should have done."""


@click.command()
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("orchestrate-demo"),
    show_default=True,
    help="Where the demo's repository is made; made anew each time.",
)
def demo(directory: Path) -> None:
    """Run the example pipeline on a small repository: deploy, approve, and roll back."""
    try:
        _Show(directory.resolve()).play()
    except Unexpected as fault:
        click.echo(f"demo: {fault}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        click.echo(f"\ndemo: stopped; what it made is in {directory}", err=True)
        sys.exit(130)


class _Show:
    """One performance, in one directory."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._environ = {
            **{name: text for name, text in os.environ.items() if name[:12] != "ORCHESTRATE_"},
            "ORCHESTRATE_HOME": str(home / ".orchestrate"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
        }

    def play(self) -> None:
        self._say("1. A small shop, under git: tests, a scanner, a deployer, a smoke test")
        self._make_repository()
        self._say("2. The pipeline: validate and scan, deploy to staging, smoke test, production")
        self._orchestrate("pipeline", "create", "pipelines/feature-complete.yaml")
        self._say("3. A pull request is merged into main; the run stops at the gate")
        self._merge_event("first.json", 1)
        self._run("first.json", 3)
        self._say("4. Somebody looks at what is asked, and approves")
        number = self._open_approval()
        self._orchestrate("approval", "show", number)
        self._orchestrate("approval", "approve", number, "--comment", "LGTM")
        first = self._newest_run("succeeded")
        self._orchestrate("pipeline", "status", first)
        self._show_live("staging", "production")
        self._say("5. The next change passes its tests and breaks the page")
        live = self._live("staging")
        self._break_page()
        self._merge_event("second.json", 2)
        self._run("second.json", 1)
        second = self._newest_run("failed")
        self._say("6. Staging was rolled back to the release before")
        self._orchestrate("pipeline", "status", second)
        self._orchestrate("pipeline", "why", second, "smoke-test")
        self._show_live("staging", "production")
        self._check(second, live)
        self._farewell()

    # -- the repository ----------------------------------------------------------------

    def _make_repository(self) -> None:
        if shutil.which("git") is None:
            raise Unexpected("git is needed; on Debian: apt-get install git")
        if self._home.exists():
            if not (self._home / MARK).exists() and any(self._home.iterdir()):
                raise Unexpected(f"{self._home} exists and is no demo; give another --directory")
            shutil.rmtree(self._home)
        source = resources.files("orchestrate.cli") / "demo_project"
        with resources.as_file(source) as folder:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(folder, self._home, ignore=ignored)
        (self._home / MARK).touch()
        (self._home / ".orchestrate").mkdir(mode=0o700)
        ignore = f".orchestrate/\ndeployed/\n__pycache__/\n*.json\n{MARK}\n"
        (self._home / ".gitignore").write_text(ignore)
        self._git("init", "--quiet", "--initial-branch", "main")
        self._git("config", "user.name", "Ann")
        self._git("config", "user.email", "ann@example.com")
        self._commit("A shop that adds up")
        click.echo(f"  {self._home}")

    def _break_page(self) -> None:
        page = self._home / "site" / "page.html"
        page.write_text(page.read_text().replace("{total}", "{sum}"))
        self._commit("Call the total a sum")
        click.echo("  site/page.html now says {sum}, which nobody fills")

    def _commit(self, message: str) -> None:
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", message)

    def _git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words],
            cwd=self._home,
            env=self._environ,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Unexpected(f"git {shlex.join(words)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def _merge_event(self, name: str, number: int) -> None:
        """The facts of a merged pull request, as a forge would send them."""
        event = {
            "event": "pull_request.merged",
            "branch": "main",
            "head_branch": f"feature/{number}",
            "sha": self._git("rev-parse", "HEAD"),
            "paths": self._git("show", "--name-only", "--format=").splitlines(),
            "actor": "bob",
            "number": number,
        }
        (self._home / name).write_text(json.dumps(event, indent=2))

    # -- the commands ------------------------------------------------------------------

    def _say(self, text: str) -> None:
        click.echo(STEP.format(text))

    def _run(self, event: str, code: int) -> None:
        words = ("pipeline", "run", "feature-complete", "--event", event, "--no-wait-approval")
        self._orchestrate(*words, code=code)

    def _orchestrate(self, *words: str, code: int = 0) -> None:
        """Print a command and run it, as somebody at this terminal would."""
        click.echo(f"\n$ orchestrate {shlex.join(words)}")
        done = subprocess.run(
            [sys.executable, "-m", "orchestrate", *words],
            cwd=self._home,
            env=self._environ,
            timeout=COMMAND_WAIT_S,
            check=False,
        )
        if done.returncode != code:
            raise Unexpected(f"that should have ended with {code}, not with {done.returncode}")

    def _ask(self, *words: str) -> list[dict[str, object]]:
        done = subprocess.run(
            [sys.executable, "-m", "orchestrate", *words, "-o", "json"],
            cwd=self._home,
            env=self._environ,
            capture_output=True,
            text=True,
            timeout=COMMAND_WAIT_S,
            check=False,
        )
        if done.returncode:
            raise Unexpected(f"orchestrate {shlex.join(words)}: {done.stderr.strip()}")
        items: list[dict[str, object]] = json.loads(done.stdout)["items"]
        return items

    def _open_approval(self) -> str:
        items = self._ask("approval", "list", "--pending")
        if len(items) != 1:
            raise Unexpected(f"one approval should be open, not {len(items)}")
        return str(items[0]["id"])

    def _newest_run(self, status: str) -> str:
        newest = self._ask("pipeline", "history", "feature-complete")[0]
        if newest["status"] != status:
            raise Unexpected(f"run {newest['id']} should have {status}: {newest['status']}")
        return str(newest["id"])

    # -- what it left behind -----------------------------------------------------------

    def _live(self, environment: str) -> str:
        current = self._home / "deployed" / environment / "current"
        return current.readlink().name if current.is_symlink() else ""

    def _show_live(self, *environments: str) -> None:
        click.echo("\n$ readlink deployed/*/current")
        for each in environments:
            click.echo(f"{each}: {self._live(each) or 'nothing'}")

    def _check(self, run: str, live: str) -> None:
        if self._live("staging") != live:
            raise Unexpected(f"staging should serve {live} again, not {self._live('staging')}")
        if (self._home / "deployed" / "production" / "releases").exists():
            releases = (self._home / "deployed" / "production" / "releases").iterdir()
            if any(each.name.startswith(f"{run}-") for each in releases):
                raise Unexpected("the broken page reached production")

    def _farewell(self) -> None:
        self._say("Done. The repository and its record are kept; look around:")
        click.echo(f"  cd {shlex.quote(str(self._home))}")
        for words in ("pipeline list", "pipeline history feature-complete", "serve"):
            click.echo(f"  {shlex.quote(str(Path(sys.argv[0]).resolve()))} {words}")
