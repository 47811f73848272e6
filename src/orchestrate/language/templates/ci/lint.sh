#!/bin/sh
# Lint: whitespace and conflict markers, then every script, Python file, JSON and YAML file.
# Needs git and python3 alone. Exit code 0 is a pass; every fault is printed before another one.
set -u

faults=0 shells=0 yamls=0
fault() {
  echo "$1"
  faults=$((faults + 1))
}

list=$(mktemp) && trap 'rm -f "$list"' EXIT
git -c core.quotePath=off ls-files --cached --others --exclude-standard >"$list" || exit 78

# What is tracked in one go, against the empty tree; what is not, file by file.
empty=$(git hash-object -t tree /dev/null)
git -c core.whitespace=cr-at-eol,-blank-at-eof diff --check "$empty" -- || fault "(tracked files)"

while IFS= read -r file; do
  [ -f "$file" ] && [ ! -L "$file" ] || continue
  if ! git ls-files --error-unmatch -- "$file" >/dev/null 2>&1; then
    said=$(git -c core.whitespace=cr-at-eol,-blank-at-eof diff --no-index --check /dev/null "$file")
    [ -z "$said" ] || fault "$said"
  fi
  case $file in
    *.sh)
      shells=$((shells + 1))
      shell=sh
      case $(head -n 1 "$file") in *bash*) shell=bash ;; esac
      "$shell" -n "$file" || fault "$file: $shell cannot read it"
      ! command -v shellcheck >/dev/null || shellcheck "$file" || fault "$file: see above"
      ;;
    *.py)
      code='import sys; compile(open(sys.argv[1], "rb").read(), sys.argv[1], "exec")'
      python3 -W error -c "$code" "$file" || fault "$file: python3 cannot read it"
      ;;
    *.json) python3 -m json.tool "$file" /dev/null || fault "$file: it is not JSON" ;;
    *.yaml | *.yml)
      yamls=$((yamls + 1))
      ! grep -nE "^ *	" "$file" || fault "$file: a tab cannot indent YAML"
      ! command -v yamllint >/dev/null || yamllint -d relaxed "$file" || fault "$file: see above"
      ;;
  esac
done <"$list"

count=$(wc -l <"$list")
echo "$((count)) files, $faults faults"
[ "$shells" = 0 ] || command -v shellcheck >/dev/null ||
  echo "shellcheck would find more in $shells scripts: apt-get install shellcheck"
[ "$yamls" = 0 ] || command -v yamllint >/dev/null ||
  echo "yamllint would find more in $yamls files: python3 -m pip install yamllint"
[ -z "${ORCHESTRATE_OUTPUT:-}" ] || echo "faults=$faults" >>"$ORCHESTRATE_OUTPUT"
[ "$faults" = 0 ]
