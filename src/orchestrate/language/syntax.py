"""What the YAML parser complains of, said so that one knows what to change."""

from __future__ import annotations

from typing import Final

from yaml import MarkedYAMLError, YAMLError

_QUOTE: Final = 'put the text in quotes: "…"'

# libyaml's words → ours, and the way out.
_WORDS: Final = {
    "mapping values are not allowed in this context": (
        "a `:` is not expected here",
        "quote a text that contains `: `; the keys of one mapping start in the same column",
    ),
    "did not find expected key": (
        "a key is expected here",
        "check the indentation: keys of one mapping start in the same column",
    ),
    "did not find expected '-' indicator": (
        "a list item (`- `) is expected here",
        "check the indentation: items of one list start in the same column",
    ),
    "could not find expected ':'": (
        "a key without its `:`",
        "write `key: value`; a text of several lines needs `|` or quotes",
    ),
    "found unexpected end of stream": ("a quote is opened here and never closed", "close it"),
    "did not find expected ',' or ']'": (
        "the list that starts here is not closed",
        "put a `,` between its items and a `]` at its end",
    ),
    "did not find expected ',' or '}'": (
        "the mapping that starts here is not closed",
        "put a `,` between its entries and a `}` at its end",
    ),
    "did not find expected node content": ("a value is expected here", _QUOTE),
    "did not find expected alphabetic or numeric character": (
        "a text cannot start with `*` or `&`: they mark aliases and anchors",
        _QUOTE,
    ),
    "block sequence entries are not allowed in this context": (
        "a list item (`- `) cannot stand here",
        "start the list on a line of its own",
    ),
    "did not find expected <document start>": (
        "something follows the end of the pipeline",
        "check the brackets and the indentation of the lines above",
    ),
    "did not find expected the document start": (
        "something follows the end of the pipeline",
        "check the brackets and the indentation of the lines above",
    ),
    "found unknown escape character": (
        "an escape that YAML does not know",
        "write `\\\\` for a backslash, or use single quotes",
    ),
    "found incompatible YAML document": ("this version of YAML is not known", "delete the line"),
}
_AT_OPENING: Final = frozenset({
    "found unexpected end of stream",
    "did not find expected ',' or ']'",
    "did not find expected ',' or '}'",
})  # fmt: skip


def explain(broken: YAMLError, text: str) -> tuple[int, int, str, str]:
    """Where (start and end offset), what, and what to do."""
    if not isinstance(broken, MarkedYAMLError):
        return 0, 0, f"this is not YAML: {broken}", ""
    problem = str(broken.problem or broken.context or "it cannot be parsed")
    mark = broken.problem_mark or broken.context_mark
    if problem in _AT_OPENING and broken.context_mark is not None:
        mark = broken.context_mark
    at = min(mark.index if mark is not None else 0, len(text))
    message, hint = _WORDS.get(problem, ("", ""))
    if problem == "found character that cannot start any token":
        message, hint = _bad_start(text[at : at + 1])
    if problem in {"did not find expected key", "did not find expected '-' indicator"}:
        at = _first_of_line(text, at)
    return at, min(at + 1, len(text)), message or f"this is not YAML: {problem}", hint


def _bad_start(character: str) -> tuple[str, str]:
    if character == "\t":
        return "a tab cannot indent YAML", "use spaces"
    return f"a text cannot start with `{character}`", _QUOTE


def _first_of_line(text: str, at: int) -> int:
    """The parser names the place after the fault where a token is long; stay in its line."""
    return at if at < len(text) else len(text.rstrip())
