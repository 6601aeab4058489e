/** How far an album's members lie from its centre, and from where on an image no longer belongs. Pure. */
import { dot, rowOf, type Vectors } from "../vectors.ts";

export interface Spread {
  /** per row: cosine to the centre of the *other* members of its cluster, in [-1, 1]; NaN outside and alone */
  readonly leftOut: Float32Array;
  /** per cluster: mean of 1 - leftOut, drawn towards that of all clusters where members are few */
  readonly typical: Float32Array;
  /** per cluster: standard deviation of 1 - leftOut, likewise drawn */
  readonly deviation: Float32Array;
  /** per cluster: the lowest cosine to its centroid at which a single image still belongs */
  readonly radius: Float32Array;
  /** per cluster: length of the mean of its members, in [0, 1]; 1 when all are equal */
  readonly concentration: Float32Array;
}

// Beyond this many deviations lie 66 % of single images of a new kind and 3.4 % of an album's own new ones: starter
// vectors, bench/results/new-albums-tune.md.
const BEYOND = 3.3;
// As many pooled members join a cluster's own: means differ between albums more than deviations do.
const PRIOR_FOR_TYPICAL = 5;
const PRIOR_FOR_DEVIATION = 20;
// Taken where no cluster has two members, so that nothing can be measured: a wide guess, 1 - cosine.
const GUESS = { typical: 0.4, variance: 0.01 };
// Albums of near-duplicates are open to the next near-duplicate.
const LEAST_DEVIATION = 0.02;

/**
 * A member pulls the centroid towards itself, the more the smaller the cluster, so each is measured against the
 * centre of the others: with S the sum of the members, cos(x, S - x) = (x·S - 1) / |S - x|. Small clusters borrow
 * from the pooled spread of all (shrinkage: Efron and Morris, J. Am. Statist. Assoc. 70, 1975).
 */
export function spreadOf(vectors: Vectors, assignment: Int32Array, k: number): Spread {
  const { rows, dims, data } = vectors;
  const sums = new Float64Array(k * dims);
  const size = new Int32Array(k);
  for (let i = 0; i < rows; i++) {
    const c = assignment[i];
    if (c < 0) continue;
    size[c]++;
    for (let j = 0; j < dims; j++) sums[c * dims + j] += data[i * dims + j];
  }
  const leftOut = new Float32Array(rows).fill(NaN);
  const gaps: number[][] = Array.from({ length: k }, () => []);
  for (let i = 0; i < rows; i++) {
    const c = assignment[i];
    if (c < 0 || size[c] < 2) continue;
    leftOut[i] = cosineToOthers(data, i * dims, sums, c * dims, dims);
    gaps[c].push(1 - leftOut[i]);
  }
  const measured = gaps.filter((each) => each.length > 0);
  const pooled =
    measured.length > 0
      ? {
          typical: meanOfNumbers(measured.map(meanOfNumbers)),
          variance: meanOfNumbers(measured.flatMap((each) => squaresAround(each, meanOfNumbers(each)))),
        }
      : GUESS;
  const typical = Float32Array.from(gaps, (each) => shrunk(each, PRIOR_FOR_TYPICAL, pooled.typical));
  const deviation = Float32Array.from(gaps, (each, c) =>
    Math.max(
      LEAST_DEVIATION,
      Math.sqrt(shrunk(squaresAround(each, typical[c]), PRIOR_FOR_DEVIATION, pooled.variance)),
    ),
  );
  return {
    leftOut,
    typical,
    deviation,
    radius: typical.map((gap, c) => Math.max(-1, 1 - gap - BEYOND * deviation[c])),
    concentration: Float32Array.from(size, (count, c) => {
      let squares = 0;
      for (let j = 0; j < dims; j++) squares += sums[c * dims + j] ** 2;
      return count > 0 ? Math.sqrt(squares) / count : 0;
    }),
  };
}

/** Of the row at `row` to the sum at `sum` less that row; 0 where either has no direction. */
function cosineToOthers(
  data: Float32Array,
  row: number,
  sums: Float64Array,
  sum: number,
  dims: number,
): number {
  let product = 0;
  let others = 0;
  let own = 0;
  for (let j = 0; j < dims; j++) {
    const x = data[row + j];
    const rest = sums[sum + j] - x;
    product += x * rest;
    others += rest * rest;
    own += x * x;
  }
  const length = Math.sqrt(others * own);
  return length > 0 ? Math.max(-1, Math.min(1, product / length)) : 0;
}

/** Cosine of each row to the centroid of its cluster; of a row in none, to the nearest. */
export function similarityTo(
  vectors: Vectors,
  assignment: Int32Array,
  centroids: Vectors,
  nearest: Float32Array,
): Float32Array {
  return Float32Array.from(assignment, (c, i) =>
    c < 0 ? nearest[i] : dot(rowOf(vectors, i), rowOf(centroids, c)),
  );
}

/** The mean of the numbers and of `weight` more that are all `prior`. */
function shrunk(numbers: readonly number[], weight: number, prior: number): number {
  return (numbers.reduce((sum, x) => sum + x, 0) + weight * prior) / (numbers.length + weight);
}

function meanOfNumbers(numbers: readonly number[]): number {
  return numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
}

function squaresAround(numbers: readonly number[], centre: number): number[] {
  return numbers.map((x) => (x - centre) ** 2);
}
