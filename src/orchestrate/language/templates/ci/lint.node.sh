#!/bin/sh
# Lint Node: the `lint` script of package.json, else eslint, else Node's own parser.
set -eu

has() { node -e 'process.exit(require("./package.json").scripts?.[process.argv[1]] ? 0 : 1)' "$1"; }

if ! command -v node >/dev/null; then
  echo "reason=node is not installed: apt-get install nodejs npm" \
    >>"${ORCHESTRATE_OUTPUT:-/dev/stderr}"
  exit 78
fi
if has lint; then
  npm run --silent lint
elif [ -x node_modules/.bin/eslint ]; then
  node_modules/.bin/eslint .
else
  git ls-files -z --cached --others --exclude-standard '*.js' '*.mjs' '*.cjs' |
    xargs -0 -r -n 1 node --check
  git diff --check "$(git hash-object -t tree /dev/null)" -- '*.js' '*.mjs' '*.cjs' '*.ts' '*.json'
  echo "node can read every file; eslint would find far more: npm install --save-dev eslint"
fi
