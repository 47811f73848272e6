#!/bin/sh
# Report: .security/findings.tsv as a page, kept with the run and in .security/report.md.
set -eu

out=.security/report.md
python3 - >"$out" <<'PYTHON'
from collections import Counter
from pathlib import Path

lines = Path(".security/findings.tsv").read_text(encoding="utf-8").splitlines()
found = [line.split("\t") for line in lines]
order = {"high": 0, "medium": 1, "low": 2}
found.sort(key=lambda each: (order.get(each[0], 3), each[1:]))
number = Counter(each[0] for each in found)

print("# Security report\n")
print(f"Scanned with: {Path('.security/used.txt').read_text(encoding='utf-8')}")
for each in Path(".security/missed.txt").read_text(encoding="utf-8").splitlines():
    print(f"- not asked: {each}")
print()
if not found:
    print("Nothing was found.")
else:
    print(", ".join(f"{number[severity]} {severity}" for severity in order if number[severity]))
    print("\n| severity | scanner | place | what |\n|---|---|---|---|")
    for each in found:
        print("| " + " | ".join(part.replace("|", "\\|") for part in each) + " |")
PYTHON
cat "$out"
[ -z "${ORCHESTRATE_ARTIFACTS:-}" ] || cp .security/findings.tsv "$out" "$ORCHESTRATE_ARTIFACTS/"
[ -z "${ORCHESTRATE_OUTPUT:-}" ] || echo "report=$out" >>"$ORCHESTRATE_OUTPUT"
