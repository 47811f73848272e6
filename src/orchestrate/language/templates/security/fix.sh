#!/bin/sh
# Fix: what can be mended becomes a patch in .security/fix.patch; the checkout stays as it is.
# Fails while something serious is left, so that somebody looks.
set -eu

box=$(mktemp -d) && trap 'rm -rf "$box"' EXIT
index=$box/index
GIT_INDEX_FILE=$index git add --all
before=$(GIT_INDEX_FILE=$index git write-tree)
mkdir "$box/tree" && git archive "$before" | tar -x -C "$box/tree"
top=$PWD

# Files that everybody may write.
awk -F '\t' '$2 == "built-in" && $4 ~ /may write it/ { print $3 }' .security/findings.tsv |
  while IFS= read -r file; do
    echo "chmod o-w '$file'"
  done >.security/fix.sh
# Dependencies, where their tool can raise them.
if [ -f "$box/tree/package-lock.json" ] && command -v npm >/dev/null; then
  (cd "$box/tree" && npm audit fix --package-lock-only >/dev/null 2>&1) || true
fi
if [ -f "$box/tree/Cargo.lock" ] && command -v cargo >/dev/null; then
  (cd "$box/tree" && cargo update --quiet) || true
fi

git --git-dir="$top/.git" --work-tree="$box/tree" diff --no-color "$before" -- \
  >.security/fix.patch 2>/dev/null || : >.security/fix.patch
[ ! -s .security/fix.patch ] || echo "look at .security/fix.patch, then: git apply .security/fix.patch"
[ ! -s .security/fix.sh ] || { echo "look at this, then: sh .security/fix.sh" && cat .security/fix.sh; }
[ -z "${ORCHESTRATE_ARTIFACTS:-}" ] || cp .security/fix.patch .security/fix.sh "$ORCHESTRATE_ARTIFACTS/"

if [ "${SERIOUS:-0}" -gt 0 ]; then
  echo "$SERIOUS serious findings are left to people: see .security/report.md"
  exit 1
fi
