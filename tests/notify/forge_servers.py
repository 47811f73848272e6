"""GitHub and GitLab as their documents describe them, as far as statuses and comments go.

They keep what they are given, refuse what the real ones refuse, and know who may edit what.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.notify.receiver import Receiver, Reply, Request

Json = dict[str, Any]
TOKEN = "ghp_t0ken-of-the-forge"


def answer(status: int, value: Any) -> Reply:
    return status, {"Content-Type": "application/json"}, json.dumps(value).encode()


@dataclass
class Forge:
    """`ours` are the ids of comments that the token may edit."""

    statuses: list[tuple[str, str, Json]] = field(default_factory=list)  # repository, sha, what
    comments: dict[int, Json] = field(default_factory=dict)
    ours: set[int] = field(default_factory=set)
    broken: int = 0  # so many requests are answered 502
    silent: bool = False  # a comment is made, and the answer is lost

    def __post_init__(self) -> None:
        self.receiver = Receiver(answer=self._answer)
        self.url = self.receiver.url

    def close(self) -> None:
        self.receiver.close()

    def add(self, place: str, body: str, *, ours: bool = True) -> Json:
        number = len(self.comments) + 100
        self.comments[number] = {"id": number, "place": place, "body": body, "edits": 0}
        if ours:
            self.ours.add(number)
        return self.comments[number]

    def _answer(self, request: Request) -> Reply:
        if self.broken > 0:
            self.broken -= 1
            return answer(502, {"message": "Bad Gateway"})
        if not self.admits(request):
            return answer(401, {"message": "Bad credentials"})
        parts = urlsplit(request.path)
        found = self.routed(request, parts.path, parse_qs(parts.query))
        return found or answer(404, {"message": "Not Found"})

    def admits(self, request: Request) -> bool:
        raise NotImplementedError

    def routed(self, request: Request, path: str, query: dict[str, list[str]]) -> Reply | None:
        raise NotImplementedError

    def page(self, place: str, query: dict[str, list[str]]) -> Reply:
        """Oldest first; the page that is asked for."""
        size, page = int(query["per_page"][0]), int(query["page"][0])
        found = [each for each in self.comments.values() if each["place"] == place]
        return answer(200, found[(page - 1) * size : page * size])

    def made(self, place: str, body: str) -> Reply:
        comment = self.add(place, body)
        if self.silent:
            self.silent = False
            return answer(504, {"message": "Gateway Timeout"})
        return answer(201, comment)

    def edited(self, number: int, body: str) -> Reply | None:
        if number not in self.comments:
            return None
        if number not in self.ours:
            return answer(403, {"message": "Resource not accessible by personal access token"})
        self.comments[number]["body"] = body
        self.comments[number]["edits"] += 1
        return answer(200, self.comments[number])


class GitHub(Forge):
    """https://docs.github.com/rest/commits/statuses and /rest/issues/comments."""

    def admits(self, request: Request) -> bool:
        return request.headers.get("authorization") == f"Bearer {TOKEN}"

    def routed(self, request: Request, path: str, query: dict[str, list[str]]) -> Reply | None:
        if path == "/rate_limit":
            return answer(200, {"resources": {}})
        if found := re.fullmatch(r"/repos/([\w.-]+/[\w.-]+)/statuses/([0-9a-f]+)", path):
            said = request.data
            known = {"error", "failure", "pending", "success"}
            if said["state"] not in known or len(said.get("description", "")) > 140:
                return answer(422, {"message": "Validation Failed"})
            self.statuses.append((found[1], found[2], said))
            return answer(201, said)
        if found := re.fullmatch(r"/repos/([\w.-]+/[\w.-]+)/issues/(\d+)/comments", path):
            place = f"{found[1]}#{found[2]}"
            if request.method == "GET":
                return self.page(place, query)
            return self.made(place, request.data["body"])
        if found := re.fullmatch(r"/repos/([\w.-]+/[\w.-]+)/issues/comments/(\d+)", path):
            return self.edited(int(found[2]), request.data["body"])
        return None


class GitLab(Forge):
    """https://docs.gitlab.com/api/commits and /api/notes."""

    def admits(self, request: Request) -> bool:
        return request.headers.get("private-token") == TOKEN

    def routed(self, request: Request, path: str, query: dict[str, list[str]]) -> Reply | None:
        path = path.removeprefix("/api/v4")
        if path == "/user":
            return answer(200, {"username": "bot"})
        if found := re.fullmatch(r"/projects/([^/]+)/repository/commits/(\w+)/statuses", path):
            return answer(200, self._latest(unquote(found[1]), found[2]))
        if found := re.fullmatch(r"/projects/([^/]+)/statuses/([0-9a-f]+)", path):
            return self._status(unquote(found[1]), found[2], request.data)
        if found := re.fullmatch(r"/projects/([^/]+)/merge_requests/(\d+)/notes(?:/(\d+))?", path):
            place = f"{unquote(found[1])}!{found[2]}"
            if found[3]:
                return self.edited(int(found[3]), request.data["body"])
            if request.method == "GET":
                return self.page(place, query)
            return self.made(place, request.data["body"])
        return None

    def _status(self, project: str, sha: str, said: Json) -> Reply:
        if said["state"] not in {"pending", "running", "success", "failed", "canceled"}:
            return answer(400, {"message": "state does not have a valid value"})
        last = {each["name"]: each["status"] for each in self._latest(project, sha)}
        now = last.get(said["name"])
        event = {"pending": "enqueue", "running": "run"}.get(said["state"], "")
        if now == said["state"] == "running" or (
            now in ("pending", "running") and event[:1] == "e"
        ):
            text = f"Cannot transition status via :{event} from :{now}"
            more = f'(Reason(s): Status cannot transition via "{event}")'
            return answer(400, {"message": f"{text} {more}"})
        self.statuses.append((project, sha, said))
        return answer(201, said)

    def _latest(self, project: str, sha: str) -> list[Json]:
        """The last of each name, as it is listed."""
        found = {each["name"]: each for *where, each in self.statuses if where == [project, sha]}
        return [{"name": name, "status": each["state"]} for name, each in found.items()]
