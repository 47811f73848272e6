"""What an agent may write to its output file, and what is answered to everything else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrate.agent.outputs import Fault, parse

RULE = "a name is a letter or _ and then at most 62 of letters, digits, '.', '_' and '-'"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        ("\n\n", {}),
        ("a=1", {"a": "1"}),
        ("a=1\r\nb=x=y<<z\n", {"a": "1", "b": "x=y<<z"}),
        ("a=1\na=2\n", {"a": "2"}),
        ("a=\n", {"a": ""}),
        ("a=  spaces kept \n", {"a": "  spaces kept "}),
        ("notes<<END\none\n\ntwo=2\nEND\nb=3\n", {"notes": "one\n\ntwo=2", "b": "3"}),
        ("notes<<END\nEND\n", {"notes": ""}),
        ("notes<<=\nx\n=\n", {"notes": "x"}),
        ("\ufeffa=1\n", {"a": "1"}),
        ('{"a": 1, "b": [true, null, "x"], "c": {"d": 1.5}}', None),
        ('  \n {"a": "é"}\n', {"a": "é"}),
        ("{}", {}),
    ],
)
def test_these_are_values(text: str, values: dict[str, object] | None) -> None:
    """Lines and blocks are texts; a JSON object keeps its kinds."""
    if values is None:
        values = {"a": 1, "b": [True, None, "x"], "c": {"d": 1.5}}
    assert parse(text) == values


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a=1\nnonsense\n", "line 2: 'nonsense' is neither name=value nor name<<END"),
        ("a=1\n\n1x=2\n", f"line 3: '1x' cannot be the name of an output: {RULE}"),
        (" a=1", f"line 1: ' a' cannot be the name of an output: {RULE}"),
        ("=1", f"line 1: '' cannot be the name of an output: {RULE}"),
        ("a<<\nx\n", "line 1: after a<< comes the word that ends the block"),
        ("b=1\na<<END\nx\n", "line 2: the block of a never ends: no line is 'END'"),
        ('{"a": 1,\n "b": }', "line 2: not JSON: Expecting value in column 7"),
        ('{"a": NaN}', "line 1: not JSON: NaN is not a number in JSON"),
        ('{"a": 1e999}', "line 1: not JSON: Out of range float values are not JSON compliant"),
        ('{"a b": 1}', f"line 1: 'a b' cannot be the name of an output: {RULE}"),
        (
            '{"a": "\\ud800"}',
            "line 1: a text holds half of a surrogate pair, which is no character",
        ),
        ('{"a": ' + "[" * 100_000, "line 1: the JSON is nested too deeply"),
        ('{"a": 1} {"b": 2}', "line 1: not JSON: Extra data in column 10"),
        ("x" * 100, f"line 1: '{'x' * 60}...' is neither name=value nor name<<END"),
        ("a=" + "x" * (1 << 20), "line 1: 1048578 bytes of output; at most 1048576 are allowed"),
    ],
)
def test_these_are_faults_with_a_line(text: str, fault: str) -> None:
    """A fault names the line that is to blame, and what would have been right."""
    found = parse(text)
    assert isinstance(found, Fault)
    assert str(found) == fault


@settings(deadline=None)  # the machine may be busy
@given(st.text())
def test_no_text_is_too_strange(text: str) -> None:
    """Whatever an agent writes, it is values or a fault."""
    assert isinstance(parse(text), dict | Fault)
