"""A project in a git repository of its own, and the command line in it, as its user has it."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest

from orchestrate.cli.ending import run

COMMAND_WAIT_S = 100
SOURCES: dict[str, dict[str, str]] = {
    "none": {},
    "python": {
        "pyproject.toml": '[project]\nname = "shop"\nversion = "0.3.0"\n\n'
        '[tool.x]\nversion = "9"\n',
        "shop/__init__.py": "def total(prices):\n    return sum(prices)\n",
        "tests/__init__.py": "",
        "tests/test_total.py": "import unittest\n\nfrom shop import total\n\n\n"
        "class Total(unittest.TestCase):\n    def test_sum(self):\n"
        "        self.assertEqual(total([1, 2]), 3)\n",
    },
    "node": {
        "package.json": '{\n  "name": "shop",\n  "version": "0.3.0",\n  "main": "index.js"\n}\n',
        "index.js": "exports.total = (prices) => prices.reduce((a, b) => a + b, 0);\n",
        "index.test.js": "const { test } = require('node:test');\n"
        "const assert = require('node:assert');\n"
        "test('sum', () => assert.equal(require('./index.js').total([1, 2]), 3));\n",
    },
    "go": {
        "go.mod": "module example.com/shop\n\ngo 1.19\n",
        "main.go": "package main\n\nfunc total(a, b int) int { return a + b }\n\n"
        "func main() { println(total(1, 2)) }\n",
        "main_test.go": 'package main\n\nimport "testing"\n\nfunc TestTotal(t *testing.T) {\n'
        "\tif total(1, 2) != 3 {\n\t\tt.Fail()\n\t}\n}\n",
    },
    "rust": {
        "Cargo.toml": '[package]\nname = "shop"\nversion = "0.3.0"\nedition = "2021"\n',
        "src/main.rs": "fn total(a: i32, b: i32) -> i32 {\n    a + b\n}\n\nfn main() {\n"
        '    println!("{}", total(1, 2));\n}\n\n#[test]\nfn sum() {\n'
        "    assert_eq!(total(1, 2), 3);\n}\n",
        ".gitignore": "target/\n",
    },
}
TOOLS = {"node": "npm", "go": "go", "rust": "cargo"}


@dataclass(frozen=True, slots=True)
class Project:
    root: Path
    environ: dict[str, str]

    def orchestrate(self, *words: str, code: int = 0) -> str:
        """What a command prints; it ends with `code`."""
        done = subprocess.run(
            [sys.executable, "-m", "orchestrate", *words],
            cwd=self.root, env=self.environ, timeout=COMMAND_WAIT_S,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def init(self, *words: str) -> None:
        """`pipeline init`, within this process: it only writes files, and a start costs time."""
        with (
            contextlib.chdir(self.root),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            patch.dict(os.environ, self.environ, clear=True),
        ):
            assert run(["pipeline", "init", *words]) == 0

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words], cwd=self.root, env=self.environ,
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text)

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)


def begin(root: Path, stack: str = "none") -> Project:
    """An empty repository, or one with a few files of a stack; nobody's settings reach in."""
    tool = TOOLS.get(stack)
    if tool is not None and shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed: what is written for {stack} is not run here")
    root.mkdir()
    environ = {name: each for name, each in os.environ.items() if name[:12] != "ORCHESTRATE_"}
    environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "NO_COLOR": "1"}
    project = Project(root, environ)
    project.git("init", "--quiet", "--initial-branch", "main")
    project.git("config", "user.name", "Ann")
    project.git("config", "user.email", "ann@example.com")
    project.write(SOURCES[stack])
    return project
