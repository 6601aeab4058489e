/** Lloyd's iteration as it is defined, round by round over all rows: what `kMeans` is held against. */
import type { Assign } from "../../src/core/cluster/kernels.ts";
import type { Vectors } from "../../src/core/vectors.ts";

export interface LloydOptions {
  readonly assign: Assign;
  /** rounds of assignment at most, >= 1 */
  readonly maxIterations: number;
  /** true: centroids are scaled to unit length */
  readonly spherical: boolean;
}

export async function lloyd(points: Vectors, start: Vectors, options: LloydOptions) {
  let centroids = start;
  let found = await options.assign(points, centroids);
  let iterations = 1;
  let converged = false;
  while (!converged && iterations < options.maxIterations) {
    centroids = nextCentroids(points, found.index, centroids, options.spherical);
    const next = await options.assign(points, centroids);
    iterations++;
    converged = next.index.every((c, i) => c === found.index[i]);
    found = next;
  }
  return { centroids, ...found, iterations, converged };
}

/** The mean of each cluster's rows, summed in float64; a cluster without rows, or without a direction, stays. */
export function nextCentroids(
  points: Vectors,
  index: Int32Array,
  previous: Vectors,
  spherical: boolean,
): Vectors {
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
