"""What the page on conditions shows is what the product says."""

import re
from pathlib import Path

from orchestrate.core.condition import (
    Always,
    Branch,
    Condition,
    Every,
    Facts,
    Labels,
    Not,
    Paths,
    Some,
)
from orchestrate.core.judge import Truth, View, explain, judge

DOCUMENT = (Path(__file__).parents[2] / "docs" / "conditions.md").read_text(encoding="utf-8")


def pushed(*paths: str, labels: tuple[str, ...] = ()) -> View:
    return View(facts=Facts(event="push", branch="main", paths=paths, labels=labels))


def test_the_examples() -> None:
    """Both examples of story 4, and what they say of a push that changes something else."""
    stages: dict[str, Condition] = {
        "deploy-docs": Paths(globs=("docs/**", "README.md"), line=4),
        "full-test": Some(
            (Labels(names=("needs-full-test",), line=9), Paths(globs=("src/core/**",), line=11))
        ),
    }
    example, said = re.findall(r"```(?:yaml|text)\n(.*?)```", DOCUMENT, re.DOTALL)
    assert example.splitlines()[3].strip() == 'paths: ["docs/**", "README.md"]'
    assert example.splitlines()[8].strip() == 'labels: ["needs-full-test"]'
    assert example.splitlines()[10].strip() == 'paths: ["src/core/**"]'
    push = pushed("src/web/page.ts")
    reasons = {name: explain(when, push) for name, when in stages.items()}
    assert said == "".join(
        f"{name}: {why.text}; {why.counterfactual}\n" for name, why in reasons.items()
    )
    docs = pushed("docs/a/b.md")
    core = pushed("src/core/run.py")
    asked = pushed("x", labels=("needs-full-test",))
    assert [judge(stages["deploy-docs"], view) for view in (docs, core)] == [Truth.YES, Truth.NO]
    assert [judge(stages["full-test"], view) for view in (docs, core, asked)] == [
        Truth.NO,
        Truth.YES,
        Truth.YES,
    ]


def test_the_truth_table() -> None:
    words: dict[str, Condition] = {
        "yes": Always(value=True),
        "no": Always(value=False),
        "unknown": Branch(globs=("x",)),
    }
    rows = re.findall(r"^\| (\w+) \| (\w+) \| (\w+) \| (\w+) \| (\w+) \|$", DOCUMENT, re.MULTILINE)
    rows = [row for row in rows if row[0] in words]
    assert len(rows) == 6
    for a, b, both, either, negated in rows:
        for one, other in ((words[a], words[b]), (words[b], words[a])):
            assert judge(Every((one, other)), View(facts=Facts())).value == both
            assert judge(Some((one, other)), View(facts=Facts())).value == either
        assert judge(Not(words[a]), View(facts=Facts())).value == negated
