"""The dashboard's files: which addresses they have, what is said with them, what is not served."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from orchestrate.web.call import Answer
from orchestrate.web.pages import Pages

INDEX = b"<!doctype html><title>built</title>"
SCRIPT = b"console.log(1)\n" * 200


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_bytes(INDEX)
    (tmp_path / "assets/index-abc.js").write_bytes(SCRIPT)
    (tmp_path / "assets/secret.pem").write_bytes(b"no")
    (tmp_path / "stamp.txt").write_text("1")
    return tmp_path


def get(pages: Pages, path: str, **headers: str) -> Answer | None:
    return pages.find("GET", path.encode(), {"accept-encoding": "", **headers})


@pytest.mark.parametrize("path", ["/", "/pipelines", "/pipelines/a.b", "/runs/7", "/about"])
def test_every_page_is_one_file(built: Path, path: str) -> None:
    found = get(Pages(built), path)
    assert found is not None
    assert (found.content, found.headers["Cache-Control"]) == (INDEX, "no-store")


def test_pages_allow_nothing_but_their_own_files(built: Path) -> None:
    found = get(Pages(built), "/")
    assert found is not None
    policy = found.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_what_has_its_hash_in_its_name_is_kept_for_ever(built: Path) -> None:
    found = get(Pages(built), "/assets/index-abc.js")
    assert found is not None
    assert (found.content, found.media) == (SCRIPT, "text/javascript; charset=utf-8")
    assert found.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_it_is_compressed_for_whoever_can_read_that(built: Path) -> None:
    found = get(Pages(built), "/assets/index-abc.js", **{"accept-encoding": "br, gzip"})
    assert found is not None
    assert found.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(found.content) == SCRIPT


@pytest.mark.parametrize(
    "path",
    [
        "/assets/secret.pem", "/assets/../stamp.txt", "/stamp.txt", "/index.html", "/assets/",
        "/assets", "//", "/runs/x", "/runs/0", "/nothing", "/pages.py", "/%2e%2e/pages.py",
        "/assets/%2e%2e/index.html", "/pipelines/", "/%ff",
    ],
)  # fmt: skip
def test_nothing_else_is_served(built: Path, path: str) -> None:
    assert get(Pages(built), path) is None


def test_a_page_that_is_open_finds_the_parts_of_the_build_it_came_from(built: Path) -> None:
    pages = Pages(built)
    get(pages, "/")
    (built / "assets/index-abc.js").rename(built / "assets/index-def.js")
    (built / "stamp.txt").write_text("2")
    assert get(pages, "/") is not None
    assert get(pages, "/assets/index-abc.js") is not None
    assert get(pages, "/assets/index-def.js") is not None


def test_without_a_build_the_page_says_how_to_make_one(tmp_path: Path) -> None:
    found = get(Pages(tmp_path), "/")
    assert found is not None
    assert b"run <code>make ui</code>" in found.content
    assert get(Pages(tmp_path), "/assets/index-abc.js") is None
