/**
 * Compares Albumen with everything that the originals recorded: `npm run check:reference [-- --only encoders]`.
 *
 * The fixtures lie in `../shared/reference` (`ALBUMEN_SHARED` names another place than `../shared`). Numbers are compared
 * here; searches, traces and trees, of which a single number says little, are compared by tests, which are run and counted. The
 * last line is one JSON object; the exit status is 1 when anything deviates by more than it may, or when nothing was there.
 */
import { execFile } from "node:child_process";
import { parseArgs } from "node:util";
import { table } from "../bench/report.ts";
import { captioners } from "../test/reference/captioners.ts";
import { hasPassed, type Comparison } from "../test/reference/comparison.ts";
import { encoders } from "../test/reference/encoders.ts";
import { layouts } from "../test/reference/layouts.ts";
import { preprocessing } from "../test/reference/preprocessing.ts";
import { tokenizers } from "../test/reference/tokenizers.ts";
import { sharedOrSkip } from "../test/support/packs.ts";

const COMPARISONS: Readonly<Record<string, (reference: string) => AsyncIterable<Comparison>>> = {
  preprocessing,
  encoders,
  captioners,
  tokenizers,
  layouts,
};

/** Groups whose comparisons are tests. */
const TESTS: Readonly<Record<string, string>> = {
  clustering: "test/reference/clustering.test.ts",
  starter: "src/adapters/embedder/onnx.test.ts",
  originals: "src/models/architectures/originals.test.ts",
};

interface Group {
  compared: number;
  passed: number;
  /** null: counted by tests */
  largest: number | null;
  allowed: number | null;
}

const { values } = parseArgs({ options: { only: { type: "string", multiple: true } } });
const isWanted = (name: string) => values.only === undefined || values.only.includes(name);
const known = [...Object.keys(COMPARISONS), ...Object.keys(TESTS)];
const unknown = values.only?.find((name) => !known.includes(name));
if (unknown !== undefined) throw new Error(`There is no set ${unknown}; there are ${known.join(", ")}.`);

const reference = sharedOrSkip("reference");
if (!reference.isAvailable) {
  console.log(JSON.stringify({ compared: 0, passed: 0, reason: reference.reason }));
  process.exit(1);
}

const groups = new Map<string, Group>();
for (const [name, compare] of Object.entries(COMPARISONS)) {
  if (!isWanted(name)) continue;
  for await (const comparison of compare(reference.value)) {
    const { group, what, deviation, allowed } = comparison;
    const counted = groups.get(group) ?? { compared: 0, passed: 0, largest: 0, allowed };
    groups.set(group, counted);
    counted.compared++;
    counted.largest = Math.max(counted.largest!, deviation);
    if (hasPassed(comparison)) counted.passed++;
    else console.error(`${group}: ${what}: ${deviation} is more than ${allowed}`);
  }
}
for (const [name, file] of Object.entries(TESTS))
  if (isWanted(name)) groups.set(`${name} (tests)`, await runTests(file));

console.log(
  table(
    ["group", "compared", "passed", "largest deviation", "allowed"],
    [...groups].map(([name, { compared, passed, largest, allowed }]) => [
      name,
      compared,
      passed,
      largest === null ? "" : tell(largest),
      allowed === null ? "" : tell(allowed),
    ]),
  ),
);
const sum = (key: "compared" | "passed") =>
  [...groups.values()].reduce((total, group) => total + group[key], 0);
const [compared, passed] = [sum("compared"), sum("passed")];
const largestDeviation = Object.fromEntries(
  [...groups].flatMap(([name, { largest }]) => (largest === null ? [] : [[name, largest]])),
);
console.log(JSON.stringify({ compared, passed, largestDeviation }));
process.exitCode = compared > 0 && passed === compared ? 0 : 1;

/** One comparison a test; skipped ones do not count. */
async function runTests(file: string): Promise<Group> {
  const json = await new Promise<string>((resolve) =>
    execFile("npx", ["vitest", "run", file, "--reporter=json"], { maxBuffer: 1e9 }, (_error, stdout) =>
      resolve(stdout),
    ),
  );
  const from = json.indexOf("{");
  const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(json.slice(from)) as Record<
    string,
    number
  >;
  if (failed! > 0) console.error(`${file}: ${failed} tests failed; run npx vitest run ${file}`);
  return { compared: passed! + failed!, passed: passed!, largest: null, allowed: null };
}

function tell(value: number): string {
  return value === 0 ? "0" : value.toExponential(1);
}
