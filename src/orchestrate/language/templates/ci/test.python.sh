#!/bin/sh
# Test Python: pytest where it is there, else unittest. Tools in .venv/ come first.
set -eu
PATH=$PWD/.venv/bin:$PWD/venv/bin:$PATH
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$PWD/src:$PWD${PYTHONPATH:+:$PYTHONPATH}"

found=$(git ls-files --cached --others --exclude-standard 'test_*.py' '*/test_*.py' '*_test.py' |
  wc -l)
if [ "$found" = 0 ]; then
  # 81 is "skipped": the run goes on, and says why.
  echo "reason=there are no tests yet; put one into tests/test_first.py" \
    >>"${ORCHESTRATE_OUTPUT:-/dev/stderr}"
  exit 81
fi
if python3 -c 'import pytest' 2>/dev/null; then
  python3 -m pytest -q -p no:cacheprovider
elif [ -d tests ]; then
  python3 -m unittest discover -s tests -t . || python3 -m unittest discover -s tests
else
  python3 -m unittest discover
fi
