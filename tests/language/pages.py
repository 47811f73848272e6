"""The parts of the documentation that are drawn from the code; `python -m tests.language.pages`."""

from pathlib import Path

from orchestrate.core.pipeline import ATTEMPTS_MAX, STAGES_MAX
from orchestrate.language import (
    conditions,
    document,
    faults,
    keys,
    kinds,
    order,
    patterns,
    pipeline_keys,
    references,
    shape,
    stages,
    triggers,
)
from orchestrate.language.codes import GROUPS
from orchestrate.language.duration import written
from orchestrate.language.shape import Shape

DOCS = Path(__file__).parents[2] / "docs"
LANGUAGE = DOCS / "language.md"
DIAGNOSTICS = DOCS / "diagnostics.md"

TABLES: dict[str, Shape] = {
    "A pipeline": pipeline_keys.PIPELINE,
    "A stage": keys.STAGE,
    "A group": keys.GROUP,
    "`triggers`": triggers.TRIGGER,
    "`when` and `if`": conditions.CONDITION,
    "`approval`": keys.APPROVAL,
    "`retry`": keys.RETRY,
    "`rollback`": keys.ROLLBACK,
    "`defaults`": pipeline_keys.DEFAULTS,
    "`concurrency`": pipeline_keys.CONCURRENCY,
}


def key_tables() -> str:
    parts: list[str] = []
    for title, table in TABLES.items():
        parts += [f"### {title}", "", "| key | takes | |", "|---|---|---|"]
        for key, each in table.fields.items():
            names = ", ".join(f"`{name}`" for name in (key, *each.also))
            needed = " **Needed.**" if each.required else ""
            expected = each.kind.expected.replace("|", "\\|")
            parts.append(f"| {names} | {expected} | {each.about}{needed} |")
        parts.append("")
    return "\n".join(parts)


def limits() -> str:
    rows = {
        "text": f"{document.TEXT_BYTES_MAX:,} bytes",
        "levels inside each other, aliases followed": document.DEPTH_MAX,
        "values (keys, scalars, lists, mappings), aliases and merges followed": document.NODES_MAX,
        "lists and mappings that are written": document.COLLECTIONS_MAX,
        "characters, aliases followed": document.CHARACTERS_MAX,
        "keys of one mapping": shape.KEYS_MAX,
        "stages": STAGES_MAX,
        "dependencies, written and implied": order.EDGES_MAX,
        "conditions": conditions.CONDITIONS_MAX,
        "states of all patterns with brackets, braces or regular expressions": patterns.STATES_MAX,
        "times `${...}`": references.HOLES_MAX,
        "triggers": triggers.TRIGGERS_MAX,
        "variables; agents": pipeline_keys.VARIABLES_MAX,
        "entries of one `env`": keys.ENV_MAX,
        "entries of `env` of all stages, defaults included": stages.ENTRIES_MAX,
        "approvers": keys.APPROVERS_MAX,
        "entries of any other list": kinds.ITEMS_MAX,
        "values in one `outputs` or one definition of an agent": shape.PLAIN_NODES_MAX,
        "characters of one text": kinds.TEXT_CHARACTERS_MAX,
        "attempts": ATTEMPTS_MAX,
        "`timeout` of a stage or a pipeline": written(keys.TIMEOUT_MAX_S),
        "`timeout` of an approval": written(keys.APPROVAL_TIMEOUT_MAX_S),
        "`grace`": written(keys.GRACE_MAX_S),
        "delay between attempts": written(keys.DELAY_MAX_S),
        "faults that are told": faults.FAULTS_MAX,
    }
    lines = ["| at most | |", "|---|---|"]
    for what, most in rows.items():
        lines.append(f"| {what} | {most if isinstance(most, str) else f'{most:,}'} |")
    return "\n".join(lines) + "\n"


def language() -> str:
    """docs/language.md as it should be: what stands between the marks is drawn anew."""
    text = LANGUAGE.read_text(encoding="utf-8")
    for mark, part in (("keys", key_tables()), ("limits", limits())):
        before, _, rest = text.partition(f"<!-- {mark} -->\n")
        _, _, after = rest.partition("<!-- end -->\n")
        text = f"{before}<!-- {mark} -->\n\n{part}\n<!-- end -->\n{after}"
    return text


def diagnostics() -> str:
    """docs/diagnostics.md as it should be."""
    parts = [
        "# Diagnostics",
        "",
        "Everything that can be said of a definition. A diagnostic is data: `code`, `severity`,",
        "`message`, `line`, `column`, `end_line`, `end_column` (all counted from 1) and `hint`.",
        "The command line draws it, the API answers 422 with it, the editor underlines it. Codes",
        "are stable; messages are for people and may change. A definition with an error is not",
        "stored; warnings do not keep it out.",
        "",
        "<!-- Written by `python -m tests.language.pages` from `language/codes.py`. -->",
        "",
    ]
    for group, codes in GROUPS.items():
        parts += [f"## {group}", "", "| code | severity | meaning |", "|---|---|---|"]
        parts += [f"| `{code}` | {what.severity} | {what.about} |" for code, what in codes.items()]
        parts.append("")
    return "\n".join(parts)


if __name__ == "__main__":
    LANGUAGE.write_text(language(), encoding="utf-8")
    DIAGNOSTICS.write_text(diagnostics(), encoding="utf-8")
