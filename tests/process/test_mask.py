"""A secret never leaves the stream, however it is written and wherever the reads fall."""

import base64
import json
import urllib.parse

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrate.agent.mask import Mask

SECRET = "pä55/w+rd =ok~ü"


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        urllib.parse.quote(SECRET, safe=""),
        urllib.parse.quote_plus(SECRET),
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
    ],
)
def test_every_way_of_writing_is_hidden(written: str) -> None:
    """As it is, in a URL, in a form, in JSON."""
    assert Mask([SECRET]).whole(f"a {written} b".encode()) == b"a *** b"


@pytest.mark.parametrize("before", ["", "u", "us", "user:"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_sextets_are_hidden_wherever_the_secret_stands_in_it(before: str, encode: object) -> None:
    """`Authorization: Basic` holds user and password as one; two letters at the rim may stay."""
    assert callable(encode)
    text = encode(f"{before}{SECRET}".encode())
    hidden = Mask([SECRET]).whole(text)
    assert b"***" in hidden
    assert len(hidden.replace(b"***", b"")) <= len(before) * 4 / 3 + 6


def test_a_secret_of_many_lines_is_hidden_line_by_line() -> None:
    """A key is often printed with other line ends, or indented."""
    key = "-----BEGIN KEY-----\nMIIEowIBAAKCAQEA\nend\n-----END KEY-----\n"
    mask = Mask([key])
    assert mask.whole(b"key: " + key.encode()) == b"key: ***"
    assert mask.whole(b"  MIIEowIBAAKCAQEA\r\n") == b"  ***\r\n"
    assert mask.whole(b"the end") == b"the end"


def test_short_values_are_not_looked_for() -> None:
    """Five letters are in every other word."""
    assert not Mask(["12345", ""])
    assert Mask(["123456"]).whole(b"1234567") == b"***7"


def test_what_may_be_a_beginning_is_kept_back() -> None:
    """And shown as soon as it is known to be none."""
    mask = Mask(["secret-one", "secret-two"])
    assert mask.feed(b"a secret-") == b"a "
    assert mask.feed(b"three") == b"secret-three"
    assert mask.feed(b" sec") == b" "
    assert mask.feed(b"ret-two.") == b"***."
    assert mask.feed(b"sec") == b""
    assert mask.end() == b"sec"


def test_a_secret_that_begins_another_hides_both() -> None:
    """The longer one wins, also when its end comes later."""
    mask = Mask(["abcdef", "abcdefghij"])
    assert mask.feed(b"abcdef") + mask.feed(b"ghij") + mask.end() == b"***"
    assert mask.feed(b"abcdef") + mask.feed(b"xy") + mask.end() == b"***xy"


@settings(deadline=None)  # the machine may be busy
@given(
    st.lists(st.sampled_from(["secret", "sec", "ret-a", "ababab", "ab", "a", "\n", "é"])),
    st.lists(st.integers(1, 9), min_size=1),
)
def test_the_reads_may_fall_anywhere(words: list[str], lengths: list[int]) -> None:
    """Fed in parts, a text looks as if it had been fed at once."""
    text = "".join(words).encode()
    secrets = ["secret-a", "ababab", "secret"]
    mask = Mask(secrets)
    shown, place, turn = b"", 0, 0
    while place < len(text):
        length = lengths[turn % len(lengths)]
        shown += mask.feed(text[place : place + length])
        place, turn = place + length, turn + 1
    shown += mask.end()
    assert shown == Mask(secrets).whole(text)
    assert not any(secret.encode() in shown for secret in secrets)
