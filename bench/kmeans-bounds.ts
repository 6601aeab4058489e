/** What a pass of k-means cannot be faster than: the multiplication alone, in fp32 and in bytes, and reading the rows. */
import { byteProductGraph, multiplyGraph } from "../src/adapters/matrix/graphs.ts";
import type { Vectors } from "../src/core/vectors.ts";
import * as ort from "../src/models/onnxruntime.ts";

export interface Bounds {
  readonly fp32Ms: number;
  readonly bytesMs: number;
  readonly readMs: number;
}

// The fastest of these on each machine seen; results are written where they stay in the cache.
const FP32_BLOCKS = [1024, 4096];
const BYTE_BLOCKS = [2048, 4096];

export async function measureBounds(points: Vectors, centroids: Vectors, threads: number): Promise<Bounds> {
  const open = (graph: Uint8Array) =>
    ort.InferenceSession.create(graph, { intraOpNumThreads: threads, graphOptimizationLevel: "all" });
  const [fp32, byte] = [await open(multiplyGraph()), await open(byteProductGraph())];
  const { rows, dims } = points;
  const k = centroids.rows;
  const right = new ort.Tensor("float32", centroids.data, [k, dims]);
  const bytes = Uint8Array.from({ length: rows * dims }, (_, at) => at * 89);
  const columns = new ort.Tensor(
    "int8",
    Int8Array.from({ length: k * dims }, (_, at) => at * 53),
    [dims, k],
  );
  const middle = new ort.Tensor("uint8", Uint8Array.of(128), []);
  const floats = new Float32Array(4096 * k);
  const ints = new Int32Array(4096 * k);

  const fp32Pass = async (block: number) => {
    for (let from = 0; from < rows; from += block) {
      const count = Math.min(block, rows - from);
      const left = new ort.Tensor("float32", points.data.subarray(from * dims, (from + count) * dims), [
        count,
        dims,
      ]);
      const product = new ort.Tensor("float32", floats.subarray(0, count * k), [count, k]);
      await fp32.run({ left, right }, { product });
    }
  };
  const bytePass = async (block: number) => {
    for (let from = 0; from < rows; from += block) {
      const count = Math.min(block, rows - from);
      const left = new ort.Tensor("uint8", bytes.subarray(from * dims, (from + count) * dims), [count, dims]);
      const product = new ort.Tensor("int32", ints.subarray(0, count * k), [count, k]);
      await byte.run({ left, right: columns, middle }, { product });
    }
  };
  const target = new Float32Array(4096 * dims);
  const readPass = async () => {
    for (let at = 0; at < points.data.length; at += target.length)
      target.set(points.data.subarray(at, at + target.length));
  };
  const result = {
    fp32Ms: await leastMs(FP32_BLOCKS.map((block) => () => fp32Pass(block))),
    bytesMs: await leastMs(BYTE_BLOCKS.map((block) => () => bytePass(block))),
    readMs: await leastMs([readPass]),
  };
  await fp32.release();
  await byte.release();
  return result;
}

async function leastMs(works: readonly (() => Promise<void>)[]): Promise<number> {
  let least = Infinity;
  for (let run = 0; run < 2; run++)
    for (const work of works) {
      const beganMs = performance.now();
      await work();
      least = Math.min(least, performance.now() - beganMs);
    }
  return least;
}
