"""The dashboard: what a browser loads, how soon it can be used, and how many may look at once."""

from __future__ import annotations

import asyncio
import gzip
import importlib.util
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from orchestrate.web.pages import BUILT

TURNS = 7
CLIENTS = 500
CHUNKS_OF_THE_EDITOR = "Editor"
MOVES = 20


def main() -> None:
    """Print one line per figure; say so loudly where nothing can be measured."""
    if not (BUILT / "index.html").is_file():
        print("NOT MEASURED: the dashboard is not built (make ui)")
        return
    _sizes()
    from tests.browser import chromium
    from tests.browser.served import Served
    from tests.browser.stage import wide

    with tempfile.TemporaryDirectory() as directory:
        served = Served(Path(directory) / "bench")
        try:
            served.create("name: one\nstages:\n  - {name: a, run: 'true'}\n")
            served.create(wide("large", 20, 10))
            served.create(wide("vast", 50, 40))
            if chromium.path() is None or importlib.util.find_spec("playwright") is None:
                print("NOT MEASURED: there is no Chromium (apt-get install chromium)")
            else:
                _browser(served)
            asyncio.run(_many(served))
        finally:
            served.stop()


def _sizes() -> None:
    index = (BUILT / "index.html").read_text(encoding="utf-8")
    first, later = 0, 0
    for path in sorted((BUILT / "assets").iterdir()):
        size = len(gzip.compress(path.read_bytes()))
        if path.name in index or path.name.startswith(("data-", "jsx-runtime-")):
            first += size
        else:
            later += size
    print(f"first load, gzip                          {first / 1000:7.1f} kB")
    print(f"loaded on demand (editor and pages), gzip {later / 1000:7.1f} kB")


def _browser(served: Any) -> None:
    from tests.browser import chromium

    with chromium.browser() as opened:
        page = opened.new_context(viewport={"width": 1280, "height": 860}).new_page()
        page.goto(served.link())
        page.get_by_role("button", name="Run one").wait_for()
        taken = []
        for _ in range(TURNS):
            begin = time.perf_counter()
            page.goto(f"{served.url}/pipelines")
            page.get_by_role("button", name="Run one").wait_for()
            taken.append(time.perf_counter() - begin)
        print(f"pipelines page, usable                p50 {statistics.median(taken) * 1e3:7.0f} ms")
        for name, stages in (("large", 200), ("vast", 2_000)):
            begin = time.perf_counter()
            page.goto(f"{served.url}/pipelines/{name}?tab=about")
            page.locator(".dag .node").first.wait_for()
            print(f"graph of {stages:5} stages, drawn              {_ms(begin):7.0f} ms")
        run_id = served.run("one")
        served.until(run_id, "succeeded")


async def _many(served: Any) -> None:
    """Every one of many clients sees every run to its end; the slowest counts."""
    from websockets.asyncio.client import connect

    token = served.client.post("/api/tokens", {"scopes": ["read"]}).data["token"]
    address = f"ws://127.0.0.1:{served.port}/api/live"
    headers = {"Authorization": f"Bearer {token}"}
    begin = time.perf_counter()
    sockets = []
    for _ in range(CLIENTS):
        sockets.append(await connect(address, additional_headers=headers, max_size=None))
        await sockets[-1].send('{"subscribe": "runs"}')
        await sockets[-1].recv()
    print(f"{CLIENTS} clients, connected                    {_ms(begin):7.0f} ms")
    slowest = []
    for _ in range(MOVES):
        waiting = [asyncio.ensure_future(_sees_end(each)) for each in sockets]
        begin = time.perf_counter()
        await asyncio.to_thread(served.run, "one")
        await asyncio.gather(*waiting)
        slowest.append(time.perf_counter() - begin)
    middle_ms = statistics.median(slowest) * 1e3
    print(f"a run, start to end, seen by all {CLIENTS}  p50 {middle_ms:7.0f} ms")
    for each in sockets:
        await each.close()


async def _sees_end(socket: Any) -> None:
    while True:
        news = json.loads(await socket.recv())
        if any(run["status"] == "succeeded" for run in news["items"]):
            return


def _ms(begin: float) -> float:
    return (time.perf_counter() - begin) * 1e3


if __name__ == "__main__":
    main()
