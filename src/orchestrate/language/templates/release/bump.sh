#!/bin/sh
# The next version: from the last tag v1.2.3 and the commits since; version.sh writes it down.
# Without a commit since that tag there is nothing to release (exit code 81: skipped).
set -eu
here=$(dirname "$0")
before=$(git rev-parse --git-path release-before)   # the files as they were, to put them back
say() { [ -z "${ORCHESTRATE_OUTPUT:-}" ] || echo "$1" >>"$ORCHESTRATE_OUTPUT"; }

if [ "${ORCHESTRATE_MODE:-run}" = rollback ]; then
  for file in $(sh "$here/version.sh" files); do
    git reset --quiet -- "$file" 2>/dev/null || true
    if [ -f "$before/$file" ]; then cp "$before/$file" "$file"; else rm -f "$file"; fi
    echo "$file is as it was"
  done
  exit 0
fi

if git rev-parse --quiet --verify HEAD >/dev/null && ! git diff --quiet HEAD; then
  say "reason=there are changes that are not committed; see: git status"
  exit 78
fi
tag=$(git describe --tags --abbrev=0 --match 'v[0-9]*' 2>/dev/null || true)
if [ -n "$tag" ] && [ "$(git rev-list --count "$tag..HEAD")" = 0 ]; then
  say "reason=nothing was committed since $tag"
  exit 81
fi

level=${level:-auto}
if [ "$level" = auto ]; then
  subjects=$(git log --format=%s "${tag:+$tag..}HEAD" 2>/dev/null || true)
  level=patch
  ! echo "$subjects" | grep -qE '^feat(\(.*\))?:' || level=minor
  ! echo "$subjects" | grep -qE '^[a-z]+(\(.*\))?!:' || level=major
fi
next=$(echo "${tag#v}" | awk -F '[.+-]' -v level="$level" '
  level == "major" && $1 > 0 { print $1 + 1 ".0.0"; next }   # before 1.0.0 it is a minor one
  level != "patch" { print $1 + 0 "." $2 + 1 ".0"; next }
  { print $1 + 0 "." $2 + 0 "." $3 + 1 }')
if [ -z "$tag" ]; then   # the first release has the version that is written already
  next=$(sh "$here/version.sh" read) && next=${next:-0.1.0}
fi

rm -rf "$before" && mkdir -p "$before"
for file in $(sh "$here/version.sh" files); do
  [ ! -f "$file" ] || cp "$file" "$before/$file"
done
sh "$here/version.sh" write "$next"
echo "${tag:-no release yet} -> v$next"
say "version=$next"
say "previous=$tag"
