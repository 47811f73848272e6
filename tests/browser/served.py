"""A real server in a project of its own, with something to see; it can be killed and come back."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.web.client import Client

WAIT_S = 30.0

AGENTS = """
agents:
  regression-tester:
    description: Runs the whole suite of tests
    run: |
      printf '\\033[1mcollecting\\033[0m 240 tests\\n'
      for part in cart price order ship; do
        printf '\\033[32mPASSED\\033[0m tests/test_%s.py \\033[2m60 tests\\033[0m\\n' "$part"
      done
      echo "tests=240" >> "$ORCHESTRATE_OUTPUT"
  security-scanner:
    description: Looks for what should not be there
    run: "echo 'no secret, no known hole'; echo findings=0 >> \\"$ORCHESTRATE_OUTPUT\\""
  deployer:
    description: Brings a release to an environment, and back
    run: |
      if [ "$ORCHESTRATE_MODE" = rollback ]; then echo "back to the release before"; exit 0; fi
      echo "release 41 is live"; echo "release=41" >> "$ORCHESTRATE_OUTPUT"
  smoke-tester:
    description: Opens the page and looks whether it is there
    run: "test ! -e broken || { echo 'the page answers 500' >&2; exit 1; }; echo 'it is there'"
"""

FEATURE = """name: feature-complete
description: Full deployment pipeline after feature merge
version: 1

triggers:
  - event: pull_request.merged
    branches: [main]

variables:
  environment: staging

stages:
  - name: validate
    agent: regression-tester
    task: "Run full test suite"
    timeout: 30m
    on_failure: halt

  - name: security-scan
    agent: security-scanner
    task: "Run security analysis"
    parallel_with: validate
    on_failure: halt

  - name: deploy-staging
    agent: deployer
    task: "Deploy to ${environment}"
    environment: staging
    depends_on: [validate, security-scan]

  - name: smoke-test
    agent: smoke-tester
    task: "Run smoke tests on staging"
    depends_on: deploy-staging
    on_failure: rollback
    rollback_to: deploy-staging

  - name: deploy-prod
    agent: deployer
    task: "Deploy to production"
    environment: production
    requires_approval: true
    approvers: [team-lead, devops]
    depends_on: smoke-test
"""


class Served:
    """`orchestrate serve` as people start it. `client` is the owner, at the socket."""

    def __init__(self, project: Path) -> None:
        self.project = project
        (project / ".orchestrate").mkdir(parents=True)
        (project / "orchestrate.yaml").write_text(AGENTS)
        self.port = 0
        self.start()
        self.client = Client(project / ".orchestrate/api.sock")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        words = [sys.executable, "-m", "orchestrate", "serve", "--port", str(self.port)]
        environ = {name: each for name, each in os.environ.items() if "ORCHESTRATE" not in name}
        self._process = subprocess.Popen(
            words, cwd=self.project, env=environ, stderr=subprocess.PIPE, text=True
        )
        said = ""
        deadline = time.monotonic() + WAIT_S
        while (found := re.search(r"http://127\.0\.0\.1:(\d+)\n", said)) is None:
            assert self._process.poll() is None, f"the server ended: {said}"
            assert time.monotonic() < deadline, f"the server does not come up: {said}"
            assert self._process.stderr is not None
            if select.select([self._process.stderr], [], [], 1.0)[0]:
                said += self._process.stderr.readline()
        self.port = int(found[1])

    def kill(self) -> None:
        self._process.kill()
        self._end()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._end()

    def _end(self) -> None:
        self._process.wait(WAIT_S)
        assert self._process.stderr is not None
        self._process.stderr.close()

    # -- asking ------------------------------------------------------------------------

    def link(self, path: str = "/") -> str:
        """An address that lets a browser in."""
        code = self.client.post("/api/links").data["code"]
        return f"{self.url}{path}#code={code}"

    def create(self, definition: str) -> None:
        reply = self.client.post("/api/pipelines", {"definition": definition})
        assert reply.status == 201, reply.text

    def run(self, name: str, **order: Any) -> int:
        reply = self.client.post(f"/api/pipelines/{name}/run", order)
        assert reply.status == 202, reply.text
        number: int = reply.data["id"]
        return number

    def until(self, run_id: int, *statuses: str) -> dict[str, Any]:
        """The run, once it has one of these statuses."""
        while True:
            run: dict[str, Any] = self.client.get(f"/api/pipeline-runs/{run_id}").data
            if run["status"] in statuses:
                return run
            query = f"after={run['seq']}&wait=30"
            more = self.client.get(f"/api/pipeline-runs/{run_id}/events?{query}").data
            assert more["items"], f"run {run_id} stays {run['status']}"

    def pending(self, run_id: int) -> int:
        run = self.until(run_id, "waiting_approval")
        (open_,) = (each["id"] for each in run["approvals"] if each["status"] == "pending")
        number: int = open_
        return number
