#!/bin/sh
# Scan: keys, tokens and open files with what is always there, and detect-secrets where it can be
# had; scan-stack.sh adds the scanners of this project's language.
# One finding a line in .security/findings.tsv: severity, scanner, place, sentence.
set -eu

mkdir -p .security && echo '*' >.security/.gitignore
found=.security/findings.tsv && : >"$found"
missed=.security/missed.txt && : >"$missed"
used=built-in
list=$(mktemp) && trap 'rm -f "$list"' EXIT
git -c core.quotePath=off ls-files --cached --others --exclude-standard >"$list"

# What was not asked, and how it could be: the report says so, for silence is no proof.
missing() { echo "$1" | tee -a "$missed"; }
finding() { printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" | tee -a "$found"; }

# A tool of Python's registry: the one on the path, else its own copy, fetched once.
PATH=$PWD/.venv/bin:$PWD/.security/tools/bin:$PATH
have() {
  command -v "$1" >/dev/null && return
  if [ "${fetch:-no}" = yes ]; then
    [ -x .security/tools/bin/pip ] || timeout 120 python3 -m venv .security/tools >/dev/null 2>&1 &&
      timeout 240 .security/tools/bin/pip --quiet --retries 0 --timeout 15 install "$1" \
        2>/dev/null && return
    missing "$1 could not be fetched; get it with: python3 -m pip install $1"
  else
    missing "$1 is not here; get it with: python3 -m pip install $1"
  fi
  return 1
}

# Keys and tokens by their form. What they opened must be changed: git keeps them for ever.
while IFS= read -r file; do
  [ -f "$file" ] && [ ! -L "$file" ] || continue
  for line in $(grep -nIE -e '-----BEGIN [A-Z ]*PRIVATE KEY-----' -e 'AKIA[0-9A-Z]{16}' \
    -e 'gh[pousr]_[A-Za-z0-9]{36}' -e 'glpat-[A-Za-z0-9_-]{20}' -e 'xox[abprs]-[A-Za-z0-9-]{20}' \
    -- "$file" | cut -d : -f 1); do
    finding high built-in "$file:$line" "a key or a token"
  done
  case $(stat -c %a "$file") in
    *[2367]) finding medium built-in "$file" "everybody on this machine may write it" ;;
  esac
done <"$list"

# Secrets by their look.
if have detect-secrets; then
  used="$used, detect-secrets"
  xargs -r -d '\n' detect-secrets scan --no-verify <"$list" >.security/detect-secrets.json
  python3 - >>"$found" <<'PYTHON'
import json

report = json.load(open(".security/detect-secrets.json", encoding="utf-8"))
for path, secrets in sorted(report["results"].items()):
    for secret in secrets:
        place = f"{path}:{secret['line_number']}"
        sentence = f"it looks like a secret ({secret['type']})"
        print("medium", "detect-secrets", place, sentence, sep="\t")
PYTHON
fi

here=$(dirname "$0")
[ ! -f "$here/scan-stack.sh" ] || . "$here/scan-stack.sh"

echo "$used" >.security/used.txt
findings=$(wc -l <"$found")
serious=$(grep -c '^high' "$found" || true)
echo "$((findings)) findings, $serious of them serious ($used)"
if [ -n "${ORCHESTRATE_OUTPUT:-}" ]; then
  { echo "findings=$((findings))" && echo "serious=$serious" && echo "scanners=$used"; } \
    >>"$ORCHESTRATE_OUTPUT"
fi
