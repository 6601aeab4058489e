/**
 * How fast Ward's tree is, next to scipy on the same rows, and whether the heights are the same.
 *
 * `npm run bench:ward -- [--save]`: --save writes bench/results/ward.md.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createOnnxMatrix } from "../src/adapters/matrix/onnx.ts";
import { squaredDistances, wardTree } from "../src/core/cluster/linkage.ts";
import { openPython, startPeers, suitableBlasKernels } from "./peers/python.ts";
import { machine, table } from "./report.ts";
import { drawRows } from "./unit-rows.ts";

const THREADS = Math.min(2, availableParallelism());
const DIMS = 512;
const SIZES = [
  { rows: 2000, rounds: 5 },
  { rows: 10_000, rounds: 2 },
];

const { values: options } = parseArgs({ options: { save: { type: "boolean", default: false } } });
const python = openPython();
if (!python.isThere) process.stdout.write(`scipy skipped: ${python.reason}.\n`);
const peers = python.isThere ? startPeers(python.path, THREADS, suitableBlasKernels()) : null;
const matrix = await createOnnxMatrix({ threads: THREADS });
const call = { signal: new AbortController().signal };
const folder = mkdtempSync(join(tmpdir(), "albumen-bench-"));

interface Figures {
  readonly rows: number;
  readonly seconds: number;
  /** of which the dot products by GEMM, and the distances from them */
  readonly gemmSeconds: number;
  readonly distanceSeconds: number;
  readonly scipySeconds: number | null;
  /** largest relative difference of a merge's height */
  readonly heightsDiffer: number | null;
}

async function measure(rows: number, rounds: number): Promise<Figures> {
  const vectors = drawRows("photos", rows, DIMS, 3);
  const path = join(folder, `${rows}.f32`);
  writeFileSync(path, new Uint8Array(vectors.data.buffer));
  let best = { seconds: Infinity, gemmSeconds: 0, distanceSeconds: 0 };
  let scipySeconds: number | null = null;
  let heightsDiffer: number | null = null;
  for (let round = 0; round < rounds; round++) {
    const times = [performance.now()];
    const gram = await matrix.multiply(vectors, vectors, call);
    times.push(performance.now());
    const squared = squaredDistances(vectors, gram);
    times.push(performance.now());
    const tree = wardTree(squared, rows);
    times.push(performance.now());
    const [gemm, distances, links] = [1, 2, 3].map((i) => (times[i] - times[i - 1]) / 1000);
    const seconds = gemm + distances + links;
    if (seconds < best.seconds) best = { seconds, gemmSeconds: gemm, distanceSeconds: distances };
    if (!peers) continue;
    const scipy = await peers.ask<{ seconds: number; heights: number[] }>({
      task: "ward",
      points: path,
      dims: DIMS,
    });
    scipySeconds = Math.min(scipySeconds ?? Infinity, scipy.seconds);
    heightsDiffer = scipy.heights.reduce(
      (worst, height, s) => Math.max(worst, Math.abs(tree.height[s] - height) / height),
      0,
    );
  }
  return { rows, ...best, scipySeconds, heightsDiffer };
}

const figures: Figures[] = [];
try {
  for (const { rows, rounds } of SIZES) figures.push(await measure(rows, rounds));
} finally {
  peers?.close();
  rmSync(folder, { recursive: true, force: true });
  await matrix.dispose();
}
const head = ["rows", "seconds", "GEMM", "distances", "links", "scipy", "heights differ by at most"];
const text = table(
  head,
  figures.map((each) => [
    each.rows,
    each.seconds.toFixed(2),
    each.gemmSeconds.toFixed(2),
    each.distanceSeconds.toFixed(2),
    (each.seconds - each.gemmSeconds - each.distanceSeconds).toFixed(2),
    each.scipySeconds?.toFixed(2) ?? "skipped",
    each.heightsDiffer?.toExponential(1) ?? "",
  ]),
);
const report = `# Ward's tree\n\nUnit rows of ${DIMS}, ${THREADS} threads, seconds: the least of the rounds.\n\n${text}\n\nMachine: ${JSON.stringify(machine())}.\n`;
process.stdout.write(report);
process.stdout.write(`${JSON.stringify({ bench: "ward", dims: DIMS, figures, machine: machine() })}\n`);
if (options.save) writeFileSync(new URL("results/ward.md", import.meta.url), report);
