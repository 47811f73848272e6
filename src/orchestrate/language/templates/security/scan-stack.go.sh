# Part of scan.sh, for Go: govulncheck, which asks the Go project's database.
PATH=$PATH:$PWD/.security/tools/bin
if ! command -v govulncheck >/dev/null && [ "${fetch:-no}" = yes ] && command -v go >/dev/null; then
  GOBIN=$PWD/.security/tools/bin timeout 300 go install golang.org/x/vuln/cmd/govulncheck@latest || true
fi
if command -v govulncheck >/dev/null; then
  used="$used, govulncheck"
  govulncheck -format sarif ./... >.security/govulncheck.sarif || echo "govulncheck did not end well"
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
  echo "govulncheck: go install golang.org/x/vuln/cmd/govulncheck@latest"
fi
