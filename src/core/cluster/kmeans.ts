/** Spherical k-means that does no more work than its result needs. Pure but for the kernels it is given. */
import type { Vectors } from "../vectors.ts";
import type { Kernels, Screen } from "./kernels.ts";
import { createKMeansMemory } from "./kmeans-memory.ts";
import { rowBlock } from "./row-blocks.ts";

export interface KMeansOptions {
  /** rounds of assignment at most, >= 1 */
  readonly maxIterations: number;
}

export interface KMeansResult {
  /** centroids of the last assignment: what `index` refers to */
  readonly centroids: Vectors;
  readonly index: Int32Array;
  readonly iterations: number;
  /** true when the last round moved nothing */
  readonly converged: boolean;
  /** row comparisons with all centroids in each precision; plain Lloyd makes rows × iterations fine ones */
  readonly compared: { readonly coarse: number; readonly fine: number };
}

// Rows are unit rows but for rounding; the bounds hold for any row up to this length.
const LONGEST_ROW = 1.001;
const FINE_ROWS = 1024;

/**
 * Lloyd's iteration from given centroids; spherical as in Dhillon and Modha, Machine Learning 42 (2001). A centroid that
 * no row is nearest to stays where it is (and may win rows later); the caller drops it at the end.
 *
 * The labels are those of the plain iteration, which compares each row with each centroid in float32 in each round:
 * what is within rounding is compared in the plain way. Three observations save most of the work:
 *
 * 1. Each row keeps a *lead*: its own centroid scores higher than any other by so much, at least. When a centroid c
 *    becomes c', a unit row's score with it changes by |x·(c' - c)| <= |c' - c|, so after a round the lead shrank by the
 *    own centroid's drift plus the largest of the others at most. While it is above 0, the label stands and the row is
 *    not looked at (G. Hamerly, Making k-means even faster, SDM 2010).
 * 2. Other rows are compared in bytes, where the machine does that faster (`Screen`). Coarse scores carry a proven
 *    error; each centroid that could still be nearest within it is scored in float32 (`decide`).
 * 3. Sums of members are kept, and only rows that change clusters are added and taken away.
 *
 * All float32 scores are off by ε = γ_d |x||c| at most, γ_d = d u / (1 - d u), u = 2⁻²⁴, whatever the order of summation
 * (N. Higham, Accuracy and Stability of Numerical Algorithms, 3.1). A difference of two is off by 2 ε here and by 2 ε in
 * the plain iteration, so what is decided without looking must hold by 4 ε, the slack.
 */
export async function kMeans(
  points: Vectors,
  start: Vectors,
  kernels: Kernels,
  options: KMeansOptions,
): Promise<KMeansResult> {
  const n = points.rows;
  const slack = 4 * LONGEST_ROW * roundingOfDots(points.dims);
  const label = new Int32Array(n).fill(-1);
  const lead = new Float64Array(n);
  const screen = await kernels.screen(points, start.rows);
  const memory = createKMeansMemory(points, start, { slack, blockRows: screen?.maxRows ?? FINE_ROWS });
  const compared = { coarse: 0, fine: 0 };
  let moves = 0;

  /** The i-th row of those staged. */
  const settle = (row: number, i: number, to: number, by: number): void => {
    lead[row] = by;
    if (label[row] === to) return;
    memory.move(i, label[row], to);
    label[row] = to;
    moves++;
  };

  /** Returns the rows whose nearest centroids lie within rounding. */
  const compareCoarsely = async (rows: Int32Array, screen: Screen): Promise<Int32Array> => {
    const round = screen.against(memory.centroids);
    const ties: number[] = [];
    for (const block of blocksOf(rows, screen.maxRows)) {
      const coarse = await round.score(block, memory.scores);
      memory.stage(block);
      const nearest = memory.decide(coarse, (i) => Math.max(0, label[block[i]]));
      for (let i = 0; i < block.length; i++) {
        if (nearest.lead[i] > 0) settle(block[i], i, nearest.label[i], nearest.lead[i]);
        else ties.push(block[i]);
      }
    }
    compared.coarse += rows.length;
    return Int32Array.from(ties);
  };

  const compareFinely = async (rows: Int32Array): Promise<void> => {
    const { data, dims } = points;
    for (const block of blocksOf(rows, FINE_ROWS)) {
      const { data: left, rows: count, positionOf } = rowBlock(data, dims, block);
      const found = await kernels.topK({ data: left, rows: count, dims }, memory.centroids, 2);
      memory.stage(block);
      block.forEach((row, i) => {
        const at = positionOf(i) * found.k;
        const second = found.k > 1 ? found.similarity[at + 1] : -Infinity;
        settle(row, i, found.index[at], found.similarity[at] - second - slack);
      });
    }
    compared.fine += rows.length;
  };

  const compare = async (rows: Int32Array): Promise<void> =>
    compareFinely(screen ? await compareCoarsely(rows, screen) : rows);

  await compare(Int32Array.from({ length: n }, (_, row) => row));
  let iterations = 1;
  let converged = false;
  while (!converged && iterations < options.maxIterations) {
    const drift = memory.step().map((distance) => distance * LONGEST_ROW);
    const farthest = twoLargest(drift);
    const contested = new Int32Array(n);
    let count = 0;
    for (let row = 0; row < n; row++) {
      const own = label[row];
      lead[row] -= drift[own] + (own === farthest.at ? farthest.second : farthest.first);
      if (lead[row] <= 0) contested[count++] = row;
    }
    moves = 0;
    await compare(contested.subarray(0, count));
    iterations++;
    converged = moves === 0;
  }
  return { centroids: memory.centroids, index: label, iterations, converged, compared };
}

function blocksOf(rows: Int32Array, size: number): Int32Array[] {
  const blocks: Int32Array[] = [];
  for (let from = 0; from < rows.length; from += size) blocks.push(rows.subarray(from, from + size));
  return blocks;
}

/** How far a float32 dot product of two unit rows may be from the true one, in any order of summation. */
function roundingOfDots(dims: number): number {
  const rounding = dims * 2 ** -24;
  return rounding / (1 - rounding);
}

/** The two largest entries, and where the first of them is. */
function twoLargest(values: Float64Array): { at: number; first: number; second: number } {
  let at = -1;
  let first = 0;
  let second = 0;
  values.forEach((value, i) => {
    if (value > first) {
      second = first;
      first = value;
      at = i;
    } else if (value > second) second = value;
  });
  return { at, first, second };
}
