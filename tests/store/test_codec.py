"""Events go into the log and come back as they were, in this release and the next."""

import json
import math
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrate.core import condition
from orchestrate.core import events as happened
from orchestrate.core.condition import Always, Branch, Every, Facts, Not, Some
from orchestrate.core.events import Event
from orchestrate.core.evolve import fold
from orchestrate.core.pipeline import Pipeline, Stage
from orchestrate.core.run import Mode, Outcome, OutcomeKind
from orchestrate.store import codec
from orchestrate.store.codec import EVENTS, Unreadable, dump_event, load_event

HISTORIES = Path(__file__).parent.parent / "histories"

# A pair of surrogates is one character in JSON; alone, each comes back as it was.
TEXTS = st.text(st.characters(exclude_categories=())).filter(
    lambda text: (
        text == text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    )
)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOATS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)

LEAVES = st.sampled_from(
    [each for each in typing.get_args(condition.Condition) if each not in (Not, Every, Some)]
).flatmap(st.from_type)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(Every, st.lists(inner, max_size=2).map(tuple))
        | st.builds(Some, st.lists(inner, max_size=2).map(tuple))
    ),
    max_leaves=4,
)

st.register_type_strategy(str, TEXTS)
st.register_type_strategy(float, FLOATS)
for combined in (Not, Every, Some):
    st.register_type_strategy(combined, CONDITIONS)
st.register_type_strategy(
    Mapping,
    lambda hint: st.dictionaries(
        TEXTS,
        VALUES if typing.get_args(hint)[1] is object else st.from_type(typing.get_args(hint)[1]),
        max_size=3,
    ),
)


@pytest.mark.parametrize("kind", EVENTS.values(), ids=EVENTS.keys())
def test_every_event_comes_back(kind: type[Event]) -> None:
    """Whatever it holds: conditions, outputs, floats to the last bit, lone surrogates."""

    @settings(
        max_examples=40,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.from_type(kind))
    def comes_back(event: Event) -> None:
        type_, data = dump_event(event)
        assert data.isascii()
        back = load_event(type_, data, event.at)
        assert back == event
        assert dump_event(back) == (type_, data)

    comes_back()


def test_an_event_is_named_and_its_time_stands_beside_it() -> None:
    type_, data = dump_event(ended({"v": 1}))
    assert type_ == "AttemptEnded"
    assert json.loads(data) == {
        "stage": "a",
        "mode": "run",
        "attempt": 1,
        "outcome": {"kind": "succeeded", "outputs": {"v": 1}},
    }


def test_conditions_say_which_they_are() -> None:
    when = Every((Branch(globs=("main",)), Not(Always(value=True))))
    data = dump_event(created(when))[1]
    assert json.loads(data)["pipeline"]["stages"][0]["when"] == {
        "is": "Every",
        "conditions": [
            {"is": "Branch", "globs": ["main"]},
            {"is": "Not", "condition": {"is": "Always", "value": True}},
        ],
    }


def test_a_missing_field_takes_its_default() -> None:
    """A log of before the field existed."""
    event = load_event("StageSucceeded", '{"stage": "a"}', 1.0)
    assert event == happened.StageSucceeded(stage="a", outputs={}, at=1.0)


@pytest.mark.parametrize(
    ("type_", "data", "words"),
    [
        ("StageSang", "{}", "`StageSang` is no event this release knows"),
        (
            "StageSucceeded",
            '{"stage": "a", "song": 1}',
            "StageSucceeded has no field `song` in this release",
        ),
        ("StageSucceeded", "{}", "StageSucceeded lacks one of stage, outputs"),
        ("StageSucceeded", "[]", "StageSucceeded is no object"),
        ("StageSkipped", '{"stage": "a", "reason": 5}', "Reason is no object"),
        (
            "CompensationEnded",
            '{"stage": "a", "status": "sung", "reason": null}',
            "`sung` is no StepStatus this release knows",
        ),
    ],
)
def test_what_it_cannot_read_is_named(type_: str, data: str, words: str) -> None:
    with pytest.raises(Unreadable) as caught:
        load_event(type_, data, 1.0)
    assert str(caught.value) == words


def test_a_condition_of_a_later_release_is_named() -> None:
    data = dump_event(created(Always(value=True)))[1].replace('"Always"', '"Moon"')
    with pytest.raises(Unreadable, match="is no condition this release knows"):
        load_event("RunCreated", data, 1.0)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_json_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        dump_event(ended({"v": value}))


def test_runs_of_one_revision_share_their_pipeline() -> None:
    """A hundred runs of a thousand stages are held once; another text is another pipeline."""
    one = dump_event(created(Always(value=True)))[1]
    other = dump_event(created(Always(value=False)))[1]
    first, again, changed = (pipeline_in(data) for data in (one, one, other))
    assert first is again
    assert changed is not first
    assert changed != first


def test_the_text_of_a_pipeline_is_made_once_and_let_go() -> None:
    before = len(codec._texts)
    event = created(Always(value=True))
    assert dump_event(event) == dump_event(event)
    assert len(codec._texts) == before + 1
    del event
    assert len(codec._texts) == before


def test_logs_of_earlier_releases_are_read() -> None:
    """C2: each run still is what it was. What a release has written is never changed."""
    runs = [run for file in sorted(HISTORIES.glob("*.jsonl")) for run in logs(file).values()]
    assert runs, "the histories are gone"
    for log in runs:
        run = fold(None, [load_event(*entry) for entry in log])
        assert run is not None
        assert run.seq == len(log)
        assert run.stages.keys() == {each.name for each in run.pipeline.stages}


def test_every_event_is_in_the_histories() -> None:
    kept = {
        type_
        for file in HISTORIES.glob("*.jsonl")
        for log in logs(file).values()
        for type_, *_ in log
    }
    assert kept == set(EVENTS), "python -m tests.store.histories writes another one"


def logs(file: Path) -> dict[int, list[tuple[str, str, float]]]:
    """(type, data, at) of every entry, by run."""
    found: dict[int, list[tuple[str, str, float]]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        run_id, type_, data, at = json.loads(line)
        found.setdefault(run_id, []).append((type_, data, at))
    return found


def ended(outputs: Mapping[str, object]) -> Event:
    outcome = Outcome(kind=OutcomeKind.SUCCEEDED, outputs=outputs)
    return happened.AttemptEnded(stage="a", mode=Mode.RUN, attempt=1, outcome=outcome, at=1.0)


def created(when: Any) -> Event:
    return happened.RunCreated(
        run_id=1,
        pipeline=Pipeline(name="p", stages=(Stage(name="a", run="true", when=when),)),
        pipeline_id=1,
        revision=1,
        sha256="1",
        facts=Facts(),
        variables={},
        agents={},
        by="anna",
        via="socket",
        trigger=None,
        workspace="",
        chain=(),
        rerun_of=None,
        carried=(),
        at=1.0,
    )


def pipeline_in(data: str) -> Pipeline:
    event = load_event("RunCreated", data, 1.0)
    assert isinstance(event, happened.RunCreated)
    return event.pipeline
