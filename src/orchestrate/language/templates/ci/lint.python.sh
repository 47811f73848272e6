#!/bin/sh
# Lint Python: ruff, flake8 or pyflakes, the first that is there; else Python's own compiler, with
# its warnings as errors. Tools in .venv/ come first. Exit code 0 is a pass.
set -eu
PATH=$PWD/.venv/bin:$PWD/venv/bin:$PATH

git diff --check "$(git hash-object -t tree /dev/null)" -- '*.py' '*.toml'

if command -v ruff >/dev/null; then
  ruff check --no-cache .
elif python3 -c 'import flake8' 2>/dev/null; then
  python3 -m flake8
elif python3 -c 'import pyflakes' 2>/dev/null; then
  git ls-files -z --cached --others --exclude-standard '*.py' | xargs -0 -r python3 -m pyflakes
else
  git ls-files -z --cached --others --exclude-standard '*.py' | xargs -0 -r \
    python3 -W error -c '
import sys
faults = 0
for path in sys.argv[1:]:
    try:
        compile(open(path, "rb").read(), path, "exec")
    except (SyntaxError, ValueError) as fault:
        faults += 1
        print(path, getattr(fault, "lineno", 1), fault, sep=":")
print(f"{len(sys.argv) - 1} files, {faults} faults")
sys.exit(faults > 0)
'
  echo "ruff would find far more: python3 -m pip install ruff"
fi
