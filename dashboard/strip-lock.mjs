// The lock holds versions and hashes, and names no host: whatever npm writes besides is dropped.
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));
for (const each of Object.values(lock.packages)) {
  delete each.funding;
  delete each.resolved;
}
writeFileSync(file, JSON.stringify(lock, null, 2) + "\n");
