"""A run that really was, as a scenario: what the world did to it, and what became of it.

It reads the run over the API. What a scenario has no words for is refused, never left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from orchestrate.cli import paint
from orchestrate.cli.failure import Exit, Failure
from orchestrate.cli.road import Road

Json: TypeAlias = Mapping[str, Any]

EVENTS_PAGE = 1_000
PAGES_MAX = 1_000
STOPPED_S = 60.0
"""An attempt that was told to end would have gone on for so long, had it not been."""
_ENDED = ("succeeded", "failed", "cancelled")
_OWNER = "as owner"


def scenario(road: Road, run_id: int, path: str | None) -> str:
    """The text of a file with one scenario. Raises Failure."""
    run = road.get(f"/api/pipeline-runs/{run_id}")
    _recordable(run)
    happened = list(_events(road, run_id))
    created = happened[0]["data"]
    people = _People(run, happened)
    one: dict[str, Any] = {
        "name": f"as in run {run_id}",
        "event": _event(created["facts"]),
        "by": created["by"],
    }
    if people.owner is not None:
        one["owner"] = people.owner
    if created["variables"]:
        one["variables"] = dict(created["variables"])
    for key, mode in (("agents", "run"), ("undo", "rollback")):
        if found := _deeds(happened, mode):
            one[key] = found
    if people.acts:
        one["people"] = people.acts
    one["expect"] = _expect(run)
    whole: dict[str, Any] = {"pipeline": path or _path(str(run["pipeline"]))}
    if people.groups:
        whole["groups"] = people.groups
    text = paint.as_yaml({**whole, "scenarios": [one]})
    head = f"# Run {run_id} of {run['pipeline']}, revision {run['revision']}, as it was recorded."
    return f"{head}\n{text.rstrip()}\n"


def _recordable(run: Json) -> None:
    number = run["id"]
    going_back = any(each["status"] == "running" for each in run["rollbacks"])
    if run["status"] not in _ENDED or going_back:
        what = f"run {number} is {run['status']}"
        raise Failure(what, "wait for its end, or cancel it", code=Exit.REFUSED)
    if any(each["carried_from"] is not None for each in run["stages"]):
        what = f"run {number} took over results of run {run['rerun_of']}"
        raise Failure(what, f"record run {run['rerun_of']}", code=Exit.REFUSED)


def _events(road: Road, run_id: int) -> Iterator[Json]:
    after = 0
    for _ in range(PAGES_MAX):
        path = f"/api/pipeline-runs/{run_id}/events"
        page = road.get(path, after=after, limit=EVENTS_PAGE)
        yield from page["items"]
        if page["next"] is None:
            return
        after = int(page["next"])
    raise Failure(f"run {run_id} has more than {PAGES_MAX * EVENTS_PAGE} events")


def _path(name: str) -> str:
    """Where the pipeline's file probably is, as seen from a file beside it."""
    places = (f"{name}.yaml", f"{name}.yml", f"pipelines/{name}.yaml", f"pipelines/{name}.yml")
    found = next((each for each in places if Path(each).is_file()), places[0])
    return Path(found).name


def _event(facts: Json) -> dict[str, Any]:
    return {name: each for name, each in facts.items() if each is not None} or {"event": "manual"}


def _time(event: Json) -> float:
    return datetime.fromisoformat(str(event["at"])).timestamp()


def _span(seconds: float) -> str:
    return f"{max(0.0, seconds):.3f}".rstrip("0").rstrip(".") + "s"


# -- agents ----------------------------------------------------------------------------


def _deeds(happened: list[Json], mode: str) -> dict[str, Any]:
    began: dict[tuple[str, int], float] = {}
    stopped: set[tuple[str, int]] = set()
    found: dict[str, list[dict[str, Any]]] = {}
    for event in happened:
        data = event["data"]
        if data.get("mode") != mode:
            continue
        key = (data["stage"], data["attempt"])
        if event["type"] == "AttemptStarted":
            began[key] = _time(event)
        elif event["type"] == "AttemptStopped":
            stopped.add(key)
        elif event["type"] == "AttemptEnded":
            took_s = _time(event) - began[key]
            deed = _deed(data["outcome"])
            if key in stopped and data["outcome"].get("reason") == "cancelled":
                deed, took_s = {"succeeds": None}, took_s + STOPPED_S
            found.setdefault(data["stage"], []).append({**deed, "takes": _span(took_s)})
    return {stage: each[0] if len(each) == 1 else each for stage, each in found.items()}


def _deed(outcome: Json) -> dict[str, Any]:
    """One attempt's end in the words of a scenario."""
    from orchestrate.language.scenario_keys import CLASSES

    kind, reason = outcome["kind"], outcome.get("reason") or "exit"
    detail, outputs = outcome.get("detail", ""), dict(outcome.get("outputs") or {})
    if kind == "succeeded":
        return {"succeeds": outputs or None}
    deed: dict[str, Any]
    if kind == "skipped":
        deed = {"skips": detail or None}
    elif kind == "needs_person":
        deed = {"asks": detail or None}
    elif reason == "lost":
        deed = {"lost": True}
    elif reason in {"exit", "config"} and outcome.get("code") is not None:
        deed = {"exits": outcome["code"]}
    else:
        deed = {"fails": reason if reason in CLASSES else "exit"}
        if detail:
            deed["because"] = detail
    return {**deed, "outputs": outputs} if outputs else deed


# -- people ----------------------------------------------------------------------------


class _People:
    """Who did what and when, the groups they acted for, and the owner where there was one."""

    def __init__(self, run: Json, happened: list[Json]) -> None:
        self.acts: list[dict[str, Any]] = []
        self.groups: dict[str, list[str]] = {}
        self.owner: str | None = None
        self._run = run
        self._asked: dict[int, Json] = {}
        self._began = _time(happened[0])
        self._ended: float | None = None
        for event in happened:
            self._hear(event)

    def _hear(self, event: Json) -> None:
        kind, data, at = event["type"], event["data"], _time(event)
        if kind == "ApprovalRequested":
            self._asked[data["approval"]] = event
        elif kind in {"ApprovalGranted", "ApprovalDenied", "ApprovalDelegated"}:
            self._answered(kind, data, at)
        elif kind == "CancelRequested":
            said = str(data["reason"]["text"]).partition(": ")[2]
            after = _span(at - self._began)
            self.acts.append({"cancel": said or None, "by": data["by"], "after": after})
        elif kind in {"RunSucceeded", "RunFailed", "RunCancelled"}:
            self._ended = at
        elif kind == "RollbackStarted" and data["trigger"] == "manual":
            self._rolled_back(data, at)

    def _answered(self, kind: str, data: Json, at: float) -> None:
        question = self._asked[data["approval"]]
        verb = {"ApprovalGranted": "approve", "ApprovalDenied": "reject"}.get(kind, "delegate")
        act: dict[str, Any] = {verb: data["stage"], "by": data["by"]}
        if verb == "delegate":
            act["to"] = data["to"]
        if data["comment"]:
            act["comment"] = data["comment"]
        self.acts.append({**act, "after": _span(at - _time(question))})
        if str(data["role"]).startswith(_OWNER):
            self.owner = data["by"]
        elif not data.get("delegated_from"):
            self._belongs(data["by"], str(data["role"]), question["data"]["approvers"])

    def _belongs(self, name: str, role: str, approvers: list[str]) -> None:
        """In which groups somebody must be, to have answered in this role."""
        for entry in role.split(", "):
            if entry in approvers and entry != name and name not in self.groups.get(entry, []):
                self.groups.setdefault(entry, []).append(name)

    def _rolled_back(self, data: Json, at: float) -> None:
        if self._ended is None:
            what = f"run {self._run['id']} was rolled back by hand while it ran"
            raise Failure(what, "a scenario has no word for that", code=Exit.REFUSED)
        after = _span(at - self._ended)
        self.acts.append({"roll_back": data.get("target"), "by": data["by"], "after": after})


# -- what became of it -----------------------------------------------------------------


def _expect(run: Json) -> dict[str, Any]:
    expect: dict[str, Any] = {"run": run["status"]}
    if run["reason"]:
        expect["reason"] = run["reason"]["code"]
    if run["warnings"]:
        expect["warnings"] = run["warnings"]
    expect["stages"] = {each["name"]: _stage(each) for each in run["stages"]}
    approvals: dict[str, list[Any]] = {}
    for each in run["approvals"]:
        by = [one["by"] for one in each["decisions"] if one["decision"] != "delegate"]
        approvals.setdefault(each["stage"], []).append(
            {"status": each["status"], "by": by} if by else each["status"]
        )
    if approvals:
        expect["approvals"] = {
            stage: each[0] if len(each) == 1 else each for stage, each in approvals.items()
        }
    rollbacks = [_rollback(each) for each in run["rollbacks"]]
    if rollbacks:
        expect["rollback"] = rollbacks[0] if len(rollbacks) == 1 else rollbacks
    return {**expect, "exact": True}


def _stage(stage: Json) -> Any:
    said: dict[str, Any] = {"status": stage["status"]}
    if stage["reason"]:
        said["reason"] = stage["reason"]["code"]
    if stage["attempts"] > 1:
        said["attempts"] = stage["attempts"]
    if stage["outputs"]:
        said["outputs"] = stage["outputs"]
    if stage["rolled_back_at"]:
        said["rolled_back"] = True
    return said if len(said) > 1 else stage["status"]


def _rollback(rollback: Json) -> dict[str, Any]:
    said = {name: rollback[name] for name in ("status", "trigger", "failed_stage", "target")}
    steps = {each["stage"]: each["status"] for each in rollback["steps"]}
    return {**{name: each for name, each in said.items() if each}, "steps": steps}
