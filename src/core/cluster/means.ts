/** Means of partitions, and partitions put in order. Pure. */
import { normalize, rowOf, takeRows, type Vectors } from "../vectors.ts";

/** The mean of each cluster's rows, summed in float64; an empty cluster's row is taken from `previous`. */
export function meansOf(points: Vectors, index: Int32Array, previous: Vectors, spherical: boolean): Vectors {
  const { dims } = points;
  const sums = new Float64Array(previous.rows * dims);
  const counts = new Int32Array(previous.rows);
  for (let i = 0; i < points.rows; i++) {
    const c = index[i];
    if (c < 0) continue;
    counts[c]++;
    const from = i * dims;
    const to = c * dims;
    for (let j = 0; j < dims; j++) sums[to + j] += points.data[from + j];
  }
  const means = new Float32Array(previous.data);
  for (let c = 0; c < previous.rows; c++) {
    if (counts[c] === 0) continue;
    const to = c * dims;
    let squares = 0;
    for (let j = 0; j < dims; j++) squares += sums[to + j] * sums[to + j];
    // Rows that cancel each other out have no direction; the centroid stays.
    if (spherical && squares === 0) continue;
    const scale = spherical ? 1 / Math.sqrt(squares) : 1 / counts[c];
    for (let j = 0; j < dims; j++) means[to + j] = sums[to + j] * scale;
  }
  return { data: means, rows: previous.rows, dims };
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
  const zero = { data: new Float32Array(k * points.dims), rows: k, dims: points.dims };
  const means = meansOf(points, index, zero, false);
  for (let c = 0; c < k; c++) normalize(rowOf(means, c));
  return means;
}
