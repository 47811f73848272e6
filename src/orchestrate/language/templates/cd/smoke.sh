#!/bin/sh
# Smoke test: does the environment $TARGET serve the release $RELEASE, whole, and does $URL answer?
# Put here the few questions that only a working installation answers right.
set -eu

root=.deployed/${TARGET:?say which environment}
live=$(readlink "$root/current" || echo nothing)
if [ "$live" != "releases/${RELEASE:?say which release}" ]; then
  echo "$TARGET serves $live, not releases/$RELEASE"
  exit 1
fi
(cd "$root/current" && sha256sum --check --quiet "../../$live.sums")
echo "$TARGET serves $live, $(wc -l <"$root/$live.sums") files, all of them whole"

if [ -n "${URL:-}" ]; then
  python3 - "$URL" <<'PYTHON'
import sys
import urllib.request

with urllib.request.urlopen(sys.argv[1], timeout=30) as answer:
    print(f"{sys.argv[1]} answers {answer.status}")
PYTHON
fi
