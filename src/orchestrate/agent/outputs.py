"""What an agent wrote to $ORCHESTRATE_OUTPUT, as values; it never guesses at what was meant."""

import json
import re
from dataclasses import dataclass

OUTPUT_BYTES_MAX = 1 << 20
DEPTH_MAX = 64
"""Of lists and objects in each other: whoever reads the record has a stack of their own."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,62}")
_NAME_RULE = "a name is a letter or _ and then at most 62 of letters, digits, '.', '_' and '-'"
_SHOWN_CHARACTERS_MAX = 60


@dataclass(frozen=True, slots=True)
class Fault:
    """Why the text cannot be taken, and the line that is to blame, counted from 1."""

    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}"


def parse(text: str) -> dict[str, object] | Fault:
    """One JSON object, or lines `name=value` and blocks `name<<END` ... `END`.

    A name that comes again replaces its earlier value, so that a script may append. Values of
    lines and blocks are texts.
    """
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > OUTPUT_BYTES_MAX:
        return Fault(1, f"{size} bytes of output; at most {OUTPUT_BYTES_MAX} are allowed")
    text = text.removeprefix("\ufeff")
    if text.lstrip().startswith("{"):
        return _parse_json(text)
    return _parse_lines(text)


def _parse_json(text: str) -> dict[str, object] | Fault:
    try:
        found = json.loads(text, parse_constant=_no_number)
        written = json.dumps(found, ensure_ascii=False, allow_nan=False)
        written.encode()
    except json.JSONDecodeError as error:
        return Fault(error.lineno, f"not JSON: {error.msg} in column {error.colno}")
    except UnicodeEncodeError:
        return Fault(1, "a text holds half of a surrogate pair, which is no character")
    except RecursionError:
        return Fault(1, "the JSON is nested too deeply")
    except ValueError as error:
        return Fault(1, f"not JSON: {error}")
    if _depth(found) > DEPTH_MAX:
        return Fault(1, f"the JSON is nested too deeply: at most {DEPTH_MAX} levels are allowed")
    for name in found:
        if not _NAME.fullmatch(name):
            return Fault(1, f"{_shown(name)} cannot be the name of an output: {_NAME_RULE}")
    values: dict[str, object] = found
    return values


def _depth(value: object) -> int:
    level, depth = [value], 0
    while level and depth <= DEPTH_MAX:
        inner = [each for each in level if isinstance(each, dict | list)]
        depth += bool(inner)
        level = [
            part for each in inner for part in (each.values() if isinstance(each, dict) else each)
        ]
    return depth


def _no_number(word: str) -> object:
    raise ValueError(f"{word} is not a number in JSON")


def _parse_lines(text: str) -> dict[str, object] | Fault:
    values: dict[str, object] = {}
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    index = 0
    while index < len(lines):
        line, number = lines[index], index + 1
        index += 1
        if not line.strip():
            continue
        found = re.search(r"=|<<", line)
        if found is None:
            return Fault(number, f"{_shown(line)} is neither name=value nor name<<END")
        name, rest = line[: found.start()], line[found.end() :]
        if not _NAME.fullmatch(name):
            return Fault(number, f"{_shown(name)} cannot be the name of an output: {_NAME_RULE}")
        if found[0] == "=":
            values[name] = rest
            continue
        if not rest:
            return Fault(number, f"after {name}<< comes the word that ends the block")
        try:
            end = lines.index(rest, index)
        except ValueError:
            return Fault(number, f"the block of {name} never ends: no line is {_shown(rest)}")
        values[name] = "\n".join(lines[index:end])
        index = end + 1
    return values


def _shown(text: str) -> str:
    short = text if len(text) <= _SHOWN_CHARACTERS_MAX else text[:_SHOWN_CHARACTERS_MAX] + "..."
    return repr(short)
