"""A served data directory, and clients of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orchestrate.core.people import Roster
from orchestrate.engine.driver import Engine
from orchestrate.engine.forges.source import Source, Words
from orchestrate.engine.layout import Layout
from orchestrate.web.app import Application, create_app
from orchestrate.web.server import Server
from tests.web.client import Client

ENDED = ("succeeded", "failed", "cancelled")
ROSTER = Roster(
    groups={"leads": frozenset({"ann", "bob"}), "ops": frozenset({"cid"})},
    emails={"ann@example.org": "ann"},
)


SOURCES = {
    "github": Source(name="github", secrets=("it is a secret",), words=Words.GITHUB),
    "gitlab": Source(name="gitlab", secrets=("between us",), words=Words.GITLAB),
    "ci": Source(name="ci", secrets=("open sesame",), facts={"branch": "/build/branch"}),
}


@dataclass
class House:
    """One served data directory. `client` is the owner, at the socket."""

    engine: Engine
    app: Application
    server: Server
    client: Client
    _numbers: Iterator[int]

    @property
    def data(self) -> Path:
        return self.engine.layout.data

    @property
    def socket(self) -> Path:
        return self.engine.layout.socket

    @property
    def port(self) -> int:
        assert self.server.port is not None
        return self.server.port

    def token(self, **order: Any) -> str:
        reply = self.client.post("/api/tokens", order)
        assert reply.status == 201, reply.text
        token: str = reply.data["token"]
        return token

    def tcp(self, token: str = "") -> Client:
        return Client(port=self.port, token=token)

    def person(self, name: str, **order: Any) -> Client:
        return self.tcp(self.token(user=name, **order))

    def name(self) -> str:
        """A name no pipeline has had."""
        return f"p{next(self._numbers)}"

    def create(self, stages: str, head: str = "", name: str = "") -> str:
        """A pipeline of these stages; its name."""
        name = name or self.name()
        reply = self.client.post("/api/pipelines", {"definition": definition(name, stages, head)})
        assert reply.status == 201, reply.text
        return name

    def run(self, name: str, **order: Any) -> int:
        reply = self.client.post(f"/api/pipelines/{name}/run", order)
        assert reply.status == 202, reply.text
        run_id: int = reply.data["id"]
        return run_id

    def until(self, run_id: int, *statuses: str) -> dict[str, Any]:
        """The run, once it has one of these statuses (ended, unless said); it waits for events."""
        wanted = statuses or ENDED
        return self.once(run_id, lambda run: run["status"] in wanted)

    def once(self, run_id: int, so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            run: dict[str, Any] = self.client.get(f"/api/pipeline-runs/{run_id}").data
            if so(run):
                return run
            query = f"after={run['seq']}&wait=30"
            more = self.client.get(f"/api/pipeline-runs/{run_id}/events?{query}").data
            assert more["items"], f"run {run_id} stays {run['status']}"

    def waiting(self, run_id: int) -> int:
        """The id of the question that a run waits for."""
        run = self.until(run_id, "waiting_approval")
        approval_id: int = next(
            each["id"] for each in run["approvals"] if each["status"] == "pending"
        )
        return approval_id


def definition(name: str, stages: str, head: str = "") -> str:
    lines = "\n".join("  " + line for line in stages.strip("\n").splitlines())
    return f"name: {name}\n{head}stages:\n{lines}\n"


def open_house(root: Path) -> House:
    project = root / "project"
    project.mkdir(exist_ok=True)
    engine = Engine(Layout(data=project / ".orchestrate", project=project))
    engine.open()
    app = create_app(engine, roster=lambda: ROSTER, sources=SOURCES.get)
    server = Server(app, engine.layout.socket, ("127.0.0.1", 0))
    server.start()
    server.wait_ready()
    return House(engine, app, server, Client(engine.layout.socket), itertools.count(1))


def close_house(house: House) -> None:
    house.server.stop()
    house.engine.close()


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Shared by every test that leaves it usable."""
    opened = open_house(tmp_path_factory.mktemp("house"))
    yield opened
    close_house(opened)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[House]:
    """For a test that counts, or breaks something."""
    opened = open_house(tmp_path)
    yield opened
    close_house(opened)


@pytest.fixture(scope="module")
def hooked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Shared by the tests of one module: no pipeline of another one waits for events here."""
    opened = open_house(tmp_path_factory.mktemp("hooked"))
    yield opened
    close_house(opened)
