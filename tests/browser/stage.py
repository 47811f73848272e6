"""What there is to see: pipelines that went well, badly and back, and one that waits for people."""

from __future__ import annotations

from tests.browser.served import FEATURE, Served

NIGHTLY = """name: nightly
description: Everything that takes long, while nobody waits
triggers:
  - {event: schedule, cron: "0 2 * * *", timezone: Europe/Berlin}
stages:
  - {name: fetch, run: "echo fetched 12 repositories"}
  - name: checks
    parallel:
      - {name: fuzz, run: "echo 100000 inputs, no crash"}
      - {name: licences, run: "echo all of them known"}
      - {name: links, run: "echo 3 dead links; exit 1", on_failure: continue}
  - {name: docs, run: "true", when: {paths: ["docs/**"]}}
  - {name: report, run: "echo report sent", run_if: always}
"""

RELEASE = """name: release
description: Version, changelog, packages
variables:
  version: null
  channel: stable
stages:
  - {name: bump, run: 'echo "version $version"'}
  - {name: changelog, run: "echo written"}
  - {name: publish, run: 'echo "to $channel"', environment: packages, rollback: {run: echo yanked},
     requires_approval: true, approvers: [team-lead],
     approval: {message: "Is the changelog fit to be read?"}}
"""


def wide(name: str, ranks: int, width: int) -> str:
    """A large graph: every stage needs two of the rank before."""
    lines = [f"name: {name}", "stages:"]
    for rank in range(ranks):
        for n in range(width):
            needs = [f"s{rank - 1}-{(n + by) % width}" for by in (0, 1)] if rank else []
            listed = ", ".join(dict.fromkeys(needs))
            lines.append(f"  - {{name: s{rank}-{n}, run: 'true', depends_on: [{listed}]}}")
    return "\n".join(lines) + "\n"


def furnish(served: Served) -> dict[str, int]:
    """Fill it; the runs by what there is to see in them."""
    served.create(FEATURE)
    served.create(NIGHTLY)
    served.create(RELEASE)
    merged = {"event": "pull_request.merged", "branch": "main", "sha": "4be1c0ffee" * 4}
    runs = {}
    for _ in range(2):
        runs["good"] = served.run("feature-complete", event={**merged, "actor": "ann"})
        served.client.post(
            f"/api/approvals/{served.pending(runs['good'])}/approve", {"comment": "LGTM"}
        )
        served.until(runs["good"], "succeeded")
    runs["warned"] = served.run("nightly", event={"paths": ["src/cart.py"]})
    served.until(runs["warned"], "succeeded", "failed")
    (served.project / "broken").touch()
    runs["back"] = served.run("feature-complete", event={**merged, "actor": "bob"})
    served.until(runs["back"], "failed")
    (served.project / "broken").unlink()
    runs["release"] = served.run("release", variables={"version": "1.4.0"})
    served.pending(runs["release"])
    runs["waits"] = served.run("feature-complete", event={**merged, "actor": "cid"})
    served.pending(runs["waits"])
    served.client.put(
        "/api/pipelines/nightly",
        {"definition": NIGHTLY.replace("0 2 * * *", "30 3 * * *").replace("3 dead", "4 dead")},
    )
    served.client.post("/api/events", {"event": "push", "branch": "main", "actor": "ann"})
    return runs
