"""Texts that want to hurt their reader: by hand, and drawn from a seed. None may be believed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from orchestrate.language.document import TEXT_BYTES_MAX

_HEAD = "name: x\nstages:\n"
_MAX = TEXT_BYTES_MAX


def _bomb(levels: int, width: int, *, merge: bool) -> str:
    lines = ["a0: &a0 {k: v}" if merge else "a0: &a0 [x, x]"]
    for level in range(1, levels):
        below = ",".join([f"*a{level - 1}"] * width)
        body = f"{{<<: [{below}], k{level}: v}}" if merge else f"[{below}]"
        lines.append(f"a{level}: &a{level} {body}")
    return "\n".join(lines)


def _stages(count: int, body: str) -> str:
    """`#` in the body is the stage's number, `@` the next one's."""
    rows = (
        f"  - {{name: s{n}, {body.replace('#', str(n)).replace('@', str((n + 1) % count))}}}\n"
        for n in range(count)
    )
    return _HEAD + "".join(rows)


def _members(letter: str, count: int) -> str:
    return "".join(f"    - {{name: {letter}{n}, run: x}}\n" for n in range(count))


# Each is refused, or is not; none may take long, or much memory, or raise.
TEXTS: dict[str, Callable[[], str | bytes]] = {
    # the text itself
    "nul": lambda: "name: a\0b",
    "lone surrogate": lambda: "name: \ud800",
    "byte order mark": lambda: "\ufeffname: x\nstages: [{name: a, run: b}]",
    "byte order mark inside": lambda: 'name: "a\ufeff"',
    "UTF-16": lambda: "name: x".encode("utf-16"),
    "UTF-32": lambda: "name: x".encode("utf-32"),
    "Latin-1": lambda: b"name: \xe9",
    "too many characters": lambda: "a" * (_MAX + 1),
    "too many bytes": lambda: b"\xff" * (_MAX + 1),
    "wide characters": lambda: "\U0001f600" * (_MAX // 4),
    "tabs": lambda: "\t" * _MAX,
    "spaces": lambda: " " * _MAX,
    "line feeds": lambda: "\n" * _MAX,
    "carriage returns": lambda: "\r\n" * (_MAX // 2),
    "next lines": lambda: "\x85" * (_MAX // 2),
    "comments": lambda: "#\n" * (_MAX // 2),
    # nesting
    "brackets": lambda: "[" * _MAX,
    "braces": lambda: "{" * _MAX,
    "brackets on lines": lambda: "[\n" * (_MAX // 2),
    "dashes": lambda: "- " * (_MAX // 2),
    "question marks": lambda: "? " * (_MAX // 2),
    "keys in brackets": lambda: "[a, " * (_MAX // 4),
    "wide at the bottom": lambda: "x-a: " + "[" * 49 + "a," * 150_000 + "]" * 49,
    "stairs": lambda: "".join(" " * n + "a:\n" for n in range(1_400)),
    # aliases and merges
    "aliases": lambda: _bomb(10, 10, merge=False),
    "merges": lambda: _bomb(9, 9, merge=True),
    "merge in merge": lambda: _bomb(49, 1, merge=True),
    "alias of itself": lambda: "a: &a [*a]",
    "merge of itself": lambda: "a: &a {<<: *a}",
    "many anchors": lambda: "x-a: [" + "".join(f"&a{n} x," for n in range(90_000)) + "]",
    "one alias often": lambda: "x-a: &a x\nx-b: [" + "*a," * 220_000 + "]",
    "long text by aliases": lambda: (
        _HEAD
        + f"  - {{name: a, run: &r '{'x' * 65_000}'}}\n"
        + "".join(f"  - {{name: a{n}, run: *r}}\n" for n in range(9_000))
    ),
    # width
    "a list": lambda: "x-a: [" + "a," * 500_000 + "]",
    "empty lists": lambda: "x-a: [" + "[]," * 300_000 + "]",
    "empty texts": lambda: "x-a: [" + '"",' * 300_000 + "]",
    "tags": lambda: "x-a: [" + "!!str a," * 120_000 + "]",
    "tag directives": lambda: "".join(f"%TAG !a{n}! tag:x\n" for n in range(50_000)),
    "tag directives below": lambda: "name: x\n...\n" + "%TAG !a! tag:x\n" * 50_000,
    "documents": lambda: "---\n" * (_MAX // 4),
    "keys": lambda: "".join(f"k{n}: v\n" for n in range(90_000)),
    "one key": lambda: "k: v\n" * (_MAX // 5),
    "a long key": lambda: "a" * 1_000 + ": b",
    "a longer key": lambda: '"' + "a" * 900_000 + '": b',
    "escapes": lambda: 'name: "' + "\\n" * 500_000 + '"',
    "a long number": lambda: "name: x\nversion: " + "9" * 900_000,
    "a large exponent": lambda: "name: x\nversion: 1e" + "9" * 900_000,
    # stages
    "no stages": lambda: _HEAD + "  - a\n" * 149_000,
    "the same stage": lambda: _HEAD + "  - {name: a, run: b}\n" * 43_000,
    "unknown keys": lambda: (
        _HEAD + "  - {" + ", ".join(f"agnet{n}: x" for n in range(60_000)) + "}"
    ),
    "unknown stages": lambda: _stages(10_000, "run: x, depends_on: [stage-nunber-#]"),
    "one circle": lambda: _stages(9_000, "run: x, depends_on: s@"),
    "one parallel circle": lambda: _stages(9_000, "run: x, parallel_with: s@"),
    "many for many": lambda: (
        _HEAD + "  - parallel:\n" + _members("a", 5_000) + "  - parallel:\n" + _members("b", 5_000)
    ),
    "a group for many": lambda: (
        _HEAD
        + "  - name: g\n    parallel:\n"
        + _members("a", 5_000)
        + "".join(f"  - {{name: b{n}, run: x, depends_on: g}}\n" for n in range(4_900))
    ),
    "parallel with one of many": lambda: (
        _HEAD
        + "  - name: g\n    parallel:\n"
        + _members("a", 4_000)
        + "  - {name: X, run: x}\n"
        + "".join(
            f"  - {{name: b{n}, run: x, parallel_with: X, depends_on: a0}}\n" for n in range(4_000)
        )
    ),
    "rollbacks": lambda: _stages(9_000, "agent: a, on_failure: rollback, environment: p"),
    "defaults for many": lambda: (
        "name: x\ndefaults: {env: {"
        + ",".join(f"K{n}: v" for n in range(500))
        + "}}\n"
        + _stages(9_000, "run: x, env: {A: b}").removeprefix("name: x\n")
    ),
    # texts and patterns
    "open holes": lambda: _HEAD + '  - {name: a, task: "' + "${" * 32_000 + '"}',
    "holes": lambda: (
        _HEAD + "".join(f'  - {{name: a{n}, task: "{"${a.b}" * 9_000}"}}\n' for n in range(15))
    ),
    "literal holes": lambda: _HEAD + '  - {name: a, task: "' + "$${" * 21_000 + '"}',
    "globs": lambda: _stages(200, 'run: x, when: {paths: ["{a,b}[a-z]#*", "{a,{b,c#}}**"]}'),
    "expressions": lambda: _stages(
        2_000, 'run: x, when: {variable: {v: {matches: "(a|b)*c{1,300}#", exists: true}}}'
    ),
    "an expression of expressions": lambda: _stages(
        1, 'run: x, when: {variable: {v: {matches: "((((a{99}){99}){99}){99}){99}"}}}'
    ),
    "conditions": lambda: (
        _HEAD + "  - {name: a, run: x, when: {or: [" + "{label: x}," * 45_000 + "]}}"
    ),
    "variables": lambda: "name: x\nvariables:\n" + "".join(f"  v{n}: x\n" for n in range(80_000)),
    "outputs": lambda: (
        _HEAD
        + "  - {name: a, run: x, outputs: {"
        + ",".join(f"o{n}: string" for n in range(60_000))
        + "}}"
    ),
    "schedules": lambda: (
        "name: x\ntriggers: ["
        + f'{{cron: "{",".join(["*/1"] * 40)} * * * *"}},' * 99
        + "]\nstages: [{name: a, run: b}]"
    ),
    "zones": lambda: (
        "name: x\ntriggers:\n"
        '  - {cron: "0 0 * * *", timezone: ../../../etc/passwd}\n'
        '  - {cron: "0 0 * * *", timezone: /etc/passwd}\n'
        '  - {cron: "0 0 * * *", timezone: "a b"}\n'
    ),
    # shapes where others are meant
    "null": lambda: "~",
    "a scalar": lambda: "hello",
    "a list of one": lambda: "[1]",
    "odd keys": lambda: "{a: b}: c",
    "numbers as keys": lambda: "1: 2\ntrue: 3\n~: 4",
    "a merge of numbers": lambda: "<<: [1, 2]\nname: x",
    "agents of numbers": lambda: (
        "name: x\nagents: {a: 1, b: [1], c: {env: [1]}, d: {env: {a: [b]}}}"
    ),
    "stages of stages": lambda: "name: x\nstages: &s [{parallel: [{parallel: [{name: a}]}]}]",
}


def drawn(seed: int, count: int) -> Iterator[str]:
    """Texts of YAML's own signs and of our own words, glued together by chance."""
    chance = random.Random(seed)
    words = (
        "name", "stages", "when", "or", "and", "not", "depends_on", "parallel", "parallel_with",
        "retry", "rollback", "on_failure", "rollback_to", "approval", "quorum", "env", "outputs",
        "triggers", "event", "cron", "variables", "x-a", "<<", "a", "b", "${a.b}", "${event.x}",
        "1h", "3", "true", "null", "~", "rollback", "always", "all", "main",
    )  # fmt: skip
    signs = (
        "[", "]", "{", "}", ", ", ": ", "- ", "? ", "&a ", "*a", "!t ", "|\n", ">\n", '"', "'",
        "#", "%", "@", "`", "\t", "\n", "\n  ", "\n    ", "\n      ", "---\n", "...\n", "\u2028",
        "\U0001f600", "\x07", "\ud800",
    )  # fmt: skip
    for _ in range(count):
        loud = chance.random()
        parts = [
            chance.choice(signs if chance.random() < loud else words)
            + chance.choice(("", ": ", " ", "\n", ", "))
            for _ in range(chance.randint(1, 60))
        ]
        yield chance.choice(("", _HEAD, "name: x\nstages:\n  - name: a\n    ")) + "".join(parts)


def mutated(seed: int, text: str, count: int) -> Iterator[str]:
    """A sound definition with a few characters or lines removed, repeated or exchanged."""
    chance = random.Random(seed)
    for _ in range(count):
        lines = text.splitlines(keepends=True)
        for _ in range(chance.randint(1, 4)):
            one, two = chance.randrange(len(lines)), chance.randrange(len(lines))
            match chance.randrange(4):
                case 0:
                    lines[one], lines[two] = lines[two], lines[one]
                case 1:
                    lines.insert(one, lines[two])
                case 2:
                    at = chance.randrange(len(lines[one]))
                    lines[one] = (
                        lines[one][:at] + chance.choice("[]{}:,-&*!\"' \n$#") + lines[one][at:]
                    )
                case _:
                    at = chance.randrange(len(lines[one]))
                    lines[one] = lines[one][:at] + lines[one][at + 1 :] or "\n"
        yield "".join(lines)
