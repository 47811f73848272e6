#!/bin/sh
# The changelog of $VERSION: the subjects of the commits since the tag $PREVIOUS, on top of
# CHANGELOG.md. In the form of https://keepachangelog.com.
set -eu
before=$(git rev-parse --git-path release-before)

if [ "${ORCHESTRATE_MODE:-run}" = rollback ]; then
  git reset --quiet -- CHANGELOG.md 2>/dev/null || true
  if [ -f "$before/CHANGELOG.md" ]; then
    cp "$before/CHANGELOG.md" CHANGELOG.md
  else
    rm -f CHANGELOG.md
  fi
  echo "CHANGELOG.md is as it was"
  exit 0
fi

mkdir -p "$before" && rm -f "$before/CHANGELOG.md"
[ ! -f CHANGELOG.md ] || cp CHANGELOG.md "$before/CHANGELOG.md"

range=${PREVIOUS:+$PREVIOUS..}HEAD
commits=$(git log --no-merges --format='- %s (%h)' "$range" 2>/dev/null || true)
section=$(mktemp) && trap 'rm -f "$section"' EXIT
{
  echo "## [${VERSION:?say which version}] - $(date +%F)"
  echo
  echo "${commits:-- The first release}"
  echo
} >"$section"

if [ -f CHANGELOG.md ]; then   # above the newest section; what stands before it stays
  line=$(grep -n -m 1 '^## \[[0-9]' CHANGELOG.md | cut -d : -f 1)
  line=${line:-$(($(wc -l <CHANGELOG.md) + 1))}
  {
    head -n "$((line - 1))" "$before/CHANGELOG.md"
    cat "$section"
    tail -n "+$line" "$before/CHANGELOG.md"
  } >CHANGELOG.md
else
  { printf '# Changelog\n\n' && cat "$section"; } >CHANGELOG.md
fi
# No empty line at the end, or git would complain of it.
kept=$(cat CHANGELOG.md) && printf '%s\n' "$kept" >CHANGELOG.md

cat "$section"
if [ -n "${ORCHESTRATE_OUTPUT:-}" ]; then
  { echo 'entries<<END_OF_ENTRIES' && cat "$section" && echo END_OF_ENTRIES; } \
    >>"$ORCHESTRATE_OUTPUT"
fi
