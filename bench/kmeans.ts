/**
 * How fast k-means is, next to faiss-cpu and scikit-learn on the same rows from the same start, and what bounds it.
 *
 * `npm run bench:kmeans -- [--rows N] [--rounds N] [--threads N] [--large] [--save]`: --large adds the cluster stage at 100,000 and
 * 1,000,000 rows and the projection to 10,000,000; --save writes bench/results/kmeans.md.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { createOnnxMatrix } from "../src/adapters/matrix/onnx.ts";
import { kMeans, type KMeansResult } from "../src/core/cluster/kmeans.ts";
import { sampleRows } from "../src/core/cluster/micro.ts";
import { createRandom } from "../src/core/random.ts";
import { kernelsOf } from "../src/ports/matrix.ts";
import { lloyd } from "../test/support/lloyd.ts";
import { measureBounds, type Bounds } from "./kmeans-bounds.ts";
import { emptyProfile, profiled, profileRows, sampledShares, type Profile } from "./kmeans-profile.ts";
import { openPython, startPeers, suitableBlasKernels, type Peers } from "./peers/python.ts";
import { machine, median, table } from "./report.ts";
import { drawRows, type RowKind } from "./unit-rows.ts";

const DIMS = 512;
const K = 256;
const ITERATIONS = 20;
const RESULTS = new URL("results/kmeans.md", import.meta.url);
// Worker threads of either side keep spinning for a while after their last work.
const REST_MS = 300;

const { values: options } = parseArgs({
  options: {
    rows: { type: "string", default: "100000" },
    rounds: { type: "string", default: "5" },
    threads: { type: "string", default: String(Math.min(2, availableParallelism())) },
    large: { type: "boolean", default: false },
    save: { type: "boolean", default: false },
  },
});
const rows = Number(options.rows);
const rounds = Number(options.rounds);
const THREADS = Number(options.threads);

const lines: string[] = [];
const say = (text = "") => {
  lines.push(text);
  process.stdout.write(`${text}\n`);
};

interface Timed {
  readonly name: string;
  readonly isExact: boolean;
  /** one entry a round */
  readonly msPerPass: number[];
  /** of all threads, waiting ones that spin among them */
  readonly processorMsPerPass: number[];
  inertia: number;
}

const python = openPython();
const teams: Peers[] = [];
if (python.isThere) {
  const suitable = suitableBlasKernels();
  for (const kernels of suitable === null ? [null] : [null, suitable])
    teams.push(startPeers(python.path, THREADS, kernels));
} else say(`Peers skipped: ${python.reason}.`);
const about = teams[0] ? await teams[0].ask<Record<string, unknown>>({ task: "about" }) : null;

const matrix = await createOnnxMatrix({ threads: THREADS });
const kernels = kernelsOf(matrix, { signal: new AbortController().signal });
const scratch = mkdtempSync(join(tmpdir(), "albumen-bench-"));
const figures: Record<string, unknown> = {};

say("# k-means");
say();
say(
  `${rows} unit rows of ${DIMS}, ${K} centroids, ${ITERATIONS} iterations from the same start, ${THREADS} threads each; ` +
    `${rounds} interleaved rounds. Milliseconds a pass over the rows: the least of the rounds, and the middle one; and the processor time of all threads, the least.`,
);
say();
say(
  `Machine: ${JSON.stringify(machine())}; processes that wanted to run when this began: ${loadavg()[0].toFixed(1)}. ` +
    `Peers: ${JSON.stringify(about)}.`,
);
try {
  for (const kind of ["photos", "noise"] as const) figures[kind] = await compare(kind);
} finally {
  for (const team of teams) team.close();
  rmSync(scratch, { recursive: true, force: true });
  await matrix.dispose();
}
if (options.large) figures["large"] = measureLarge();
say(JSON.stringify({ bench: "kmeans", rows, dims: DIMS, k: K, ...figures, machine: machine() }));
if (options.save) writeFileSync(RESULTS, `${lines.slice(0, -1).join("\n")}\n`);

async function compare(kind: RowKind) {
  say();
  say(
    `## ${kind === "photos" ? "Rows such as an encoder gives for photos" : "Random directions: nothing to find"}`,
  );
  say();
  const points = drawRows(kind, rows, DIMS, 1);
  const start = sampleRows(points, K, createRandom(2));
  const [pointsFile, startFile] = [join(scratch, `${kind}.f32`), join(scratch, `${kind}-start.f32`)];
  writeFileSync(pointsFile, new Uint8Array(points.data.buffer));
  writeFileSync(startFile, new Uint8Array(start.data.buffer));
  const request = { points: pointsFile, start: startFile, dims: DIMS, iterations: ITERATIONS };

  const ours: Timed = { name: "Albumen", isExact: true, msPerPass: [], processorMsPerPass: [], inertia: 0 };
  const plain: Timed = {
    name: "plain Lloyd on ONNX Runtime fp32",
    isExact: true,
    msPerPass: [],
    processorMsPerPass: [],
    inertia: 0,
  };
  const peers = teams.flatMap((team) =>
    (["faiss", "lloyd", "minibatch"] as const).map((peer) => ({
      peer,
      team,
      timed: {
        name: `${peer === "faiss" ? "faiss-cpu Kmeans" : peer === "lloyd" ? "scikit-learn KMeans" : "scikit-learn MiniBatchKMeans"}${team.blasKernels ? `, OPENBLAS_CORETYPE=${team.blasKernels}` : ""}`,
        isExact: peer !== "minibatch",
        msPerPass: [] as number[],
        processorMsPerPass: [] as number[],
        inertia: 0,
      } satisfies Timed as Timed,
    })),
  );
  const bounds: Bounds[] = [];
  let found: KMeansResult | null = null;
  let plainIndex: Int32Array = new Int32Array(0);
  const profiles: Profile[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const { peer, team, timed } of peers) {
      // Not exact and not in the comparison: once is enough.
      if (!timed.isExact && round > 0) continue;
      const answer = await team.ask<{ seconds: number; processor: number; passes: number; inertia: number }>({
        task: "kmeans",
        peer,
        ...request,
      });
      timed.msPerPass.push((1000 * answer.seconds) / answer.passes);
      timed.processorMsPerPass.push((1000 * answer.processor) / answer.passes);
      timed.inertia = answer.inertia;
      await sleep(REST_MS);
    }
    const profile = emptyProfile();
    const beganMs = performance.now();
    const processorBegan = process.cpuUsage();
    found = await kMeans(points, start, profiled(kernels, profile), { maxIterations: ITERATIONS });
    profile.total = performance.now() - beganMs;
    profiles.push(profile);
    ours.processorMsPerPass.push(processorMs(processorBegan) / found.iterations);
    ours.msPerPass.push(profile.total / found.iterations);
    await sleep(REST_MS);
    const plainBeganMs = performance.now();
    const plainProcessorBegan = process.cpuUsage();
    const slow = await lloyd(points, start, {
      assign: kernels.assign,
      maxIterations: ITERATIONS,
      spherical: true,
    });
    plain.msPerPass.push((performance.now() - plainBeganMs) / slow.iterations);
    plain.processorMsPerPass.push(processorMs(plainProcessorBegan) / slow.iterations);
    plainIndex = slow.index;
    plain.inertia = inertiaOf(slow.similarity);
    await sleep(REST_MS);
    bounds.push(await measureBounds(points, start, THREADS));
  }
  const { similarity } = await kernels.assign(points, found!.centroids);
  ours.inertia = inertiaOf(similarity);
  const differ = found!.index.reduce((count, c, row) => count + (c === plainIndex[row] ? 0 : 1), 0);

  const all = [ours, plain, ...peers.map(({ timed }) => timed)];
  const exactPeers = peers.map(({ timed }) => timed).filter((timed) => timed.isExact);
  const least = (timed: Timed) => Math.min(...timed.msPerPass);
  say(
    table(
      ["", "ms a pass, least", "middle", "Albumen is faster by", "processor ms", "inertia (mean 1 - cosine)"],
      all.map((timed) => [
        timed.name + (timed.isExact ? "" : " (not exact)"),
        least(timed).toFixed(1),
        median(timed.msPerPass).toFixed(1),
        timed === ours
          ? ""
          : `${(least(timed) / least(ours)).toFixed(2)}, ${(median(timed.msPerPass) / median(ours.msPerPass)).toFixed(2)}`,
        Math.min(...timed.processorMsPerPass).toFixed(1),
        timed.inertia.toFixed(5),
      ]),
    ),
  );
  say();
  const { coarse, fine } = found!.compared;
  say(
    `Labels that differ from plain Lloyd's: ${differ} of ${rows}. Rows looked at: ` +
      `${percent(coarse / (rows * found!.iterations))} in bytes, ${percent(fine / (rows * found!.iterations))} in fp32 by GEMM (ties).`,
  );
  say();
  const best = profiles.reduce((a, b) => (b.total < a.total ? b : a));
  say("Where the time goes (the fastest round):");
  say();
  say(
    table(
      ["", "ms an iteration", "share"],
      profileRows(best).map(([name, ms]) => [
        name,
        (ms / found!.iterations).toFixed(1),
        percent(ms / best.total),
      ]),
    ),
  );
  say();
  say(
    `The last line by function, sampled in one more run: ${await sampledShares(() => kMeans(points, start, kernels, { maxIterations: ITERATIONS }))}.`,
  );
  say();
  const bound = {
    fp32: Math.min(...bounds.map((each) => each.fp32Ms)),
    bytes: Math.min(...bounds.map((each) => each.bytesMs)),
    read: Math.min(...bounds.map((each) => each.readMs)),
  };
  const flops = 2 * rows * DIMS * K;
  const rate = (ms: number) => `${(flops / ms / 1e6).toFixed(0)} G/s`;
  say(
    "What bounds a pass on this machine (the least of the rounds; a multiplication and an addition are two operations):",
  );
  say();
  say(
    table(
      ["", "ms", "operations"],
      [
        ["fp32 GEMM alone, ONNX Runtime", bound.fp32.toFixed(1), rate(bound.fp32)],
        ["byte GEMM alone, ONNX Runtime", bound.bytes.toFixed(1), rate(bound.bytes)],
        ["reading the rows once, one thread", bound.read.toFixed(1), ""],
        ["Albumen, as if it scored every pair", least(ours).toFixed(1), rate(least(ours))],
      ],
    ),
  );
  say();
  say(`Share of the machine's fp32 GEMM rate: ${percent(bound.fp32 / least(ours))}.`);
  return {
    msPerPass: Object.fromEntries(
      all.map((timed) => [
        timed.name,
        {
          least: least(timed),
          middle: median(timed.msPerPass),
          processor: Math.min(...timed.processorMsPerPass),
        },
      ]),
    ),
    fasterThanFastestExactPeer:
      exactPeers.length > 0 ? Math.min(...exactPeers.map(least)) / least(ours) : null,
    inertiaOverBestExactPeer:
      exactPeers.length > 0 ? ours.inertia / Math.min(...exactPeers.map((timed) => timed.inertia)) : null,
    labelsThatDiffer: differ,
    shareOfGemmRate: bound.fp32 / least(ours),
    bound,
  };
}

/** Each size in a process of its own, since peak memory is a process's. */
function measureLarge() {
  const script = new URL("cluster-stage.ts", import.meta.url).pathname;
  const run = (rowsWanted: number): Stage =>
    JSON.parse(
      execFileSync(process.execPath, ["--import", "tsx", script, String(rowsWanted), String(THREADS)], {
        stdio: ["ignore", "pipe", "inherit"],
      }).toString(),
    ) as Stage;
  const [small, large] = [run(100_000), run(1_000_000)];
  say();
  say("## The cluster stage as a whole (ward+kmeans, number of albums not told)");
  say();
  say(
    table(
      ["rows", "seconds", "times that of 100,000", "albums", "peak RSS, GiB"],
      [small, large].map((each) => [
        each.rows,
        each.seconds.toFixed(1),
        (each.seconds / small.seconds).toFixed(1),
        each.k,
        each.peakGiB.toFixed(2),
      ]),
    ),
  );
  const tenMillion = large.seconds + (9_000_000 / 100_000) * large.shardSeconds;
  say();
  say(
    `10,000,000 rows, projected: 1,000,000 clustered, the other 9,000,000 read from disk in shards of 100,000 and ` +
      `assigned. One shard, repeated, takes ${large.shardSeconds.toFixed(2)} s, so ${(tenMillion / 60).toFixed(1)} minutes in all.`,
  );
  return { small, large, tenMillionSeconds: tenMillion };
}

interface Stage {
  readonly rows: number;
  readonly seconds: number;
  /** read from disk and assigned, 100,000 rows: middle of the repetitions */
  readonly shardSeconds: number;
  readonly peakGiB: number;
  readonly k: number;
}

function processorMs(began: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1000;
}

function inertiaOf(similarity: Float32Array): number {
  return similarity.reduce((sum, s) => sum + (1 - s), 0) / similarity.length;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.01 ? 2 : 0)} %`;
}
