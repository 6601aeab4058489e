/** Stands for many rows by fewer, so that a hierarchy over them is affordable. */
import type { Random } from "../random.ts";
import { takeRows, type Vectors } from "../vectors.ts";
import type { Kernels } from "./kernels.ts";
import { kMeans } from "./kmeans.ts";
import { meansOf } from "./means.ts";

/** What the hierarchy is built over. */
export interface Leaves {
  /** means of the rows each leaf stands for, not scaled to unit length */
  readonly means: Vectors;
  /** rows each leaf stands for, of `sample` */
  readonly weights: Float64Array;
  /** the rows that were looked at: all of them, or a seeded sample */
  readonly sample: Vectors;
  /** leaf of each row of `sample` */
  readonly leafOf: Int32Array;
  /** rows of `sample` that each leaf stands for, ascending */
  readonly rowsOf: readonly Int32Array[];
}

/** Up to here each row is its own leaf: distances of 4,096 rows take 134 MB. */
const MOST_LEAVES = 4096;
const FEWEST_MICRO = 2048;
const SAMPLE_PER_MICRO = 32;
const ROUNDS = 6;

/**
 * Micro-clusters: m = 4 √n of them, within [2048, 4096], found by k-means on a sample of at most 32 m rows. Their
 * number and the sample both grow like √n, so the cost of this step grows like n.
 */
export async function leavesOf(vectors: Vectors, random: Random, kernels: Kernels): Promise<Leaves> {
  const n = vectors.rows;
  if (n <= MOST_LEAVES) {
    const leafOf = Int32Array.from({ length: n }, (_, i) => i);
    return {
      means: vectors,
      weights: new Float64Array(n).fill(1),
      sample: vectors,
      leafOf,
      rowsOf: rowsByLeaf(leafOf, n),
    };
  }
  const micro = Math.min(MOST_LEAVES, Math.max(FEWEST_MICRO, Math.round(4 * Math.sqrt(n))));
  const sample = sampleRows(vectors, micro * SAMPLE_PER_MICRO, random);
  const start = sampleRows(sample, micro, random);
  const { index } = await kMeans(sample, start, kernels, { maxIterations: ROUNDS });
  const means = meansOf(sample, index, micro);
  const weights = new Float64Array(micro);
  for (const c of index) weights[c]++;
  const kept = Int32Array.from(weights.keys()).filter((c) => weights[c] > 0);
  const leaf = new Int32Array(micro).fill(-1);
  kept.forEach((c, at) => (leaf[c] = at));
  const leafOf = index.map((c) => leaf[c]);
  return {
    means: takeRows(means, kept),
    weights: Float64Array.from(kept, (c) => weights[c]),
    sample,
    leafOf,
    rowsOf: rowsByLeaf(leafOf, kept.length),
  };
}

function rowsByLeaf(leafOf: Int32Array, leaves: number): Int32Array[] {
  const end = new Int32Array(leaves + 1);
  for (const leaf of leafOf) end[leaf + 1]++;
  for (let leaf = 0; leaf < leaves; leaf++) end[leaf + 1] += end[leaf];
  const at = end.slice();
  const rows = new Int32Array(leafOf.length);
  leafOf.forEach((leaf, row) => (rows[at[leaf]++] = row));
  return Array.from({ length: leaves }, (_, leaf) => rows.subarray(end[leaf], end[leaf + 1]));
}

/** `count` rows without repetition in ascending order, or the vectors themselves when there are no more. */
export function sampleRows(vectors: Vectors, count: number, random: Random): Vectors {
  const n = vectors.rows;
  if (count >= n) return vectors;
  // Selection sampling: Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S.
  const rows = new Int32Array(count);
  let taken = 0;
  for (let i = 0; taken < count; i++) if (random.next() * (n - i) < count - taken) rows[taken++] = i;
  return takeRows(vectors, rows);
}
