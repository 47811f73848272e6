#!/bin/sh
# Build Rust: an optimised build; its programs are kept with the run.
set -eu

out=${ORCHESTRATE_ARTIFACTS:-dist}
mkdir -p "$out/bin"
cargo build --release --quiet
target=${CARGO_TARGET_DIR:-target}/release
find "$target" -maxdepth 1 -type f -perm -u+x ! -name '*.so' -exec cp {} "$out/bin/" \;
if [ -z "$(ls "$out/bin")" ]; then
  artifact=none
  echo "a library: everything compiles, and there is no program to keep"
else
  artifact=bin.tar.gz
  tar -C "$out" -czf "$out/$artifact" bin
  (cd "$out" && sha256sum bin/*)
fi
[ -z "${ORCHESTRATE_OUTPUT:-}" ] || echo "artifact=$artifact" >>"$ORCHESTRATE_OUTPUT"
