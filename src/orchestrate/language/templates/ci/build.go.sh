#!/bin/sh
# Build Go: every command of this module.
set -eu

out=${ORCHESTRATE_ARTIFACTS:-dist}
mkdir -p "$out/bin"
go build ./...
GOBIN=$(cd "$out/bin" && pwd) go install ./...
if [ -z "$(ls "$out/bin")" ]; then
  artifact=none
  echo "a library: everything compiles, and there is no command to keep"
else
  artifact=bin.tar.gz
  tar -C "$out" -czf "$out/$artifact" bin
  (cd "$out" && sha256sum bin/*)
fi
[ -z "${ORCHESTRATE_OUTPUT:-}" ] || echo "artifact=$artifact" >>"$ORCHESTRATE_OUTPUT"
