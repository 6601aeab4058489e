/**
 * The cluster stage on rows such as an encoder gives for photos, in a process of its own, since peak memory is a
 * process's: `cluster-stage.ts <rows> <threads>` prints one JSON object. Then, as for a catalog too large for memory,
 * one shard of 100,000 rows is read from disk and assigned to what was found, again and again.
 */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createWardKMeans } from "../src/adapters/clusterer/ward-kmeans.ts";
import { createOnnxMatrix } from "../src/adapters/matrix/onnx.ts";
import { median } from "./report.ts";
import { drawRows } from "./unit-rows.ts";

const DIMS = 512;
const SHARD = 100_000;
const REPETITIONS = 20;

const rows = Number(process.argv[2]);
const matrix = await createOnnxMatrix({ threads: Number(process.argv[3]) });
const call = { signal: new AbortController().signal };
const vectors = drawRows("photos", rows, DIMS, 1);

const beganMs = performance.now();
const found = await createWardKMeans({ matrix }).cluster(
  { vectors, albums: null, granularity: "normal", minAlbumSize: 3, maxAlbums: null, seed: 1 },
  call,
);
const seconds = (performance.now() - beganMs) / 1000;
// ru_maxrss is in KiB on every platform Node runs on.
const peakGiB = process.resourceUsage().maxRSS / 2 ** 20;

const folder = mkdtempSync(join(tmpdir(), "albumen-bench-"));
const shardSeconds: number[] = [];
try {
  const path = join(folder, "shard.f32");
  writeFileSync(path, new Uint8Array(vectors.data.buffer, 0, 4 * SHARD * DIMS));
  const data = new Float32Array(SHARD * DIMS);
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    const startedMs = performance.now();
    const file = openSync(path, "r");
    readSync(file, new Uint8Array(data.buffer));
    closeSync(file);
    await matrix.nearest({ data, rows: SHARD, dims: DIMS }, found.centroids, call);
    shardSeconds.push((performance.now() - startedMs) / 1000);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
  await matrix.dispose();
}
process.stdout.write(
  `${JSON.stringify({ rows, seconds, peakGiB, k: found.k, shardSeconds: median(shardSeconds) })}\n`,
);
