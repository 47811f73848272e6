"""One call of the API as it is declared, asked and answered. It knows no transport.

Whatever a call takes and who may ask it stands in its declaration; what is not declared there
is refused before any code of the call runs.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from orchestrate.core.people import Caller, Roster
from orchestrate.engine.catalog import Also
from orchestrate.engine.driver import Engine
from orchestrate.engine.forges.source import Sources
from orchestrate.engine.intake import Intake
from orchestrate.web.access import Scope, Who
from orchestrate.web.fields import Schema
from orchestrate.web.gate import Gate
from orchestrate.web.waiting import Ear

T = TypeVar("T")

JSON = "application/json"
NDJSON = "application/x-ndjson"
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What every call works with. `owner`: the user of the machine this server works for."""

    engine: Engine
    roster: Callable[[], Roster]
    sources: Sources
    intake: Intake
    ear: Ear
    pool: ThreadPoolExecutor
    owner: str
    uid: int
    gate: Gate = field(default_factory=Gate)

    async def blocking(self, act: Callable[[], T]) -> T:
        """Do what blocks on a thread of the pool."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, act)


@dataclass(slots=True, kw_only=True)
class Asked:
    """A call that somebody who may make it made, everything in it checked.

    `also` is to be passed to the engine by whoever changes something: it remembers the answer.
    `raw` is the body of a call that takes it as it came.
    """

    site: Site
    who: Who
    path: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    raw: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    also: Also | None = None
    remembered: bool = False

    @property
    def engine(self) -> Engine:
        return self.site.engine

    @property
    def by(self) -> Caller:
        return self.who.caller


@dataclass(slots=True, kw_only=True)
class Answer:
    """`content` is JSON data; for another media type text, or bytes."""

    content: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    media: str = JSON

    def encoded(self) -> bytes:
        if isinstance(self.content, bytes):
            return self.content
        if self.media != JSON:
            return str(self.content).encode("utf-8", "replace")
        return dump(self.content)


def dump(value: Any) -> bytes:
    """JSON of anything that was stored: what it has no word for becomes null."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode("utf-8")
    except ValueError:  # not finite, or half of a surrogate pair
        return json.dumps(_sayable(value), separators=(",", ":")).encode("ascii")


def _sayable(value: Any) -> Any:
    match value:
        case float() if not math.isfinite(value):
            return None
        case str():
            return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        case dict():
            return {_sayable(name): _sayable(each) for name, each in value.items()}
        case list() | tuple():
            return [_sayable(each) for each in value]
        case _:
            return value


Look: TypeAlias = Callable[[Asked], Answer]
Wait: TypeAlias = Callable[[Asked], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Deed:
    """A change: `do` makes it and says what it made; `show` answers for that, again if need be.

    `secret`: its answer holds one, and is kept nowhere.
    """

    do: Callable[[Asked], Any]
    show: Callable[[Asked, Any], Answer]
    secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """A parameter of the query."""

    name: str
    schema: Schema
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The declaration. `scope` None: none in particular; `open_to_all`: nobody is asked for a name.

    `signed`: nobody is asked for a name either, and the call itself looks at the signature over its
    body. `first` is asked before a body is taken in. `body` None: none is read. `body_required`:
    it cannot be left out. `raw_bytes_max`: it is taken as it comes, and no longer than that.
    `answers`: status → the name of a shape. `problems`: the statuses that this call adds to those
    of every call.
    """

    method: str
    path: str
    name: str
    about: str
    act: Look | Wait | Deed
    scope: Scope | None
    open_to_all: bool = False
    signed: bool = False
    people_only: bool = False
    owner_only: bool = False
    query: tuple[Param, ...] = ()
    first: Callable[[Asked], None] | None = None
    body: Schema | None = None
    body_required: bool = False
    raw_bytes_max: int = 0
    answers: Mapping[int, str]
    problems: tuple[int, ...] = ()
    tag: str = ""
    etag: bool = False
