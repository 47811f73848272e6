"""YAML text → plain JSON-able values, for definitions of agents. Bounded; never runs a tag.

YAML 1.2 core schema: `yes`, `no`, `on` and dates are text, keys are text as written. Nothing is
built before its expanded size is known, so no alias or merge key can blow up.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable
from typing import Any

import yaml

TEXT_BYTES_MAX = 256 * 1024
DEPTH_MAX = 50
NODES_MAX = 20_000


class BadText(Exception):
    """Text that cannot be read as YAML: `line` (from 1, or None) and `why`, a sentence."""

    def __init__(self, why: str, line: int | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.line = line


class _Loader(yaml.CSafeLoader):
    """PyYAML's own scanner cannot read `{report: string?}`; libyaml, beside it, can."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012

    def construct_mapping(
        self,
        node: Any,
        deep: bool = False,  # noqa: FBT001, FBT002 - PyYAML's own signature
    ) -> dict[Hashable, Any]:
        """Keys are text as written."""
        del deep
        self.flatten_mapping(node)
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}


def _text(loader: Any, node: Any) -> str:
    value = loader.construct_scalar(node)
    if not isinstance(value, str) or re.search("[\x00\ud800-\udfff]", value):
        raise BadText("a text must not contain NUL or halves of characters", _line(node))
    return value


def _integer(loader: Any, node: Any) -> int:
    value = loader.construct_scalar(node)
    if len(value) > 300:
        raise BadText("a number has at most 300 digits", _line(node))
    return int(value, 0) if value[:2] in {"0x", "0o"} else int(value)


def _decimal(_loader: Any, node: Any) -> float:
    value = float(node.value)
    if math.isinf(value):
        raise BadText("a number is too large", _line(node))
    return value


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1


_CORE: tuple[tuple[str, str | None, list[str], Any], ...] = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""], lambda _, __: None),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF"),
     lambda _, node: node.value.lower() == "true"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789"), _integer),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?", list("-+.0123456789"),
     _decimal),
    ("merge", r"<<", ["<"], None),
    ("str", None, [], _text),
)  # fmt: skip
for _kind, _shape, _first, _make in _CORE:
    _tag = f"tag:yaml.org,2002:{_kind}"
    if _shape is not None:
        _Loader.add_implicit_resolver(_tag, re.compile(rf"(?:{_shape})\Z"), _first)
    if _make is not None:
        _Loader.add_constructor(_tag, _make)


def load(text: str) -> tuple[Any, dict[str, int]]:
    """The value of the one document in `text`, and the line of each key of its two top levels.

    Lines are by path: `agents`, `agents/deployer`. Raises BadText.
    """
    if len(text.encode("utf-8", "surrogatepass")) > TEXT_BYTES_MAX:
        raise BadText(f"it has more than {TEXT_BYTES_MAX // 1024} KiB")
    try:
        _stay_shallow(text)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None, {}
            _weigh(node, {})
            lines = _lines(node, "", 2)  # before merge keys are flattened away
            return loader.construct_document(node), lines
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as fault:
        line = getattr(fault.problem_mark or fault.context_mark, "line", None)
        why = " ".join(part for part in (fault.context, fault.problem) if part)
        raise BadText(f"it is not YAML: {why}", None if line is None else line + 1) from None
    except (yaml.YAMLError, UnicodeError, OverflowError) as fault:
        raise BadText(f"it is not YAML: {' '.join(str(fault).split())}") from None


def _stay_shallow(text: str) -> None:
    """Composing recurses; parsing does not. So the depth is measured on the events."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEPTH_MAX:
                raise BadText(f"it is nested deeper than {DEPTH_MAX}", _line(event))
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _weigh(node: Any, known: dict[int, int]) -> int:
    """How many nodes stand below, aliases expanded; an alias of itself is a fault."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) in known:
        if known[id(node)] < 0:
            raise BadText("it contains itself", _line(node))
        return known[id(node)]
    known[id(node)] = -1
    if isinstance(node, yaml.MappingNode):
        _check_keys(node)
    below = [part for item in node.value for part in (item if isinstance(item, tuple) else (item,))]
    weight = 1 + sum(_weigh(part, known) for part in below)
    if weight > NODES_MAX:
        raise BadText(f"it has more than {NODES_MAX} parts once aliases are expanded", _line(node))
    known[id(node)] = weight
    return weight


def _check_keys(node: Any) -> None:
    seen: set[str] = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise BadText("a key must be plain text", _line(key))
        if key.value in seen:
            raise BadText(f"`{key.value}` is written twice", _line(key))
        seen.add(key.value)


def _lines(node: Any, above: str, depth: int) -> dict[str, int]:
    if depth == 0 or not isinstance(node, yaml.MappingNode):
        return {}
    found: dict[str, int] = {}
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode):
            found[above + key.value] = _line(key)
            found |= _lines(value, f"{above}{key.value}/", depth - 1)
    return found
