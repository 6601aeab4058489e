/** Means of partitions, and partitions put in order. Pure. */
import { normalizeRows, takeRows, type Vectors } from "../vectors.ts";

/** The mean of each cluster's rows, labels 0..k-1 (-1: in none), summed in float64; an empty cluster's is zero. */
export function meansOf(points: Vectors, index: Int32Array, k: number): Vectors {
  const { dims } = points;
  const sums = new Float64Array(k * dims);
  const counts = new Int32Array(k);
  for (let i = 0; i < points.rows; i++) {
    const c = index[i];
    if (c < 0) continue;
    counts[c]++;
    const from = i * dims;
    const to = c * dims;
    for (let j = 0; j < dims; j++) sums[to + j] += points.data[from + j];
  }
  const means = new Float32Array(k * dims);
  for (let c = 0; c < k; c++) {
    if (counts[c] === 0) continue;
    const to = c * dims;
    const scale = 1 / counts[c];
    for (let j = 0; j < dims; j++) means[to + j] = sums[to + j] * scale;
  }
  return { data: means, rows: k, dims };
}

/** Drops clusters without rows and numbers the rest by first appearance; -1 stays -1. */
export function compact(index: Int32Array, centroids: Vectors): { index: Int32Array; centroids: Vectors } {
  const label = new Map<number, number>();
  const renumbered = index.map((c) => {
    if (c < 0) return -1;
    let at = label.get(c);
    if (at === undefined) label.set(c, (at = label.size));
    return at;
  });
  return { index: renumbered, centroids: takeRows(centroids, [...label.keys()]) };
}

/** Unit centroids of a partition with labels 0..k-1 (-1: in none). */
export function centroidsOf(points: Vectors, index: Int32Array, k: number): Vectors {
  return normalizeRows(meansOf(points, index, k));
}
