"""The tables of docs/testing-pipelines.md, from the code: `python -m tests.scenarios.pages`."""

from pathlib import Path

from orchestrate.language import scenario_keys as keys
from orchestrate.language.shape import Shape

PAGE = Path(__file__).parents[2] / "docs/testing-pipelines.md"
TABLES: dict[str, Shape] = {
    "A file": keys.SCENARIO_FILE,
    "A scenario": keys.SCENARIO,
    "`event`": keys.EVENT,
    "An attempt": keys.ATTEMPT,
    "An entry of `people`": keys.ACT,
    "`expect`": keys.EXPECT,
    "An expected stage": keys.EXPECTED_STAGE,
    "An expected approval": keys.EXPECTED_APPROVAL,
    "An expected rollback": keys.EXPECTED_ROLLBACK,
    "An expected step": keys.EXPECTED_STEP,
}


def tables() -> str:
    parts: list[str] = []
    for title, table in TABLES.items():
        parts += [f"### {title}", "", "| key | takes | |", "|---|---|---|"]
        for key, each in table.fields.items():
            names = ", ".join(f"`{name}`" for name in (key, *each.also))
            needed = " **Needed.**" if each.required else ""
            parts.append(f"| {names} | {each.kind.expected} | {each.about}{needed} |")
        parts.append("")
    return "\n".join(parts)


def page() -> str:
    """The page as it should be: what stands between the marks is drawn anew."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition("<!-- keys -->\n")
    _, _, after = rest.partition("<!-- end -->\n")
    return f"{before}<!-- keys -->\n\n{tables()}\n<!-- end -->\n{after}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
