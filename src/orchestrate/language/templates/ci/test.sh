#!/bin/sh
# Test: `make test` where there is one, every tests/*.sh, and Python's tests in tests/.
# A repository without a test proves at least that its linter catches a fault.
set -eu

ran=0
if [ -f Makefile ] && make -n test >/dev/null 2>&1; then
  make test
  ran=$((ran + 1))
fi
for file in tests/*.sh test/*.sh; do
  [ -f "$file" ] || continue
  echo "$file"
  sh "$file"
  ran=$((ran + 1))
done
if ls tests/test*.py >/dev/null 2>&1; then
  PYTHONDONTWRITEBYTECODE=1 python3 -m unittest discover -s tests -t .
  ran=$((ran + 1))
fi

if [ "$ran" = 0 ]; then
  echo "There are no tests yet. Put one into tests/, such as tests/first.sh: exit code 0 is a pass."
  echo "Until then: does the linter catch a script that no shell can read?"
  here=$(cd "$(dirname "$0")" && pwd)
  box=$(mktemp -d) && trap 'rm -rf "$box"' EXIT
  git -C "$box" init --quiet
  echo 'if then' >"$box/broken.sh"
  if (cd "$box" && unset ORCHESTRATE_OUTPUT && sh "$here/lint.sh") >/dev/null 2>&1; then
    echo "It does not. $here/lint.sh lets everything pass."
    exit 1
  fi
  echo "It does."
  ran=1
fi
[ -z "${ORCHESTRATE_OUTPUT:-}" ] || echo "tests=$ran" >>"$ORCHESTRATE_OUTPUT"
