"""Text from outside moves no cursor; times and durations read well."""

from __future__ import annotations

import io

import pytest

from orchestrate.cli import paint, words


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[1;1Hgone", "gone"),
        ("\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b", "ab"),
        ("\x1bPq...\x1b\\c", "c"),
        ("\x9b31mc1", "c1"),
        ("\x9d0;title\x9cafter", "after"),
        ("\x1b]0;never ends", ""),
        ("a\bb\x00c\x7f", "abc"),
        ("10%\r20%\r30%\n", "30%\n"),
        ("done\r\nnext\r\n", "done\nnext\n"),
        ("\u202egnp.exe", "gnp.exe"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("half \ud800 pair", "half  pair"),
    ],
)
def test_what_moves_a_cursor_is_left_out(text: str, shown: str) -> None:
    assert words.clean(text) == shown


def test_colours_are_kept_where_asked_and_end_there() -> None:
    assert words.clean("\x1b[31mred\x1b[2J", colour=True) == "\x1b[31mred\x1b[0m"


def test_one_line_is_one_line() -> None:
    assert words.one_line("a\n\tb  c\r\nd") == "a b c d"
    assert words.short("abcdef", 4) == "abc…"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, ""), (0.04, "0.0s"), (1.24, "1.2s"), (9.96, "10s"), (59.7, "1m 00s"),
        (185, "3m 05s"), (7_440, "2h 04m"), (266_400, "3d 02h"), (-5, "0.0s"),
    ],
)  # fmt: skip
def test_durations(seconds: float | None, shown: str) -> None:
    assert words.duration(seconds) == shown


def test_times() -> None:
    assert words.instant("2026-03-01T12:00:00Z") == 1_772_366_400
    assert words.instant("2026-03-01T12:00:00.5+00:00") == 1_772_366_400.5
    assert words.instant("yesterday") is None
    assert words.ago("2026-03-01T12:00:00Z", 1_772_366_400 + 7_300) == "2h ago"
    assert words.ago(None, 0.0) == ""


def test_a_table_is_aligned_by_what_is_seen() -> None:
    rows = [[paint.paint("ok", paint.GREEN), "日本", ""], ["longer", "x", ""]]
    assert paint.table(("A", "B", "C"), rows) == [
        "\x1b[1mA\x1b[0m       \x1b[1mB\x1b[0m",
        "\x1b[32mok\x1b[0m      日本",
        "longer  x",
    ]


def test_a_line_is_cut_where_the_terminal_ends() -> None:
    assert paint.crop("\x1b[31mabcdef\x1b[0m", 4) == "\x1b[31mabc…\x1b[0m"
    assert paint.width(paint.crop("日本日本", 5)) <= 5


def test_json_tricks_no_terminal() -> None:
    assert paint.as_json({"a": "\x9b2J\u202e\x1b"}) == '{\n  "a": "\\u009b2J\\u202e\\u001b"\n}'


def test_a_stream_without_unicode_gets_plain_marks() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    paint.Paper(stream).write(f"{paint.status('succeeded')} ├─ ü")
    stream.flush()
    assert stream.buffer.getvalue() == b"+ succeeded |- ?\n"
