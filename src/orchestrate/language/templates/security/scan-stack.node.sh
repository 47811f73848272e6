# Part of scan.sh, for Node: npm audit, which asks the registry about the versions in the lock file.
if [ -f package-lock.json ] && command -v npm >/dev/null; then
  npm audit --json >.security/npm-audit.json 2>/dev/null || true
  if node -e 'process.exit(require("./.security/npm-audit.json").vulnerabilities ? 0 : 1)'; then
    used="$used, npm audit"
    node >>"$found" <<'NODE'
const report = require(process.cwd() + "/.security/npm-audit.json");
for (const [name, each] of Object.entries(report.vulnerabilities)) {
  const severity = { critical: "high", high: "high", moderate: "medium" }[each.severity] ?? "low";
  const mended = each.fixAvailable ? "npm audit fix mends it" : "there is no mended version yet";
  const sentence = `${name} ${each.range}: ${mended}`;
  console.log([severity, "npm audit", "package-lock.json", sentence].join("\t"));
}
NODE
  else
    missing "npm audit did not get an answer from the registry"
  fi
else
  missing "npm audit needs package-lock.json: npm install --package-lock-only"
fi
