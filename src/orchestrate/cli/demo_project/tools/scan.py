"""The demo's security scanner: reads every source file's syntax tree; it runs none of it."""

import ast
import re
import sys
from pathlib import Path

DANGEROUS = {"eval", "exec", "compile", "__import__"}
SECRET = re.compile(r"(?i)(password|secret|token|api_key)")


def findings(path: Path) -> list[str]:
    """What is dangerous in one file: calls that run text, secrets written into the source."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        called = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
        if called in DANGEROUS:
            found.append(f"{path}:{node.lineno}: a call of {called}")
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            names = [each.id for each in node.targets if isinstance(each, ast.Name)]
            if isinstance(node.value.value, str) and any(SECRET.search(each) for each in names):
                found.append(f"{path}:{node.lineno}: a secret in the source")
    return found


def main() -> int:
    """Scan the folders that are named; 1 if anything was found."""
    files = [path for folder in sys.argv[1:] for path in sorted(Path(folder).rglob("*.py"))]
    found = [each for path in files for each in findings(path)]
    print("\n".join(found) or f"{len(files)} files scanned, nothing found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
