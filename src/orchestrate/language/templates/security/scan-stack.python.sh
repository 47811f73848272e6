# Part of scan.sh, for Python: bandit looks for dangerous code, pip-audit for known faults of what
# requirements.txt names. pip-audit asks a database on the network.
if have bandit; then
  used="$used, bandit"
  grep '\.py$' "$list" | xargs -r -d '\n' bandit --quiet --exit-zero --format json \
    --output .security/bandit.json
  [ ! -f .security/bandit.json ] || python3 - >>"$found" <<'PYTHON'
import json

for each in json.load(open(".security/bandit.json", encoding="utf-8"))["results"]:
    severity = each["issue_severity"].lower()
    place = f"{each['filename']}:{each['line_number']}"
    sentence = each["issue_text"].partition(": '")[0]  # a password is not said again
    print(severity, "bandit", place, f"{sentence} ({each['test_id']})", sep="\t")
PYTHON
fi
if [ -f requirements.txt ] && have pip-audit; then
  rm -f .security/pip-audit.json
  pip-audit --requirement requirements.txt --format json --output .security/pip-audit.json \
    2>.security/pip-audit.log || true
  if [ -s .security/pip-audit.json ]; then
    used="$used, pip-audit"
  else
    missing "pip-audit did not reach its database: see .security/pip-audit.log"
  fi
  [ ! -s .security/pip-audit.json ] || python3 - >>"$found" <<'PYTHON'
import json

for package in json.load(open(".security/pip-audit.json", encoding="utf-8"))["dependencies"]:
    for each in package.get("vulns", []):
        fixed = ", ".join(each["fix_versions"]) or "no version yet"
        sentence = f"{package['name']} {package['version']}: {each['id']}, mended in {fixed}"
        print("high", "pip-audit", "requirements.txt", sentence, sep="\t")
PYTHON
fi
