#!/bin/sh
# The release: one commit with the version and the changelog, and an annotated tag.
# Pushed to `origin` where $PUSH is yes; last, so that whatever failed before can be taken back.
set -eu
here=$(dirname "$0")
tag=v${VERSION:?say which version}

if [ "${ORCHESTRATE_MODE:-run}" = rollback ]; then
  if [ "$(git log -1 --format=%s 2>/dev/null)" = "Release $tag" ]; then
    git tag --delete "$tag" 2>/dev/null || true
    if git rev-parse --quiet --verify HEAD^ >/dev/null; then
      git reset --quiet --soft HEAD^
    else
      git update-ref -d HEAD
    fi
    echo "$tag and its commit are taken back"
  fi
  exit 0
fi

if git rev-parse --quiet --verify "refs/tags/$tag" >/dev/null; then
  echo "the tag $tag is there already"
  exit 78
fi
# Whoever made this commit: you, where git knows you.
if ! git var GIT_COMMITTER_IDENT >/dev/null 2>&1; then
  export GIT_AUTHOR_NAME=release GIT_AUTHOR_EMAIL=release@localhost
  export GIT_COMMITTER_NAME=release GIT_COMMITTER_EMAIL=release@localhost
fi
set -- CHANGELOG.md
for file in $(sh "$here/version.sh" files); do
  set -- "$@" "$file"
done
git add -- "$@"
git commit --quiet --no-verify --message "Release $tag" -- "$@"
git tag --annotate --message "Release $tag" "$tag"
git --no-pager log -1 --stat --decorate --format='%h%d %s'

if [ "${PUSH:-no}" = yes ]; then
  git push --atomic origin HEAD "$tag"
else
  echo "nothing was pushed; do it with: git push origin HEAD $tag"
fi
[ -z "${ORCHESTRATE_OUTPUT:-}" ] || echo "tag=$tag" >>"$ORCHESTRATE_OUTPUT"
