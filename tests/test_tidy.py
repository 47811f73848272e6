"""The house rules that no linter knows: each bans a thing and names what to write instead."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
LINE_COLUMNS_MAX = 100

# The limits are there to make you think. Where thinking ends with "this is right as it is", the
# place is listed here with its reason: {(rule, path): reason}. An entry nothing needs any more
# fails too, so the list cannot grow old.
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("file_fits", "dashboard/src/logic/api-types.ts"): "a script writes it from the API",
}

ROOT = Path(__file__).parent.parent
CODE = (".py", ".sql", ".ts", ".tsx")
PROSE = (*CODE, ".css", ".html", ".md", ".sh", ".toml", ".yaml", ".yml")
UNREAD = (".gif", ".gz", ".ico", ".jpg", ".png", ".svg", ".webp", ".woff2", ".zip")

# What says nothing, and what to say instead.
EMPTY_WORDS = {
    "manager": "say what it does with them: keeps, starts, counts",
    "helper": "name what it gives",
    "util": "name what it gives",
    "service": "name what it offers",
    "handler": "name what it does: an imperative",
    "common": "name what its users share",
    "base": "name the idea its kinds share",
    "misc": "give every part a room of its own",
    "info": "name the facts",
}

# Written in parts, so that this file does not trip over itself.
MARKERS = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
HOSTS = re.compile(
    r"\b(py" r"pi\.org|python" r"hosted\.org|registry\.npm" r"js\.org|registry\.yarn" r"pkg\.com"
    r"|(deb|security|snapshot)\.debian" r"\.org)\b"
)  # fmt: skip
MACHINES = re.compile(r"(?<![\w./~-])/(wo" r"rk|ro" r"ot|ho" r"me/[a-z_]\w*|Us" r"ers/\w+)/")


@dataclass(frozen=True)
class File:
    """One file of the checkout, by its path from the root."""

    path: str
    text: str

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def nodes(self) -> Iterator[ast.AST]:
        return ast.walk(self.tree)

    def is_a(self, *suffixes: str) -> bool:
        return self.path.endswith(suffixes)


Faults = Iterator[tuple[int, str]]
Rule = Callable[[File], Faults]


# ── the rules ────────────────────────────────────────────────────────────────────────────────────


def module_says_what_it_is(file: File) -> Faults:
    if file.is_a(".py") and not ast.get_docstring(file.tree):
        yield 1, "open with one sentence: what this is, and what it must never do"


def file_fits(file: File) -> Faults:
    if file.is_a(*CODE) and len(file.lines) > FILE_LINES_MAX:
        yield 1, f"{len(file.lines)} lines (at most {FILE_LINES_MAX}); split it along a noun"


def function_fits_on_a_screen(file: File) -> Faults:
    if not file.is_a(".py"):
        return
    for node in file.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                fault = f"`{node.name}` has {lines} lines (at most {FUNCTION_LINES_MAX})"
                yield node.lineno, f"{fault}; find the step in it that has a name"


def line_fits(file: File) -> Faults:
    if not file.is_a(*CODE):
        return
    for number, line in enumerate(file.lines, start=1):
        if len(line) > LINE_COLUMNS_MAX:
            yield number, f"{len(line)} columns (at most {LINE_COLUMNS_MAX}); break it at a comma"


def name_says_something(file: File) -> Faults:
    if not file.is_a(".py", ".ts", ".tsx"):
        return
    names = [(1, part) for part in Path(file.path).with_suffix("").parts]
    if file.is_a(".py"):
        names += [
            (node.lineno, node.name)
            for node in file.nodes
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        ]
    for number, name in names:
        for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name):
            advice = EMPTY_WORDS.get(word.lower()) or EMPTY_WORDS.get(word.lower().rstrip("s"))
            if advice:
                yield number, f"`{word}` in `{name}` says nothing; {advice}"


def work_is_done_or_filed(file: File) -> Faults:
    if not file.is_a(*PROSE):
        return
    for number, line in enumerate(file.lines, start=1):
        if marker := MARKERS.search(line):
            yield number, f"`{marker[0]}` is a wish; do it, or open an issue"


def types_hide_no_cycle(file: File) -> Faults:
    if not file.is_a(".py"):
        return
    for node in file.nodes:
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            yield node.lineno, "an import that hides at run time is a cycle; move the type down"


def failure_is_named(file: File) -> Faults:
    if not file.is_a(".py"):
        return
    for node in file.nodes:
        if not isinstance(node, ast.ExceptHandler):
            continue
        if node.type is None:
            yield node.lineno, "a bare `except` catches even the request to stop; name the failure"
        elif re.search(r"\b(Base)?Exception\b", ast.unparse(node.type)):
            here, below = [*file.lines, ""][node.lineno - 1 : node.lineno + 1]
            if "#" not in here and not below.lstrip().startswith("#"):
                fault = f"`except {ast.unparse(node.type)}` catches our own mistakes too"
                yield node.lineno, f"{fault}; name the failure, or say here why any will do"


def waiting_has_an_end(file: File) -> Faults:
    if not (file.is_a(".py") and file.path.startswith("tests/")):
        return
    fault = "sleeping hopes; wait for the thing itself, with a deadline"
    for node in file.nodes:
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "time.sleep":
            yield node.lineno, fault
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            if "sleep" in ast.unparse(node):
                yield node.lineno, fault


def core_asks_nobody(file: File) -> Faults:
    if not (file.is_a(".py") and file.path.startswith("src/orchestrate/core/")):
        return
    for node in file.nodes:
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if re.fullmatch(r"(.*\.)?(datetime|date)\.(now|utcnow|today)", called):
            yield node.lineno, f"`{called}()` reads a clock; take `now` as an argument"
        if called in {"open", "print", "input", "id", "hash", "breakpoint"}:
            fault = f"`{called}()` touches the world, or differs between two lives"
            yield node.lineno, f"{fault}; hand it out as data, or take it as an argument"


def nobodys_machine_is_named(file: File) -> Faults:
    for number, line in enumerate(file.lines, start=1):
        if host := HOSTS.search(line):
            yield number, f"`{host[0]}` is one registry of many; name the package alone"
        if path := MACHINES.search(line):
            yield number, f"`{path[0]}` is on somebody's machine; start from the checkout or from ~"


def link_leads_somewhere(file: File) -> Faults:
    if not file.is_a(".md"):
        return
    fenced = False
    for number, line in enumerate(file.lines, start=1):
        fenced ^= line.lstrip().startswith("```")
        if fenced:
            continue
        for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", line)):
            if re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue
            place, _, anchor = target.partition("#")
            path = ROOT / Path(file.path).parent / place if place else ROOT / file.path
            if not path.exists():
                yield number, f"`{target}` leads nowhere; a link starts from its own document"
            elif anchor and path.suffix == ".md" and anchor not in anchors(path.read_text()):
                yield number, f"`{target}`: no heading there is called that"


def lock_pins_by_hash(file: File) -> Faults:
    if not re.fullmatch(r"requirements/\w+\.txt", file.path):
        return
    for number, line in enumerate(file.lines, start=1):
        pinned = (
            r"[a-z0-9][a-z0-9.-]*==[\w.+!]+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?"
        )
        if not re.fullmatch(pinned, line):
            yield number, "a lock holds versions and hashes alone; write it by `make lock`"


def npm_lock_names_no_host(file: File) -> Faults:
    if not file.path.endswith("package-lock.json"):
        return
    for number, line in enumerate(file.lines, start=1):
        if re.search(r"https?://|\"(resolved|funding)\":", line):
            yield number, "a lock holds versions and hashes alone; write it by `npm run lock`"


RULES: list[Rule] = [
    module_says_what_it_is,
    file_fits,
    function_fits_on_a_screen,
    line_fits,
    name_says_something,
    work_is_done_or_filed,
    types_hide_no_cycle,
    failure_is_named,
    waiting_has_an_end,
    core_asks_nobody,
    nobodys_machine_is_named,
    link_leads_somewhere,
    lock_pins_by_hash,
    npm_lock_names_no_host,
]


# ── the proofs ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps(rule: Rule) -> None:
    faults = [
        f"{file.path}:{number}: {fault}"
        for file in files()
        if (rule.__name__, file.path) not in EXCEPTIONS
        for number, fault in rule(file)
    ]
    if faults:
        pytest.fail("\n".join(faults), pytrace=False)


def test_every_exception_is_still_needed() -> None:
    rules = {rule.__name__: rule for rule in RULES}
    here = {file.path: file for file in files()}
    idle = [key for key in EXCEPTIONS if key[1] not in here or not any(rules[key[0]](here[key[1]]))]
    assert not idle, f"nothing needs these exceptions; remove them: {idle}"


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (module_says_what_it_is, "src/a.py", "x = 1\n"),
        (file_fits, "src/a.py", "\n" * (FILE_LINES_MAX + 1)),
        (function_fits_on_a_screen, "src/a.py", "def f():\n" + "    1\n" * FUNCTION_LINES_MAX),
        (line_fits, "src/a.py", "#" * (LINE_COLUMNS_MAX + 1)),
        (name_says_something, "src/utils/a.py", ""),
        (name_says_something, "src/a.py", "class RunManager: ..."),
        (work_is_done_or_filed, "src/a.py", "# TO" + "DO: everything"),
        (types_hide_no_cycle, "src/a.py", "if TYPE_CHECKING:\n    import b"),
        (failure_is_named, "src/a.py", "try:\n    f()\nexcept:\n    g()"),
        (failure_is_named, "src/a.py", "try:\n    f()\nexcept (E, Exception):\n    g()"),
        (waiting_has_an_end, "tests/a.py", "time.sleep(1)"),
        (waiting_has_an_end, "tests/a.py", "from time import sleep"),
        (core_asks_nobody, "src/orchestrate/core/a.py", "datetime.now(UTC)"),
        (core_asks_nobody, "src/orchestrate/core/a.py", "open(path)"),
        (nobodys_machine_is_named, "README.md", "https://py" + "pi.org/project/orchestrate"),
        (nobodys_machine_is_named, "README.md", "see `/ho" + "me/someone/notes`"),
        (link_leads_somewhere, "docs/a.md", "[here](nowhere.md)"),
        (link_leads_somewhere, "CHANGELOG.md", "[here](CONTRIBUTING.md#nowhere)"),
        (lock_pins_by_hash, "requirements/run.txt", "click>=8"),
        (npm_lock_names_no_host, "a/package-lock.json", '"resolved": "here"'),
    ],
    ids=lambda value: value.__name__ if callable(value) else None,
)  # fmt: skip
def test_a_rule_bites(rule: Rule, path: str, text: str) -> None:
    assert len(list(rule(File(path, text)))) == 1


def test_the_locks_agree() -> None:
    """The tools of development check the very versions that people run."""
    run, dev = (versions(name) for name in ("run", "dev"))
    assert run == {name: version for name, version in dev.items() if name in run}


def test_the_locks_know_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    asked = {
        "run": project["project"]["dependencies"],
        "dev": project["project"]["dependencies"] + groups["dev"],
        "uv": project["build-system"]["requires"] + groups["install"],
        "node": groups["node"],
    }
    for lock, wanted in asked.items():
        names = {re.split(r"[^\w.-]", want, maxsplit=1)[0].lower() for want in wanted}
        assert names <= set(versions(lock)), f"requirements/{lock}.txt is old; `make lock`"


def test_no_two_decisions_share_a_number() -> None:
    numbers = sorted(path.name[:4] for path in (ROOT / "docs/decisions").glob("[0-9]*.md"))
    assert len(numbers) == len(set(numbers)), "take the next free number"


# ── the checkout ─────────────────────────────────────────────────────────────────────────────────


@cache
def files() -> list[File]:
    """Every text file git knows or would take, so that a fault shows before it is committed."""
    found = [
        File(path, (ROOT / path).read_text(encoding="utf-8"))
        for path in paths()
        if not path.endswith(UNREAD) and (ROOT / path).is_file()
    ]
    assert found, "an empty house keeps every rule"
    return found


def paths() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    ) if (ROOT / ".git").exists() else None  # fmt: skip
    if listed and listed.returncode == 0:
        return sorted(path for path in listed.stdout.split("\0") if path)
    # An unpacked archive has no git; what a build left in it lies in these folders.
    built = re.compile(r"(^|/)(\.(?!ci/|gitignore)|build/|dist/|node_modules/|__pycache__/)")
    every = (path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.is_file())
    return sorted(path for path in every if not built.search(path))


@cache
def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ +(.+?)\s*$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def versions(lock: str) -> dict[str, str]:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", text, re.MULTILINE))
