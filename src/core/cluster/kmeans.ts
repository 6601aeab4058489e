/** k-means over unit vectors. Pure; whoever calls it brings the multiplication. */
import type { Random } from "../random.ts";
import { dot, normalize, rowOf, takeRows, type Vectors } from "../vectors.ts";

/** For each row of `points`, its nearest centroid and the cosine to it; ties to the lowest index. */
export type Assign = (
  points: Vectors,
  centroids: Vectors,
) => Promise<{ index: Int32Array; similarity: Float32Array }>;

export interface KMeansOptions {
  readonly assign: Assign;
  /** rounds of assignment at most, >= 1 */
  readonly maxIterations: number;
  /** true (default): centroids are scaled to unit length, so that this is spherical k-means */
  readonly spherical?: boolean;
}

export interface KMeansResult {
  /** centroids of the last assignment: what `index` and `similarity` refer to */
  readonly centroids: Vectors;
  readonly index: Int32Array;
  /** cosine of each row to its centroid */
  readonly similarity: Float32Array;
  readonly iterations: number;
  /** true when the last round moved nothing */
  readonly converged: boolean;
}

/**
 * Lloyd's iteration from given centroids; spherical as in Dhillon and Modha, Machine Learning 42 (2001).
 * A centroid that no row is nearest to stays where it is (and may win rows later); the caller drops it at the end.
 */
export async function kMeans(points: Vectors, start: Vectors, options: KMeansOptions): Promise<KMeansResult> {
  const spherical = options.spherical ?? true;
  let centroids = start;
  let found = await options.assign(points, centroids);
  let iterations = 1;
  let converged = false;
  while (!converged && iterations < options.maxIterations) {
    const moved = meansOf(points, found.index, centroids, spherical);
    const next = await options.assign(points, moved);
    iterations++;
    converged = next.index.every((c, i) => c === found.index[i]);
    centroids = moved;
    found = next;
  }
  return { centroids, ...found, iterations, converged };
}

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

/**
 * k starting centroids, far apart: k-means++ (Arthur and Vassilvitskii, SODA 2007) on 1 - cosine, which is half the
 * squared distance of unit rows. Stops early when every row equals a chosen one, so at most k rows come back.
 */
export function seedCentroids(points: Vectors, k: number, random: Random): Vectors {
  if (points.rows === 0 || k < 1) return takeRows(points, []);
  const chosen = [random.int(points.rows)];
  const gap = new Float64Array(points.rows).fill(Infinity);
  while (chosen.length < k) {
    const last = rowOf(points, chosen[chosen.length - 1]);
    let total = 0;
    for (let i = 0; i < points.rows; i++) {
      if (gap[i] > 0) gap[i] = Math.min(gap[i], roundedGap(dot(rowOf(points, i), last)));
      total += gap[i];
    }
    if (total === 0) break;
    let left = random.next() * total;
    let pick = -1;
    for (let i = 0; i < points.rows && left >= 0; i++) {
      if (gap[i] === 0) continue;
      pick = i;
      left -= gap[i];
    }
    chosen.push(pick);
  }
  return takeRows(points, chosen);
}

/** Float32 rows that are equal have a cosine of 1 give or take 1e-7; they are no distance apart. */
function roundedGap(cosine: number): number {
  const gap = 1 - cosine;
  return gap < 1e-6 ? 0 : gap;
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
