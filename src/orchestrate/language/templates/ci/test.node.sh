#!/bin/sh
# Test Node: the `test` script of package.json, else Node's own test runner.
set -eu

own=$(node -p 'require("./package.json").scripts?.test ?? ""')
case $own in
  '' | *"no test specified"*) node --test ;;
  *) npm test --silent ;;
esac
