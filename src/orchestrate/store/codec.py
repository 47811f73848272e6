"""Core values ↔ JSON: what an event looks like in the log, for ever.

A dataclass becomes an object of its fields. Where several kinds can stand in one place (conditions)
the object says which by `is`. A field that is empty by default is left out while it is empty; all
others are written out, so that a later release may choose other defaults without changing the past.
Reading is strict: a missing field takes its default, an unknown one is an error that names it.

Values inside outputs, payloads and packets are JSON already: text with lone surrogates comes back
as it was, floats to the last bit; NaN and infinities are refused, they are no JSON.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any, TypeAlias

from orchestrate.core import condition
from orchestrate.core import events as happened
from orchestrate.core.events import Event, RunCreated
from orchestrate.core.pipeline import Pipeline

PIPELINES_SHARED_MAX = 64

TAG = "is"
TAGGED: dict[str, type] = {kind.__name__: kind for kind in typing.get_args(condition.Condition)}
EVENTS: dict[str, type[Event]] = {kind.__name__: kind for kind in typing.get_args(happened.Event)}

_Convert: TypeAlias = Callable[[Any], Any] | None  # None: JSON is the value itself
_EMPTY: tuple[object, ...] = (None, False, 0, "", (), {})
_ALWAYS = object()


class Unreadable(ValueError):
    """A log entry this release cannot read, and which part of it."""


# -- out -------------------------------------------------------------------------------


class _Plan:
    """How objects of one class are written: their fields in order, and which may be left out."""

    __slots__ = ("blanks", "names", "tag", "values")

    def __init__(self, kind: type, *, without: str = "") -> None:
        fields = [each for each in dataclasses.fields(kind) if each.name != without]
        self.names = tuple(each.name for each in fields)
        self.values: Callable[[Any], Any] = attrgetter(*self.names) if fields else lambda _: ()
        blanks = tuple(_blank(each) for each in fields)
        self.blanks = blanks if any(each is not _ALWAYS for each in blanks) else ()
        self.tag = kind.__name__ if kind.__name__ in TAGGED else ""

    def plain(self, value: object) -> dict[str, object]:
        found = self.values(value)
        if len(self.names) == 1:
            found = (found,)
        if not self.blanks:
            written: dict[str, object] = dict(zip(self.names, found, strict=True))
        else:
            written = {
                name: each
                for name, each, blank in zip(self.names, found, self.blanks, strict=True)
                if blank is _ALWAYS or each != blank
            }
        return {TAG: self.tag, **written} if self.tag else written


def _blank(field: dataclasses.Field[Any]) -> object:
    """The empty default of a field; `_ALWAYS` where it has none."""
    default = field.default
    if field.default_factory is not dataclasses.MISSING:
        default = field.default_factory()
    for each in _EMPTY:
        if type(default) is type(each) and default == each:
            return default
    return _ALWAYS


_EVENT_PLANS: dict[type, _Plan] = {kind: _Plan(kind, without="at") for kind in EVENTS.values()}


_plans: dict[type, _Plan] = {}


def _plain(value: object) -> object:
    kind = type(value)
    if kind in _plans:
        return _plans[kind].plain(value)
    if dataclasses.is_dataclass(kind):
        _plans[kind] = _Plan(kind)
        return _plans[kind].plain(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{kind.__name__} has no form in the log")


_encode = json.JSONEncoder(
    allow_nan=False, check_circular=False, separators=(",", ":"), default=_plain
).encode


def dump_json(value: object) -> str:
    """JSON, compact and ASCII; dataclasses as in the log."""
    return _encode(value) if value else _BLANK_TEXTS.get(type(value)) or _encode(value)


_BLANK_TEXTS: dict[type, str] = {dict: "{}", tuple: "[]", list: "[]"}


def dump_event(event: Event) -> tuple[str, str]:
    """(type name, JSON text without `at`)."""
    kind = type(event)
    plain = _EVENT_PLANS[kind].plain(event)
    if kind is not RunCreated:
        return kind.__name__, _encode(plain)
    pipeline = plain.pop("pipeline")
    assert isinstance(pipeline, Pipeline)
    return kind.__name__, f'{{"pipeline":{_pipeline_text(pipeline)},{_encode(plain)[1:]}'


_texts: dict[int, tuple[weakref.ref[Pipeline], str]] = {}


def _pipeline_text(pipeline: Pipeline) -> str:
    """The JSON of a pipeline, made once in its life: many runs start of one revision."""
    key = id(pipeline)
    known = _texts.get(key)
    if known is not None and known[0]() is pipeline:
        return known[1]
    text = _encode(pipeline)
    _texts[key] = (weakref.ref(pipeline, lambda _: _texts.pop(key, None)), text)
    return text


# -- in --------------------------------------------------------------------------------


def load_event(type_: str, data: str, at: float) -> Event:
    """The event that `dump_event` wrote, in this release or an earlier one."""
    kind: Any = EVENTS.get(type_)
    if kind is None:
        raise Unreadable(f"`{type_}` is no event this release knows")
    try:
        raw = json.loads(data)
    except ValueError as error:
        raise Unreadable(f"{type_} is not JSON: {error}") from error
    if not isinstance(raw, dict):
        raise Unreadable(f"{type_} is no object")
    raw["at"] = at
    if kind is RunCreated and isinstance(raw.get("pipeline"), dict):
        return _created(raw)
    event: Event = _object(kind)(raw)
    return event


_shared: OrderedDict[tuple[object, ...], tuple[dict[str, Any], Pipeline]] = OrderedDict()


def _created(raw: dict[str, Any]) -> RunCreated:
    """A run's beginning. Runs of one revision share one Pipeline, read once."""
    key = (raw.get("pipeline_id"), raw.get("revision"), raw.get("sha256"))
    written = raw["pipeline"]
    known = _shared.get(key)
    if known is None or known[0] != written:
        known = (written, _object(Pipeline)(written))
        _shared[key] = known
        while len(_shared) > PIPELINES_SHARED_MAX:
            _shared.popitem(last=False)
    readers = _fields(RunCreated)
    values = {
        name: _value(readers, RunCreated, name, raw[name]) for name in raw if name != "pipeline"
    }
    created: RunCreated = _made(RunCreated, {**values, "pipeline": known[1]})
    return created


@cache
def _object(kind: Any) -> Callable[[Any], Any]:
    """What reads an object of this class."""
    readers = _fields(kind)
    tag = TAG if kind.__name__ in TAGGED else None

    def read(raw: Any) -> Any:
        if not isinstance(raw, dict):
            raise Unreadable(f"{kind.__name__} is no object")
        values = {name: _value(readers, kind, name, raw[name]) for name in raw if name != tag}
        return _made(kind, values)

    return read


def _value(readers: Mapping[str, _Convert], kind: type, name: str, value: Any) -> Any:
    try:
        convert = readers[name]
    except KeyError:
        raise Unreadable(f"{kind.__name__} has no field `{name}` in this release") from None
    return value if convert is None else convert(value)


def _made(kind: type, values: dict[str, Any]) -> Any:
    try:
        return kind(**values)
    except TypeError:
        lost = [each.name for each in dataclasses.fields(kind) if each.name not in values]
        raise Unreadable(f"{kind.__name__} lacks one of {', '.join(lost)}") from None


@cache
def _fields(kind: Any) -> Mapping[str, _Convert]:
    hints = typing.get_type_hints(kind)
    return {each.name: _reader(hints[each.name]) for each in dataclasses.fields(kind)}


def _reader(hint: Any) -> _Convert:
    """What turns JSON into a value of this type; None where it is one already."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _either([each for each in inner if each is not types.NoneType])
    if origin is tuple:
        return _sequence(inner)
    if origin is not None:
        return _mapping(inner)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _choice(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _object(hint)
    return None


def _either(kinds: list[Any]) -> _Convert:
    if len(kinds) > 1:
        return _tagged if all(map(dataclasses.is_dataclass, kinds)) else None
    convert = _reader(kinds[0])
    return convert and (lambda raw: None if raw is None else convert(raw))


def _tagged(raw: Any) -> Any:
    if raw is None:
        return None
    kind = TAGGED.get(raw.get(TAG, "")) if isinstance(raw, dict) else None
    if kind is None:
        raise Unreadable(f"{json.dumps(raw)[:80]} is no condition this release knows")
    return _object(kind)(raw)


def _sequence(inner: tuple[Any, ...]) -> Callable[[Any], Any]:
    if inner[1:] == (...,):
        convert = _reader(inner[0])
        return tuple if convert is None else lambda raw: tuple(map(convert, raw))
    converts = [_reader(each) or (lambda raw: raw) for each in inner]
    return lambda raw: tuple(each(part) for each, part in zip(converts, raw, strict=True))


def _mapping(inner: tuple[Any, ...]) -> _Convert:
    convert = _reader(inner[1])
    return convert and (lambda raw: {key: convert(value) for key, value in raw.items()})


def _choice(kind: type[Enum]) -> Callable[[Any], Any]:
    members = {each.value: each for each in kind}

    def read(raw: Any) -> Enum:
        try:
            return members[raw]
        except KeyError:
            raise Unreadable(f"`{raw}` is no {kind.__name__} this release knows") from None

    return read
