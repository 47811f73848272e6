#!/bin/sh
# Build Node: the `build` script of package.json where there is one, then the package itself.
set -eu

out=${ORCHESTRATE_ARTIFACTS:-dist}
mkdir -p "$out"
if node -e 'process.exit(require("./package.json").scripts?.build ? 0 : 1)'; then
  npm run --silent build
fi
if node -e 'const p = require("./package.json"); process.exit(p.name && p.version ? 0 : 1)'; then
  artifact=$(npm pack --silent --pack-destination "$out" | tail -n 1)
else
  echo "package.json has no name or no version: an archive of the source instead"
  index=$(mktemp -d) && trap 'rm -rf "$index"' EXIT
  GIT_INDEX_FILE=$index/index git add --all
  tree=$(GIT_INDEX_FILE=$index/index git write-tree)
  artifact=source-$(echo "$tree" | cut -c 1-12).tar.gz
  git archive --format=tar.gz --output="$out/$artifact" "$tree"
fi
(cd "$out" && sha256sum "$artifact")
[ -z "${ORCHESTRATE_OUTPUT:-}" ] || echo "artifact=$artifact" >>"$ORCHESTRATE_OUTPUT"
