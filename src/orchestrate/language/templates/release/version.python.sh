#!/bin/sh
# Where this project keeps its version: pyproject.toml, unless something else computes it.
# Asked for `files`, `read`, `write X`.
set -eu
project='/^\[project\]/,/^\[[^p]/'
case $1 in
  files) ! grep -q '^version *=' pyproject.toml 2>/dev/null || echo pyproject.toml ;;
  read) sed -n "$project"'s/^version *= *"\(.*\)".*/\1/p' pyproject.toml 2>/dev/null || true ;;
  write)
    [ ! -f pyproject.toml ] ||
      sed -i "$project"'s/^version *= *".*"/version = "'"$2"'"/' pyproject.toml
    ;;
esac
