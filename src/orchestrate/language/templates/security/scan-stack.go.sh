# Part of scan.sh, for Go: govulncheck, which asks the Go project's database.
PATH=$PATH:$PWD/.security/tools/bin
tool=golang.org/x/vuln/cmd/govulncheck@latest
if ! command -v govulncheck >/dev/null && command -v go >/dev/null && [ "${fetch:-no}" = yes ]; then
  GOBIN=$PWD/.security/tools/bin timeout 300 go install "$tool" || true
fi
if command -v govulncheck >/dev/null; then
  used="$used, govulncheck"
  govulncheck -format sarif ./... >.security/govulncheck.sarif ||
    missing "govulncheck did not end well, or did not reach its database"
  python3 - >>"$found" <<'PYTHON'
import json

try:
    report = json.load(open(".security/govulncheck.sarif", encoding="utf-8"))
except ValueError:
    report = {"runs": []}
for run in report["runs"]:
    for each in run.get("results", []):
        severity = "high" if each.get("level") == "error" else "medium"
        print(severity, "govulncheck", "go.mod", each["message"]["text"], sep="\t")
PYTHON
else
  missing "govulncheck is not here; get it with: go install $tool"
fi
