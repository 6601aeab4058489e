/** How far a cluster's members lie from its centre, and from where on a row no longer belongs. Pure. */
import { dot, rowOf, type Vectors } from "../vectors.ts";

// 1 - cosine of a member is near enough log-normal within an album; first version, see choose.ts for what was measured.
const DEVIATIONS = 3;
// A cluster's own mean and deviation count as much as this many members of the pooled ones.
const PRIOR_MEMBERS = 5;
// Members nearer than this are near-duplicates; their logarithm would say nothing about the album's spread.
const LEAST_GAP = 0.01;

export interface Spread {
  /** per row: cosine to the centre of the *other* members of its cluster, in [-1, 1]; NaN outside and alone */
  readonly leftOut: Float32Array;
  /** per cluster: the lowest cosine to its centroid at which a row still belongs */
  readonly radius: Float32Array;
}

/**
 * A member pulls the centroid towards itself, the more the smaller the cluster, so each is measured against the
 * centre of the others: with S the sum of the members, cos(x, S - x) = (x·S - 1) / |S - x|.
 * Small clusters borrow from the pooled spread of all.
 */
export function spreadOf(vectors: Vectors, assignment: Int32Array, k: number): Spread {
  const { rows, dims } = vectors;
  const sums = new Float64Array(k * dims);
  const size = new Int32Array(k);
  for (let i = 0; i < rows; i++) {
    const c = assignment[i];
    if (c < 0) continue;
    size[c]++;
    for (let j = 0; j < dims; j++) sums[c * dims + j] += vectors.data[i * dims + j];
  }
  const leftOut = new Float32Array(rows).fill(NaN);
  const logs: number[][] = Array.from({ length: k }, () => []);
  for (let i = 0; i < rows; i++) {
    const c = assignment[i];
    if (c < 0 || size[c] < 2) continue;
    let product = 0;
    let squares = 0;
    let own = 0;
    for (let j = 0; j < dims; j++) {
      const x = vectors.data[i * dims + j];
      const rest = sums[c * dims + j] - x;
      product += x * rest;
      squares += rest * rest;
      own += x * x;
    }
    const length = Math.sqrt(squares * own);
    leftOut[i] = length > 0 ? product / length : 0;
    logs[c].push(Math.log(Math.max(LEAST_GAP, 1 - leftOut[i])));
  }
  const all = logs.filter((each) => each.length > 0);
  const pooledMean = all.length > 0 ? meanOfNumbers(all.map(meanOfNumbers)) : Math.log(0.5);
  const pooledVariance =
    all.length > 0 ? meanOfNumbers(all.flatMap((each) => squaredFrom(each, meanOfNumbers(each)))) : 0.25;
  const radius = new Float32Array(k);
  logs.forEach((each, c) => {
    const total = each.length + PRIOR_MEMBERS;
    const mean = (each.reduce((sum, x) => sum + x, 0) + PRIOR_MEMBERS * pooledMean) / total;
    const variance =
      (squaredFrom(each, mean).reduce((sum, x) => sum + x, 0) + PRIOR_MEMBERS * pooledVariance) / total;
    radius[c] = Math.max(-1, 1 - Math.exp(mean + DEVIATIONS * Math.sqrt(variance)));
  });
  return { leftOut, radius };
}

/** Cosine of each row to the centroid of its cluster; of a row in none, to the nearest. */
export function similarityTo(
  vectors: Vectors,
  assignment: Int32Array,
  centroids: Vectors,
  nearest: Float32Array,
) {
  return Float32Array.from(assignment, (c, i) =>
    c < 0 ? nearest[i] : dot(rowOf(vectors, i), rowOf(centroids, c)),
  );
}

function meanOfNumbers(numbers: readonly number[]): number {
  return numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
}

function squaredFrom(numbers: readonly number[], mean: number): number[] {
  return numbers.map((x) => (x - mean) ** 2);
}
