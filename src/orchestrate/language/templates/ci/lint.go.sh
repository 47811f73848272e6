#!/bin/sh
# Lint Go: gofmt and go vet, and golangci-lint where it is there.
set -eu

if ! command -v go >/dev/null; then
  echo "reason=go is not installed: apt-get install golang-go" \
    >>"${ORCHESTRATE_OUTPUT:-/dev/stderr}"
  exit 78
fi
unformatted=$(git ls-files -z --cached --others --exclude-standard '*.go' | xargs -0 -r gofmt -l)
if [ -n "$unformatted" ]; then
  echo "gofmt would change:"
  echo "$unformatted"
  exit 1
fi
go vet ./...
if command -v golangci-lint >/dev/null; then
  golangci-lint run
else
  echo "golangci-lint would find more: https://golangci-lint.run/docs/welcome/install"
fi
