# Part of scan.sh, for Rust: cargo audit, which asks the RustSec database.
if command -v cargo-audit >/dev/null && [ -f Cargo.lock ]; then
  cargo audit --json >.security/cargo-audit.json 2>/dev/null || true
  if [ -s .security/cargo-audit.json ]; then
    used="$used, cargo audit"
    python3 - >>"$found" <<'PYTHON'
import json

report = json.load(open(".security/cargo-audit.json", encoding="utf-8"))
for each in report["vulnerabilities"]["list"]:
    package, advisory = each["package"], each["advisory"]
    sentence = f"{package['name']} {package['version']}: {advisory['id']}, {advisory['title']}"
    print("high", "cargo audit", "Cargo.lock", sentence, sep="\t")
PYTHON
  fi
else
  missing "cargo audit needs Cargo.lock, and the tool: cargo install cargo-audit"
fi
