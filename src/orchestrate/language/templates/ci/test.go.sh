#!/bin/sh
# Test Go.
set -eu
go test ./...
