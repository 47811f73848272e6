"""Every example of docs/api.md is run, in order, on an empty data directory."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrate.web.problem import KINDS
from orchestrate.web.routes import CALLS
from orchestrate.web.routing import Router
from tests.web.conftest import House

PAGE = Path(__file__).parent.parent.parent / "docs" / "api.md"
MORE = "…"


@dataclass
class Example:
    line: int
    method: str
    path: str
    sent: dict[str, str]
    body: bytes
    status: int
    got: dict[str, str]
    said: str


def examples() -> list[Example]:
    text = PAGE.read_text(encoding="utf-8")
    found = []
    for block in re.finditer(r"^```http\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        request, _, response = block[1].partition("\nHTTP/1.1 ")
        (asked, *sent), body = parts(request)
        (status, *got), said = parts(response)
        method, _, path = asked.partition(" ")
        found.append(
            Example(
                line=text[: block.start()].count("\n") + 2,
                method=method,
                path=path,
                sent=dict(each.split(": ", 1) for each in sent),
                body=body.strip().encode(),
                status=int(status.split()[0]),
                got=dict(each.split(": ", 1) for each in got),
                said=said,
            )
        )
    return found


def parts(message: str) -> tuple[list[str], str]:
    head, _, body = message.partition("\n\n")
    return head.strip().splitlines(), body


def test_every_example_is_true(fresh: House) -> None:
    for each in examples():
        rest(fresh)
        reply = fresh.client.ask(each.method, each.path, raw=each.body or None, headers=each.sent)
        where = f"docs/api.md:{each.line}: {each.method} {each.path}: {reply.text}"
        assert reply.status == each.status, where
        for name, value in each.got.items():
            assert reply.headers[name] == value, where
        if reply.headers["Content-Type"].startswith("text/"):
            assert reply.text == each.said, where
        else:
            wrong = differs(expected(each.said), reply.data, "")
            assert wrong is None, f"{wrong} in {where}"


def rest(house: House) -> None:
    """Let every run come as far as it can without people."""
    for run in house.client.get("/api/pipeline-runs").data["items"]:
        house.once(run["id"], at_rest)


def at_rest(run: dict[str, Any]) -> bool:
    undoing = run["rollback"] is not None and run["rollback"]["status"] == "running"
    return run["status"] not in ("pending", "running") and not undoing


def expected(text: str) -> Any:
    """JSON in which a bare `…` stands for more."""
    text = re.sub(r"([{,]\s*)…(?=\s*})", rf'\1"{MORE}": 0', text)
    return json.loads(re.sub(r"([\[,]\s*)…(?=\s*\])", rf'\1"{MORE}"', text))


def differs(wanted: Any, found: Any, at: str) -> str | None:
    """Where what was found is not what was wanted."""
    if wanted == MORE:
        return None
    if isinstance(wanted, dict) and isinstance(found, dict):
        names = wanted.keys() - {MORE}
        if names - found.keys() or (MORE not in wanted and found.keys() - names):
            return f"{at}: {sorted(names)} or {sorted(found)}"
        pairs = [(wanted[name], found[name], f"{at}.{name}") for name in names]
    elif isinstance(wanted, list) and isinstance(found, list):
        kept = [each for each in wanted if each != MORE]
        if len(kept) > len(found) or (kept == wanted and len(found) > len(kept)):
            return f"{at}: {len(kept)} or {len(found)} entries"
        pairs = [(each, found[n], f"{at}[{n}]") for n, each in enumerate(kept)]
    else:
        return None if wanted == found else f"{at}: {wanted!r} or {found!r}"
    return next((wrong for each in pairs if (wrong := differs(*each)) is not None), None)


def test_every_call_has_an_example() -> None:
    router = Router(CALLS)
    shown = {
        router.find(each.method, each.path.partition("?")[0].encode())[0].name
        for each in examples()
    }
    assert {call.name for call in CALLS} == shown


def test_every_problem_is_on_the_page() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (\d+) \|", PAGE.read_text(), re.MULTILINE)
    assert rows == [(kind.name, str(kind.status)) for kind in KINDS]
