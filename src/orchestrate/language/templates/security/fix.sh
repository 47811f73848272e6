#!/bin/sh
# Fix: what can be mended becomes a patch in .security/fix.patch; the checkout stays as it is.
# Fails while something serious is left, so that somebody looks.
set -eu

# A copy of this directory to work on, and git's view of it.
box=$(mktemp -d) && trap 'rm -rf "$box"' EXIT
export GIT_INDEX_FILE="$box/index"
git add --all
before=$(git write-tree)
mkdir "$box/tree" && git archive "$before" | tar -x -C "$box/tree"

# Dependencies, where their tool can raise them.
if [ -f "$box/tree/package-lock.json" ] && command -v npm >/dev/null; then
  (cd "$box/tree" && npm audit fix --package-lock-only >/dev/null 2>&1) || true
fi
if [ -f "$box/tree/Cargo.lock" ] && command -v cargo >/dev/null; then
  (cd "$box/tree" && cargo update --quiet) || true
fi
git --work-tree="$box/tree" diff --no-color "$before" >.security/fix.patch
if [ -s .security/fix.patch ]; then
  cat .security/fix.patch
  echo "Mend it so: git apply .security/fix.patch"
fi

# Files that everybody may write.
grep 'everybody on this machine may write it' .security/findings.tsv | cut -f 3 |
  sed "s/.*/Mend it so: chmod o-w '&'/"

[ -z "${ORCHESTRATE_ARTIFACTS:-}" ] || cp .security/fix.patch "$ORCHESTRATE_ARTIFACTS/"
if [ "${SERIOUS:-0}" -gt 0 ]; then
  echo "$SERIOUS serious findings are left to people: see .security/report.md"
  exit 1
fi
