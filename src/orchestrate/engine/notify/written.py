"""`[channels.…]`, `[forges.…]` and `[server]` of the settings → whom one may tell.

It is handed what the file says and what the environment holds; it reads neither. Secrets are
references (`${NAME}`): what is secret stands in no file.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from orchestrate.engine.notify.channels import (
    BY_DEFAULT,
    SHORTEST,
    Channel,
    Directory,
    Forge,
    ForgeKind,
    Kind,
    Occasion,
)

CHANNELS_MAX = 50
PATTERNS_MAX = 100
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_CHANNEL = ("kind", "url", "secret", "events", "pipelines", "allow_private")
_FORGE = ("token", "url", "repositories", "statuses", "comments", "allow_private")
_API = {
    ForgeKind.GITHUB: "https://api.github.com",
    ForgeKind.GITLAB: "https://gitlab.com/api/v4",
}
WEBHOOK_SCHEMES = ("http", "https")


@dataclass(frozen=True, slots=True)
class Fault:
    """What cannot be meant: where, what, and what to write instead."""

    where: str
    text: str
    help: str = ""


@dataclass(slots=True)
class _Reading:
    environ: Mapping[str, str]
    faults: list[Fault] = field(default_factory=list)

    def wrong(self, where: str, text: str, help_: str = "") -> None:
        self.faults.append(Fault(where, text, help_))


def directory(
    written: Mapping[str, Any], environ: Mapping[str, str]
) -> tuple[Directory, list[Fault]]:
    """Whom one may tell, and everything that cannot be meant, in the order of the file."""
    reading = _Reading(environ)
    server = _table(reading, written, "server")
    url = None
    if _known(reading, "server", server, ("url",)) and "url" in server:
        url = _web_address(reading, "server.url", server["url"])
    channels = {}
    tables = _table(reading, written, "channels")
    if len(tables) > CHANNELS_MAX:
        reading.wrong("channels", f"are {len(tables)}; at most {CHANNELS_MAX} are told")
    for name, said in tables.items():
        found = _channel(reading, name, said)
        if found is not None:
            channels[name] = found
    forges = []
    for name, said in _table(reading, written, "forges").items():
        forge = _forge(reading, name, said)
        if forge is not None:
            forges.append(forge)
    return Directory(channels=channels, forges=tuple(forges), url=url), reading.faults


def _channel(reading: _Reading, name: str, said: Any) -> Channel | None:
    at = f"channels.{name}"
    before = len(reading.faults)
    if _NAME.fullmatch(name) is None:
        reading.wrong(at, "is no name", "letters, digits, `-` and `_`")
    if not isinstance(said, Mapping):
        reading.wrong(at, "must be a table", f"write [{at}]")
        return None
    _known(reading, at, said, _CHANNEL)
    kind = _choice(reading, f"{at}.kind", said.get("kind", Kind.APPRISE.value), Kind)
    url, in_url, missing = _text(reading, f"{at}.url", said.get("url", ""))
    secret, in_secret, not_set = _secret(reading, f"{at}.secret", said.get("secret", ""))
    if kind in (Kind.TERMINAL, Kind.DESKTOP):
        for key in ("url", "secret"):
            if key in said:
                reading.wrong(f"{at}.{key}", f"has no meaning for a channel of kind {kind}")
    elif not url and not missing:
        help_ = 'such as url = "slack://${SLACK_TOKEN}", or kind = "webhook" with its address'
        reading.wrong(at, "has no `url`", help_)
    elif kind is Kind.WEBHOOK:
        if not missing:
            _web_address(reading, f"{at}.url", url)
        if not said.get("secret"):
            help_ = 'write secret = "${NAME}", and set NAME in the environment of the server'
            reading.wrong(at, "has no `secret` to sign with", help_)
    elif kind is Kind.APPRISE:
        if not missing and _SCHEME.match(url) is None:
            help_ = "such as slack://…, mailtos://…, ntfy://…; see docs/notifications.md"
            reading.wrong(f"{at}.url", "is no address that Apprise knows", help_)
        if "secret" in said:
            reading.wrong(f"{at}.secret", 'is for kind = "webhook" alone', "put it into the url")
    found = Channel(
        name=name,
        kind=kind or Kind.APPRISE,
        url=url,
        secret=secret,
        events=_events(reading, f"{at}.events", said.get("events", list(BY_DEFAULT))),
        pipelines=_patterns(reading, f"{at}.pipelines", said.get("pipelines", ["*"])),
        allow_private=_flag(reading, f"{at}.allow_private", said.get("allow_private", False)),
        secrets=(url, secret, *in_url, *in_secret, *secrets_of(url, kind)),
        missing=(*missing, *not_set),
    )
    return found if len(reading.faults) == before else None


def _forge(reading: _Reading, name: str, said: Any) -> Forge | None:
    at = f"forges.{name}"
    before = len(reading.faults)
    kind = _choice(reading, at, name, ForgeKind)
    if not isinstance(said, Mapping):
        reading.wrong(at, "must be a table", f"write [{at}]")
        return None
    if kind is None:
        return None
    _known(reading, at, said, _FORGE)
    token, secrets, missing = _secret(reading, f"{at}.token", said.get("token", ""))
    if not said.get("token"):
        help_ = f'write token = "${{{kind.upper()}_TOKEN}}"'
        reading.wrong(at, "has no `token`", help_)
    url = _web_address(reading, f"{at}.url", said.get("url", _API[kind])) or ""
    private = _flag(reading, f"{at}.allow_private", said.get("allow_private", False))
    if url.startswith("http://") and not private:
        help_ = "use https, or allow_private = true for a forge in your own network"
        reading.wrong(f"{at}.url", "would carry the token in the clear", help_)
    found = Forge(
        kind=kind,
        url=url,
        token=token,
        repositories=_patterns(reading, f"{at}.repositories", said.get("repositories", [])),
        statuses=_flag(reading, f"{at}.statuses", said.get("statuses", True)),
        comments=_flag(reading, f"{at}.comments", said.get("comments", True)),
        allow_private=private,
        secrets=(token, *secrets),
        missing=missing,
    )
    return found if len(reading.faults) == before else None


# -- the words of a table --------------------------------------------------------------


def _table(reading: _Reading, written: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = written.get(name, {})
    if isinstance(found, Mapping):
        return found
    reading.wrong(name, "must be a table", f"write [{name}]")
    return {}


def _known(reading: _Reading, at: str, said: Mapping[str, Any], names: Iterable[str]) -> bool:
    names = tuple(names)
    unknown = [each for each in said if each not in names]
    for each in unknown:
        near = difflib.get_close_matches(each, names, 1, 0.6)
        there = ", ".join(f"`{name}`" for name in names)
        help_ = f"did you mean `{near[0]}`?" if near else f"there is {there}"
        reading.wrong(f"{at}.{each}", "is not known", help_)
    return not unknown


def _choice(reading: _Reading, at: str, said: Any, kinds: type[Any]) -> Any:
    values = [each.value for each in kinds]
    if said in values:
        return kinds(said)
    near = difflib.get_close_matches(str(said), values, 1, 0.6)
    listed = ", ".join(values)
    reading.wrong(at, "is not known", f"did you mean `{near[0]}`?" if near else f"one of: {listed}")
    return None


def _flag(reading: _Reading, at: str, said: Any) -> bool:
    if not isinstance(said, bool):
        reading.wrong(at, "must be true or false")
    return said is True


def _patterns(reading: _Reading, at: str, said: Any) -> tuple[str, ...]:
    found = [said] if isinstance(said, str) else said
    if not isinstance(found, list) or not all(isinstance(each, str) and each for each in found):
        reading.wrong(at, "must be a list of names", '`*` stands for any: ["shop-*"]')
        return ()
    if len(found) > PATTERNS_MAX:
        reading.wrong(at, f"has {len(found)} entries; at most {PATTERNS_MAX} are read")
    return tuple(found)


def _events(reading: _Reading, at: str, said: Any) -> tuple[str, ...]:
    from fnmatch import fnmatchcase

    known = [each.value for each in Occasion]
    found = _patterns(reading, at, said)
    for each in found:
        if not any(fnmatchcase(name, each) for name in known):
            near = difflib.get_close_matches(each, known, 1, 0.6)
            help_ = f"did you mean `{near[0]}`?" if near else f"there is {', '.join(known)}"
            reading.wrong(at, f"`{each}` never happens", help_)
    return found


def _web_address(reading: _Reading, at: str, said: Any) -> str | None:
    help_ = "such as https://orchestrate.example.org"
    if not isinstance(said, str):
        reading.wrong(at, "must be a text", help_)
        return None
    try:
        parts = urlsplit(said)
        good = parts.scheme in WEBHOOK_SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or not said.isascii() or not said.isprintable() or " " in said:
        reading.wrong(at, "is no address of the web", help_)
        return None
    return said.rstrip("/")


# -- secrets ---------------------------------------------------------------------------


def _text(reading: _Reading, at: str, said: Any) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """A text with its references resolved, what they gave, and those that are not set."""
    if not isinstance(said, str):
        reading.wrong(at, "must be a text")
        return "", (), ()
    names = _REFERENCE.findall(said)
    missing = tuple(dict.fromkeys(each for each in names if not reading.environ.get(each)))
    if missing:
        return "", (), missing
    given = tuple(reading.environ[each] for each in names)
    return _REFERENCE.sub(lambda found: reading.environ[found[1]], said), given, ()


def _secret(reading: _Reading, at: str, said: Any) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """A secret: nothing but a reference will do."""
    if isinstance(said, str) and said and _REFERENCE.fullmatch(said) is None:
        key = at.rpartition(".")[2]
        help_ = f'write {key} = "${{NAME}}", and set NAME in the environment of the server'
        reading.wrong(at, "must be a reference: a secret stands in no file", help_)
        return "", (), ()
    return _text(reading, at, said)


def secrets_of(url: str, kind: Kind | None) -> tuple[str, ...]:
    """What of an address no message shows. With Apprise a token may stand for the host."""
    try:
        parts = urlsplit(url)
        found = [parts.password, parts.username, *parts.path.split("/"), parts.query]
        if kind is Kind.APPRISE:
            found += [parts.netloc, parts.hostname]
    except ValueError:
        return (url,)
    return tuple(each for each in found if each and len(each) >= SHORTEST)
