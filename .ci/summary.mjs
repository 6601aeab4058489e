/**
 * node .ci/summary.mjs FOLDER [FAILED STEP…]
 *
 * Adds up Vitest's JSON reports in FOLDER, lists what failed and what was skipped, and ends with one line:
 * `N passed, N failed, N skipped`. A test file that could not be loaded and a failed step count as one failure each,
 * but a step whose own report tells of a failure is not counted twice. A step's report is `FOLDER/<step>.json`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

const [folder, ...failedSteps] = process.argv.slice(2);
const failures = [];
const skips = [];
const told = new Set();
let passed = 0;

for (const name of readdirSync(folder).filter((file) => file.endsWith(".json"))) {
  const before = failures.length;
  for (const file of JSON.parse(readFileSync(join(folder, name), "utf8")).testResults) {
    const failed = file.assertionResults.filter((test) => test.status === "failed");
    failures.push(...failed.map((test) => test.fullName));
    if (file.status === "failed" && failed.length === 0) failures.push(`${file.name}: ${file.message}`);
    for (const test of file.assertionResults)
      if (test.status === "passed") passed++;
      else if (test.status !== "failed") skips.push(test.fullName);
  }
  if (failures.length > before) told.add(basename(name, ".json"));
}
failures.push(...failedSteps.filter((step) => !told.has(step)));

const lines = [
  ...skips.map((title) => `skipped: ${title}`),
  ...failures.map((title) => `failed: ${title}`),
  `${passed} passed, ${failures.length} failed, ${skips.length} skipped`,
];
process.stdout.write(lines.join("\n") + "\n");
process.exitCode = failures.length > 0 ? 1 : 0;
