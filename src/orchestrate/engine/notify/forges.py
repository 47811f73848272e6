"""What a forge shows of a run: the status of a commit, and one comment on its pull request.

Both are pictures of the run as it is when they are sent, so they may be sent any number of times.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import quote

from orchestrate.engine.notify.channels import Forge, ForgeKind, hidden
from orchestrate.engine.notify.occasions import STATUS
from orchestrate.engine.notify.picture import Picture, picture
from orchestrate.engine.notify.reach import RETRY_AFTER_S_MAX, Line, Reply, Undelivered, ask
from orchestrate.engine.notify.roads import not_set
from orchestrate.store.snapshot import Record

PAGE = 100
PAGES_MAX = 30
MARK_CHARACTERS = 24
Json = dict[str, Any]
Ask = Callable[[str, str, Json | None], Reply]


class Api(Protocol):
    """What we want of a forge; every call raises Undelivered."""

    def set_status(self, target: Json, seen: Picture) -> None: ...

    def comments(self, target: Json, page: int) -> list[tuple[str, str]]:
        """(id, body) of the comments on a request, the oldest first."""

    def add_comment(self, target: Json, body: str) -> str:
        """The id of what was added."""

    def edit_comment(self, target: Json, comment: str, body: str) -> bool:
        """False if there is no such comment of ours."""


class ForgeRoad:
    """One forge: each row is a commit's status, or a comment."""

    def __init__(
        self,
        forge: Forge,
        look: Callable[[int], Record | None],
        *,
        clock: Callable[[], float],
        url: str | None,
        deadline_s: float,
    ) -> None:
        self._forge = forge
        self._look = look
        self._clock = clock
        self._url = url
        self._deadline_s = deadline_s
        self._line = Line()
        github = forge.kind is ForgeKind.GITHUB
        self._api: Api = GitHub(self._ask) if github else GitLab(self._ask)

    def deliver(self, row: Record) -> str | None:
        if self._forge.missing:
            raise Undelivered(not_set(self._forge.missing))
        run = self._look(row["run_id"])
        assert run is not None, "a run that is shown is on record"
        target = json.loads(row["target"])
        seen = picture(run, self._url)
        if row["occasion"] == STATUS:
            self._api.set_status(target, seen)
            return None
        mark = self._mark(row["key"])
        return self._comment(target, f"{mark}\n{seen.comment}", mark, row["remote"])

    def _comment(self, target: Json, body: str, mark: str, known: str | None) -> str:
        """Edit the comment that is ours, or make it: after a crash it is found by its mark."""
        if known is not None and self._api.edit_comment(target, known, body):
            return known
        for page in range(1, PAGES_MAX + 1):
            found = self._api.comments(target, page)
            for comment, text in found:
                ours = mark in text and comment != known
                if ours and self._api.edit_comment(target, comment, body):
                    return comment
            if len(found) < PAGE:
                break
        return self._api.add_comment(target, body)

    def _mark(self, key: str) -> str:
        """Nobody can write it beforehand who does not know the token."""
        sealed = hmac.digest(self._forge.token.encode(), key.encode(), hashlib.sha256).hex()
        return f"<!-- orchestrate {sealed[:MARK_CHARACTERS]} -->"

    def _ask(self, method: str, path: str, body: Json | None) -> Reply:
        forge = self._forge
        headers = {"Accept": "application/json"}
        if forge.kind is ForgeKind.GITHUB:
            headers["Accept"] = "application/vnd.github+json"
            headers["X-GitHub-Api-Version"] = "2022-11-28"
            headers["Authorization"] = f"Bearer {forge.token}"
        else:
            headers["PRIVATE-TOKEN"] = forge.token
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode("ascii")
        reply = ask(
            method,
            forge.url + path,
            headers=headers,
            body=data,
            allow_private=forge.allow_private,
            deadline_s=self._deadline_s,
            line=self._line,
        )
        if reply.status in (403, 429) and reply.headers.get("x-ratelimit-remaining") == "0":
            raise self._too_often(reply)
        return reply

    def _too_often(self, reply: Reply) -> Undelivered:
        fault = reply.fault()
        reset = reply.headers.get("x-ratelimit-reset", "")
        if fault.retry_after_s is None and reset.isdecimal() and len(reset) <= 12:
            left_s = float(reset) - self._clock()
            return Undelivered(str(fault), min(max(left_s, 0.0), RETRY_AFTER_S_MAX))
        return fault

    def check(self) -> None:
        """Whether it answers, and takes the token. Raises Undelivered."""
        if self._forge.missing:
            raise Undelivered(not_set(self._forge.missing))
        path = "/rate_limit" if self._forge.kind is ForgeKind.GITHUB else "/user"
        _good(self._ask("GET", path, None))

    def hide(self, text: str) -> str:
        return hidden(text, self._forge.secrets)

    def rest(self) -> None:
        """It keeps nothing open."""

    def cut(self) -> None:
        self._line.cut()


def _good(reply: Reply) -> Any:
    """What a successful answer says."""
    if not 200 <= reply.status < 300:
        raise reply.fault()
    try:
        return json.loads(reply.body)
    except ValueError:
        raise Undelivered("it did not answer in JSON: is this the address of its API?") from None


def _listed(reply: Reply) -> list[tuple[str, str]]:
    found = _good(reply)
    if not isinstance(found, list):
        raise Undelivered("it gave no list of comments")
    return [(str(each["id"]), str(each.get("body") or "")) for each in found]


class GitHub:
    """https://docs.github.com/rest: commit statuses, issue comments."""

    STATES = {"running": "pending", "cancelled": "error", "failed": "failure"}  # noqa: RUF012
    DESCRIPTION_CHARACTERS_MAX = 140

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def set_status(self, target: Json, seen: Picture) -> None:
        body: Json = {
            "state": self.STATES.get(seen.state, seen.state),
            "context": seen.context,
            "description": seen.description[: self.DESCRIPTION_CHARACTERS_MAX],
        }
        if seen.link:
            body["target_url"] = seen.link
        path = f"/repos/{target['repository']}/statuses/{target['sha']}"
        _good(self._ask("POST", path, body))

    def comments(self, target: Json, page: int) -> list[tuple[str, str]]:
        query = f"per_page={PAGE}&page={page}"
        return _listed(self._ask("GET", f"{self._of(target)}?{query}", None))

    def add_comment(self, target: Json, body: str) -> str:
        return str(_good(self._ask("POST", self._of(target), {"body": body}))["id"])

    def edit_comment(self, target: Json, comment: str, body: str) -> bool:
        path = f"/repos/{target['repository']}/issues/comments/{comment}"
        return _edited(self._ask("PATCH", path, {"body": body}))

    def _of(self, target: Json) -> str:
        return f"/repos/{target['repository']}/issues/{target['number']}/comments"


class GitLab:
    """https://docs.gitlab.com/api: commit statuses, notes of a merge request.

    A status there is a state machine: while it is pending or running, its description stays. So a
    question has a status of its own, which says for whom the run waits.
    """

    STATES = {"cancelled": "canceled"}  # noqa: RUF012
    IN_PROGRESS = ("pending", "running")
    SAME_AGAIN = re.compile(rb"Cannot transition status")

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def set_status(self, target: Json, seen: Picture) -> None:
        where = f"/projects/{self._id(target)}"
        path = f"{where}/repository/commits/{target['sha']}/statuses?per_page={PAGE}"
        found = _good(self._ask("GET", path, None))
        there = {each["name"]: each["status"] for each in found}
        path = f"{where}/statuses/{target['sha']}"
        self._set(path, there, seen.context, seen.state, seen.description, seen.link)
        for gate in seen.gates:
            self._set(path, there, gate.name, gate.state, gate.description, gate.link)

    def _set(
        self,
        path: str,
        there: Mapping[str, str],
        name: str,
        state: str,
        description: str,
        link: str | None,
    ) -> None:
        """Set one status, unless it is so already, or would have to go backwards."""
        state = self.STATES.get(state, state)
        if there.get(name) == state or (state == "pending" and there.get(name) == "running"):
            return
        body: Json = {"state": state, "name": name, "description": description}
        if link:
            body["target_url"] = link
        reply = self._ask("POST", path, body)
        raced = reply.status == 400 and self.SAME_AGAIN.search(reply.body) is not None
        if not (raced and state in self.IN_PROGRESS):
            _good(reply)

    def comments(self, target: Json, page: int) -> list[tuple[str, str]]:
        query = f"sort=asc&order_by=created_at&per_page={PAGE}&page={page}"
        return _listed(self._ask("GET", f"{self._of(target)}?{query}", None))

    def add_comment(self, target: Json, body: str) -> str:
        return str(_good(self._ask("POST", self._of(target), {"body": body}))["id"])

    def edit_comment(self, target: Json, comment: str, body: str) -> bool:
        return _edited(self._ask("PUT", f"{self._of(target)}/{comment}", {"body": body}))

    def _of(self, target: Json) -> str:
        return f"/projects/{self._id(target)}/merge_requests/{target['number']}/notes"

    @staticmethod
    def _id(target: Json) -> str:
        return quote(target["repository"], safe="")


def _edited(reply: Reply) -> bool:
    """Gone, or somebody else's: not edited. Anything else that is no success is a failure."""
    if reply.status in (403, 404, 410):
        return False
    _good(reply)
    return True
