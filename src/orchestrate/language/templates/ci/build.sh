#!/bin/sh
# Build: an archive of everything that git would keep, and its checksum.
# Where there is something to compile, do it here. `make build` is called where there is one.
set -eu

out=${ORCHESTRATE_ARTIFACTS:-dist}
mkdir -p "$out"
if [ -f Makefile ] && make -n build >/dev/null 2>&1; then
  make build
fi

# The tree as it is in this directory, without touching git's own index.
index=$(mktemp -d) && trap 'rm -rf "$index"' EXIT
GIT_INDEX_FILE=$index/index git add --all
tree=$(GIT_INDEX_FILE=$index/index git write-tree)
name=$(basename "$PWD")-$(echo "$tree" | cut -c 1-12)
git archive --format=tar.gz --prefix="$name/" --output="$out/$name.tar.gz" "$tree"
(cd "$out" && sha256sum "$name.tar.gz" | tee "$name.tar.gz.sha256")

[ -z "${ORCHESTRATE_OUTPUT:-}" ] || echo "artifact=$name.tar.gz" >>"$ORCHESTRATE_OUTPUT"
