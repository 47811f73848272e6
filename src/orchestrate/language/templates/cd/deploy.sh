#!/bin/sh
# Deploy $COMMIT to the environment $TARGET, or take back the last release ($ORCHESTRATE_MODE).
#
# As it stands, an environment is a folder: .deployed/<environment>/current leads to the release.
# Write your own way where it says "here": rsync, kubectl, a call of your platform.
set -eu

root=.deployed/${TARGET:?say which environment}
mkdir -p "$root/releases"
[ -f .deployed/.gitignore ] || echo '*' >.deployed/.gitignore
before=$(readlink "$root/current" || true)

if [ "${ORCHESTRATE_MODE:-run}" = rollback ]; then
  # Here: put back what served before. The release that is taken back is the one of this run.
  case $before in
    "releases/${ORCHESTRATE_RUN_ID:-0}-"*) ;;
    *) echo "$TARGET: run ${ORCHESTRATE_RUN_ID:-0} left nothing to take back" && exit 0 ;;
  esac
  last=$(cat "$root/$before.before")
  if [ -n "$last" ]; then
    ln -sfn "$last" "$root/current.new" && mv -T "$root/current.new" "$root/current"
  else
    rm -f "$root/current"
  fi
  echo "$TARGET: $before -> ${last:-nothing}"
  exit 0
fi

# What is deployed: the commit of the event; without one, this directory as it is.
if commit=$(git rev-parse --quiet --verify "${COMMIT:-}^{commit}"); then
  tree=$commit
else
  index=$(mktemp -d) && trap 'rm -rf "$index"' EXIT
  GIT_INDEX_FILE=$index/index git add --all
  tree=$(GIT_INDEX_FILE=$index/index git write-tree)
fi
name=releases/${ORCHESTRATE_RUN_ID:-0}-$(echo "$tree" | cut -c 1-12)

# Here: bring the release to where it is to run, and let it serve.
rm -rf "${root:?}/$name" && mkdir -p "$root/$name"
git archive "$tree" | tar -x -C "$root/$name"
(cd "$root/$name" && find . -type f -exec sha256sum {} +) >"$root/$name.sums"
echo "$before" >"$root/$name.before"
ln -sfn "$name" "$root/current.new" && mv -T "$root/current.new" "$root/current"

echo "$TARGET: ${before:-nothing} -> $name"
[ -z "${ORCHESTRATE_OUTPUT:-}" ] || echo "release=${name#releases/}" >>"$ORCHESTRATE_OUTPUT"
