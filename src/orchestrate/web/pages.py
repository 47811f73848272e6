"""The dashboard's files: what `make ui` built, read once and kept. It serves no other file.

A page asks nobody who they are: it holds nothing. What it shows, it asks the API for, with a token.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock

from orchestrate.web.call import Answer
from orchestrate.web.problem import Problem
from orchestrate.web.routing import decoded, fits

BUILT = Path(__file__).with_name("dashboard")
STAMP = "stamp.txt"
INDEX = "index.html"
GENERATIONS_MAX = 2
"""A page that is open may still ask for parts of the dashboard it came from."""

SHAPES = (
    "/", "/pipelines", "/pipelines/{name}", "/new", "/runs", "/runs/{id}", "/approvals",
    "/approvals/{id}", "/events", "/events/{id}", "/agents", "/about",
)  # fmt: skip
MEDIA = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
}
COMPRESSED_BYTES_MIN = 1_000
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
GUARDED = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Vary": "Accept-Encoding",
}
FOREVER = "public, max-age=31536000, immutable"
ABSENT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Orchestrate</title>
<h1>The dashboard is not built</h1>
<p>The server works: the command line and the API are all there.</p>
<p>To build this page, run <code>make ui</code> in the checkout, then load it again. It needs a
connection to a registry of npm packages, once; Node is taken from Python's if there is none.</p>
</html>
"""


@dataclass(frozen=True)
class File:
    content: bytes
    media: str
    cache: str

    @cached_property
    def zipped(self) -> bytes:
        return gzip.compress(self.content, mtime=0)

    def answer(self, headers: Mapping[str, str]) -> Answer:
        said = {**GUARDED, "Cache-Control": self.cache}
        content = self.content
        accepted = headers.get("accept-encoding", "")
        if len(content) >= COMPRESSED_BYTES_MIN and "gzip" in accepted:
            content = self.zipped
            said["Content-Encoding"] = "gzip"
        return Answer(content=content, headers=said, media=self.media)


class Pages:
    """Every address of the dashboard: its pages, which are one file, and the parts of it."""

    def __init__(self, built: Path = BUILT) -> None:
        self._built = built
        self._lock = Lock()
        self._stamp = ""
        self._index = File(ABSENT.encode(), MEDIA[".html"], "no-store")
        self._generations: list[dict[str, File]] = []

    def find(self, method: str, raw_path: bytes, headers: Mapping[str, str]) -> Answer | None:
        """The answer, if a page or a part of one is at this address."""
        if method not in ("GET", "HEAD"):
            return None
        try:
            path = tuple(decoded(each) for each in raw_path.split(b"/")[1:])
        except Problem:
            return None
        if any(fits(shape, path) for shape in SHAPES):
            return self._fresh().answer(headers)
        name = "/".join(path)
        for files in self._generations or self._read():
            if name in files:
                return files[name].answer(headers)
        return None

    def _read(self) -> list[dict[str, File]]:
        self._fresh()
        return self._generations

    def _fresh(self) -> File:
        """The page; it is read anew when another was built."""
        try:
            stamp = (self._built / STAMP).read_text(encoding="ascii")
        except OSError:
            return self._index
        with self._lock:
            if stamp != self._stamp:
                try:
                    self._load(stamp)
                except OSError:  # a build replaces it at this very moment
                    return self._index
        return self._index

    def _load(self, stamp: str) -> None:
        files = {}
        for path in sorted(self._built.rglob("*")):
            name = path.relative_to(self._built).as_posix()
            if path.suffix in MEDIA and path.is_file() and name != INDEX:
                lasts = FOREVER if path.parent.name == "assets" else "no-store"
                files[name] = File(path.read_bytes(), MEDIA[path.suffix], lasts)
        index = (self._built / INDEX).read_bytes()
        self._index = File(index, MEDIA[".html"], "no-store")
        self._generations = [files, *self._generations][:GENERATIONS_MAX]
        self._stamp = stamp
