"""`[webhooks.NAME]` and the secrets in the environment → who may tell us of events.

Read again when the file changes. A file that is broken while a server runs changes nothing: the
last good settings hold, and the fault is said in the log.
"""

from __future__ import annotations

import difflib
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from orchestrate.cli import settings
from orchestrate.cli.failure import Exit, Failure
from orchestrate.engine.forges.mapped import pointer_fault
from orchestrate.engine.forges.source import Source, Words
from orchestrate.web.routing import NAME_PATTERN
from orchestrate.web.signature import SIGNING, signing_key

SECRET = "ORCHESTRATE_WEBHOOK_SECRET_"  # noqa: S105 - how the names of variables begin
FACTS_MAX = 100
_KEYS = ("secret", "like", "signature", "token", "delivery", "event", "facts")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,100}", re.ASCII)
_NAME = re.compile(NAME_PATTERN, re.ASCII)
log = logging.getLogger("orchestrate")


def sources_from(now: settings.Settings) -> Callable[[str], Source | None]:
    """A function that gives the source of a name, as the file says it at that moment.

    Raises Failure for a file that is wrong from the start.
    """
    kept = read_sources(now.written, now.file)
    seen = _mark(now.file)

    def source(name: str) -> Source | None:
        nonlocal kept, seen
        mark = _mark(now.file)
        if mark != seen:
            seen = mark
            try:
                written, _ = settings.read_file(now.file)
                kept = read_sources(written, now.file)
            except Failure as fault:
                log.warning("%s; the webhooks stay as they were", fault.what)
        return _with_secret(kept.get(name), name, now.environ.get(variable(name)))

    return source


def variable(name: str) -> str:
    """The variable that holds the secret of a source: `my-ci` → `..._MY_CI`."""
    return SECRET + re.sub(r"[^A-Z0-9]", "_", name.upper())


def _with_secret(known: Source | None, name: str, secret: str | None) -> Source | None:
    """A source with the secret of the environment, which counts before that of the file."""
    if not secret:
        return known if known is not None and known.secrets else None
    found = known or Source(name=name, secrets=(), words=_words(name))
    return replace(found, secrets=(secret,))


def _words(name: str) -> Words:
    return Words(name) if name in ("github", "gitlab") else Words.JSON


def read_sources(written: Mapping[str, Any], file: Path) -> dict[str, Source]:
    """What the file says. Raises Failure: a source that is read wrongly opens a door."""
    found = {}
    for name, said in written.get("webhooks", {}).items():
        where = f"{file}: webhooks.{name}"
        if _NAME.fullmatch(name) is None:
            _fail(f"{where} is no name of a source", "letters, digits, `-`, `_` and `.`")
        if not isinstance(said, dict):
            _fail(f"{where} must be a table", f"write [webhooks.{name}]")
        for key in said:
            if key not in _KEYS:
                near = difflib.get_close_matches(key, _KEYS, 1, 0.6)
                _fail(
                    f"{where}: `{key}` is not known",
                    f"did you mean `{near[0]}`?" if near else f"there is: {', '.join(_KEYS)}",
                )
        found[name] = _source(name, said, where)
    return found


def _source(name: str, said: Mapping[str, Any], where: str) -> Source:
    like = said.get("like", _words(name).value)
    if like not in {each.value for each in Words}:
        _fail(f"{where}.like must be one of {', '.join(Words)}")
    words = Words(like)
    for key in ("signature", "token", "delivery"):
        if key in said and not (isinstance(said[key], str) and _HEADER.fullmatch(said[key])):
            _fail(f"{where}.{key} must be the name of a header", "such as X-Signature")
    if "signature" in said and "token" in said:
        _fail(f"{where} has a signature and a token", "keep the signature")
    if words is not Words.JSON and (own := sorted({*said} - {"secret", "like"})):
        _fail(f"{where}.{own[0]} is for words of your own", f"{words.value} has its own")
    return Source(
        name=name,
        secrets=_secrets(said.get("secret", []), where),
        words=words,
        signature=said.get("signature"),
        token=said.get("token"),
        delivery=said.get("delivery"),
        event=_pointer(said["event"], f"{where}.event") if "event" in said else None,
        facts=_facts(said.get("facts", {}), f"{where}.facts"),
    )


def _secrets(said: object, where: str) -> tuple[str, ...]:
    listed = [said] if isinstance(said, str) else said
    if not isinstance(listed, list) or not all(isinstance(each, str) and each for each in listed):
        _fail(f"{where}.secret must be a text, or a list of texts")
    for each in listed:
        if each.startswith(SIGNING) and signing_key(each) is None:
            _fail(f"{where}.secret begins with {SIGNING} and goes on in no base64")
    return tuple(listed)


def _facts(said: object, where: str) -> dict[str, str]:
    if not isinstance(said, dict) or len(said) > FACTS_MAX:
        _fail(f"{where} must be a table of at most {FACTS_MAX} facts", 'such as branch = "/ref"')
    return {name: _pointer(each, f"{where}.{name}") for name, each in said.items()}


def _pointer(said: object, where: str) -> str:
    fault = pointer_fault(said) if isinstance(said, str) else "must be a text"
    if fault is not None or not isinstance(said, str):
        _fail(f"{where} {fault}", 'a JSON pointer such as "/build/branch", or a text')
    return said


def _fail(what: str, help_: str = "") -> NoReturn:
    raise Failure(what, help_, code=Exit.INVALID)


def _mark(file: Path) -> tuple[int, int, int] | None:
    try:
        facts = file.stat()
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size, facts.st_ino
