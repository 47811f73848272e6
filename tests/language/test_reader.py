"""Rules of reading that a definition and a rendered text beside it cannot show."""

import pytest

from orchestrate.language.diagnostic import Diagnostic
from orchestrate.language.document import TEXT_BYTES_MAX, core_schema
from orchestrate.language.duration import parse_duration, written
from orchestrate.language.faults import FAULTS_MAX
from orchestrate.language.reader import read
from orchestrate.language.spelling import Spelling

STAGE = "stages:\n  - name: build\n    run: make\n"


def codes(text: str | bytes, **options: object) -> list[str]:
    found: tuple[Diagnostic, ...] = read(text, **options).diagnostics  # type: ignore[arg-type]
    return [each.code for each in found]


# ── who is known ─────────────────────────────────────────────────────────────────────────────────

AGENTS = """
name: p
agents:
  mine: {run: ./mine.sh}
defaults: {agent: wroker}
stages:
  - {name: one, agent: mine}
  - {name: two, agent: deployr, rollback: {agent: undoer}}
  - {name: three}
  - {name: four, run: x}
"""


def test_unknown_agents_are_warnings_with_a_guess() -> None:
    reading = read(AGENTS, known_agents={"worker", "deployer"})
    assert reading.pipeline is not None
    assert [(each.code, each.line, each.hint) for each in reading.diagnostics] == [
        ("unknown-agent", 5, "did you mean `worker`?"),
        ("unknown-agent", 8, "did you mean `deployer`?"),
        ("unknown-agent", 8, "define it under `agents:`, or in orchestrate.yaml"),
    ]


def test_agents_are_not_checked_unless_somebody_knows_them() -> None:
    assert codes(AGENTS) == []
    assert codes(AGENTS, known_agents=(), default_agent=True) == []


def test_a_stage_without_an_agent_is_its_own() -> None:
    """9.4"""
    text = "name: p\nstages:\n  - name: full-test\n    when: {labels: x}\n"
    reading = read(text, known_agents={"full-tset"})
    assert reading.pipeline is not None
    assert reading.pipeline.stages[0].agent == "full-test"
    [fault] = reading.diagnostics
    assert fault.message == "the stage names no agent, and none is defined as `full-test`"
    assert fault.hint == "did you mean `full-tset`?"


# ── approvals ────────────────────────────────────────────────────────────────────────────────────


def gated(approvers: str, quorum: str) -> str:
    return (
        "name: p\nstages:\n  - name: ship\n    agent: a\n"
        f"    approvers: {approvers}\n    approval: {{quorum: {quorum}}}\n"
    )


@pytest.mark.parametrize(
    ("approvers", "quorum", "single", "expected"),
    [
        ("[ann, bob]", "2", True, ["quorum-one-person"]),
        ("[ann, bob]", "3", True, ["quorum-unreachable"]),
        ("[ann, bob]", "3", False, []),  # a name may be a group of many
        ("[a@x.org, b@x.org]", "3", False, ["quorum-unreachable"]),
        ("[ann, bob]", "all", False, []),
        ("[ann, bob]", "all", True, ["quorum-one-person"]),
        ("ann", "majority", True, []),
    ],
)
def test_a_quorum_must_be_reachable(
    approvers: str, quorum: str, single: bool, expected: list[str]
) -> None:
    assert codes(gated(approvers, quorum), single_user=single) == expected


@pytest.mark.parametrize(
    ("quorum", "number", "every"), [("1", 1, False), ("all", 3, True), ("majority", 2, False)]
)
def test_a_quorum_becomes_a_number(quorum: str, number: int, every: bool) -> None:
    pipeline = read(gated("[a, b, c]", quorum), single_user=False).pipeline
    assert pipeline is not None
    gate = pipeline.stages[0].gate
    assert gate is not None
    assert (gate.quorum, gate.every) == (number, every)


# ── limits ───────────────────────────────────────────────────────────────────────────────────────


def test_the_text_is_bounded() -> None:
    fits = f"name: p\n{STAGE}#"
    fits += "x" * (TEXT_BYTES_MAX - len(fits))
    assert codes(fits) == []
    assert codes(fits + "x") == ["too-large"]
    assert codes(fits.encode() + b"x") == ["too-large"]
    assert codes("é" * (TEXT_BYTES_MAX // 2 + 1)) == ["too-large"]


def test_faults_are_bounded_and_the_rest_is_said() -> None:
    text = f"name: p\n{STAGE}" + "".join(f"key{n}: x\n" for n in range(FAULTS_MAX + 5))
    reading = read(text)
    assert len(reading.diagnostics) == FAULTS_MAX + 1
    assert reading.diagnostics[-1].code == "too-many-faults"
    assert reading.diagnostics[-1].line == text.count("\n") + 1


def test_many_warnings_refuse_nothing() -> None:
    stages = "".join(f"  - name: s{n}\n" for n in range(FAULTS_MAX + 7))
    reading = read(f"name: p\nstages:\n{stages}", known_agents=())
    assert reading.pipeline is not None
    assert len(reading.diagnostics) == FAULTS_MAX + 1
    assert reading.diagnostics[-1].message == "7 more warnings are not shown"


def test_stages_are_bounded() -> None:
    body = "  - {name: a#, run: x, depends_on: []}\n"
    rows = [body.replace("#", str(n)) for n in range(10_001)]
    assert codes("name: p\nstages:\n" + "".join(rows[:-1])) == []
    assert codes("name: p\nstages:\n" + "".join(rows)) == ["too-many"]


def test_a_long_text_is_refused() -> None:
    assert codes(f"name: p\nstages: [{{name: a, run: {'x' * 65_537}}}]") == ["too-long"]


def test_dependencies_are_bounded() -> None:
    members = "[" + ", ".join(f"{{name: #{n}, run: x}}" for n in range(500)) + "]"
    groups = [f"  - parallel: {members.replace('#', letter)}\n" for letter in "abc"]
    assert codes("name: p\nstages:\n" + "".join(groups)) == ["too-many-edges"]
    assert codes("name: p\nstages:\n" + groups[0] + "  - {name: m, run: x}\n" + groups[1]) == []


# ── places ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_are_those_of_editors(ending: str) -> None:
    text = ending.join(
        ["name: p", "x-a: '\u2028\U0001f600'", "stages:", "  - name: a", "    rnu: x"]
    )
    [fault] = [each for each in read(text).diagnostics if each.code == "unknown-key"]
    assert (fault.line, fault.column, fault.end_line, fault.end_column) == (5, 5, 5, 8)


def test_a_byte_order_mark_moves_nothing() -> None:
    for text in ("\ufeffnaem: p\n" + STAGE, ("\ufeffnaem: p\n" + STAGE).encode()):
        assert [(each.line, each.column) for each in read(text).diagnostics] == [(1, 1), (1, 1)]


def test_an_alias_is_shown_where_it_stands() -> None:
    text = "name: p\nx-t: &t 30\nstages:\n  - {name: a, run: x, timeout: *t}\n"
    [fault] = read(text).diagnostics
    assert (fault.code, fault.line, fault.column, fault.end_column) == ("bad-duration", 4, 32, 34)


# ── small parts ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"), ("yes", "yes"), ("No", "No"), ("true", True), ("FALSE", False),
        ("null", None), ("~", None), ("", None), ("12", 12), ("-7", -7), ("012", 12),
        ("0o14", 12), ("0x1F", 31), ("1_000", "1_000"), ("12:30", "12:30"), ("1.5", 1.5),
        (".5", 0.5), ("1e3", 1000.0), ("2024-01-01", "2024-01-01"), (".", "."), ("+", "+"),
        ("9" * 30, "9" * 30), ("-.inf", float("-inf")),
    ],
)  # fmt: skip
def test_plain_scalars_mean_what_the_core_schema_says(text: str, value: object) -> None:
    found = core_schema(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90.0), ("30m", 1_800.0), ("1h30m", 5_400.0), ("1d", 86_400.0), ("0.5s", 0.5),
        ("1d2h3m4s", 93_784.0), ("0s", 0.0), ("", None), ("30", None), ("m", None), ("1m1h", None),
        ("1m1m", None), ("-1s", None), ("1 h", None), ("5w", None), ("1e3s", None), ("٣s", None),
    ],
)  # fmt: skip
def test_durations(text: str, seconds: float | None) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["1d2h", "90s", "15m", "0s", "0.5s", "30d"])
def test_a_duration_is_written_as_it_is_read(text: str) -> None:
    seconds = parse_duration(text)
    assert seconds is not None
    assert parse_duration(written(seconds)) == seconds


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("depend_on", ["depends_on", "description"], "depends_on"),
        ("agnet", ["name", "agent"], "agent"),
        ("dependsOn", ["depends_on"], "depends_on"),
        ("x", ["y", "z"], None),
        ("colour", ["agent", "run"], None),
        ("", ["a"], None),
    ],
)
def test_did_you_mean(word: str, known: list[str], meant: str | None) -> None:
    assert Spelling().nearest(word, known) == meant


def test_guessing_ends() -> None:
    spelling = Spelling(left=100)
    spelling.nearest("stage-0001", [f"stoge-{n:04}" for n in range(500)])
    assert -100 <= spelling.left < 0
