#!/bin/sh
# Build Python: wheel and source distribution with `build`, where there is a pyproject.toml and the
# tool; else an archive of the source.
set -eu
PATH=$PWD/.venv/bin:$PWD/venv/bin:$PATH

out=${ORCHESTRATE_ARTIFACTS:-dist}
mkdir -p "$out"
if [ -f pyproject.toml ] && python3 -c 'import build' 2>/dev/null; then
  python3 -m build --outdir "$out" .
  artifact=$(cd "$out" && ls -t -- *.whl *.tar.gz 2>/dev/null | head -n 1)
else
  index=$(mktemp -d) && trap 'rm -rf "$index"' EXIT
  GIT_INDEX_FILE=$index/index git add --all
  tree=$(GIT_INDEX_FILE=$index/index git write-tree)
  artifact=$(basename "$PWD")-$(echo "$tree" | cut -c 1-12).tar.gz
  git archive --format=tar.gz --prefix="${artifact%.tar.gz}/" --output="$out/$artifact" "$tree"
  echo "a wheel needs: python3 -m pip install build"
fi
(cd "$out" && sha256sum "$artifact")
[ -z "${ORCHESTRATE_OUTPUT:-}" ] || echo "artifact=$artifact" >>"$ORCHESTRATE_OUTPUT"
