/** Is this one kind of picture, or several? Asked of the whole heap, and of each album found in it. */
import type { Random } from "../random.ts";
import { makeVectors, meanOf, normalizeRows, type Vectors } from "../vectors.ts";
import { bestCut, cutScores, neighboursIn, NEIGHBOURS_IN_ALBUM } from "./choose.ts";
import type { Kernels } from "./kernels.ts";
import { squaredDistances, wardTree } from "./linkage.ts";
import { sampleRows } from "./micro.ts";

export interface Evidence {
  /** natural logarithm of the best cut's score over that of shapeless rows alike in mean and covariance */
  readonly structure: number;
  /** mean 1 - cosine of all pairs, in [0, 2] */
  readonly spread: number;
}

// More rows make the test no surer, only slower.
const ENOUGH_ROWS = 600;
const FEWEST_ROWS = 4;
// With one draw the order of the rows decides whether a doubtful album is split.
const DRAWS = 4;
// Keeps the ratio of two scores near zero from meaning anything.
const SCORE_FLOOR = 0.01;

/**
 * Compares the best cut of these rows with the best cut of as many rows drawn from a normal distribution with the
 * same mean and covariance, which has no groups. The gap statistic's idea (Tibshirani, Walther and Hastie, J. R.
 * Statist. Soc. B 63, 2001) with the null of SigClust (Liu et al., J. Am. Statist. Assoc. 103, 2008), drawn as random
 * mixtures of the rows themselves so that no covariance matrix is needed.
 */
export async function evidenceOf(
  rows: Vectors,
  random: Random,
  kernels: Kernels,
  neighbours: number = neighboursIn(rows.rows),
): Promise<Evidence> {
  const sample = sampleRows(rows, ENOUGH_ROWS, random);
  const spread = pairSpread(sample);
  if (sample.rows < FEWEST_ROWS) return { structure: 0, spread };
  const found = await bestScore(sample, kernels, neighbours);
  let shapeless = 0;
  for (let draw = 0; draw < DRAWS; draw++)
    shapeless += Math.log(
      SCORE_FLOOR + (await bestScore(await shapelessLike(sample, random, kernels), kernels, neighbours)),
    );
  return { structure: Math.log(SCORE_FLOOR + found) - shapeless / DRAWS, spread };
}

/** Mean 1 - cosine of all pairs of unit rows, from the length of their mean. */
function pairSpread(rows: Vectors): number {
  const n = rows.rows;
  let squares = 0;
  for (const x of meanOf(rows)) squares += x * x;
  return n > 1 ? (n / (n - 1)) * (1 - squares) : 0;
}

async function bestScore(vectors: Vectors, kernels: Kernels, neighbours: number): Promise<number> {
  const n = vectors.rows;
  const gram = await kernels.multiply(vectors, vectors);
  const tree = wardTree(squaredDistances(vectors, gram), n);
  const scores = cutScores(tree, gram, new Float64Array(n).fill(1), {
    most: Math.max(2, Math.floor(n / 2)),
    neighbours,
  });
  return bestCut(scores, "normal").value;
}

/** mean + R (rows - mean) / √n with R normal: each row a random mixture, covariance as in the rows. */
async function shapelessLike(vectors: Vectors, random: Random, kernels: Kernels): Promise<Vectors> {
  const { rows: n, dims, data } = vectors;
  const mean = meanOf(vectors);
  const centred = new Float32Array(dims * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < dims; j++) centred[j * n + i] = data[i * dims + j] - mean[j];
  const mixture = Float32Array.from({ length: n * n }, () => normal(random) / Math.sqrt(n));
  const product = await kernels.multiply(
    { data: mixture, rows: n, dims: n },
    { data: centred, rows: dims, dims: n },
  );
  for (let at = 0; at < product.length; at++) product[at] += mean[at % dims];
  return normalizeRows(makeVectors(product, dims));
}

/** Box and Muller (1958), one of the pair. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

// Single kinds and mixtures of 2 to 7 kinds, bench/results/one-kind.md.
const ONE_KIND_BELOW = 0.75;
const STRUCTURE_WEIGHT = 0.3;
const ONE_KIND_STRUCTURE = 0.15;

/**
 * Whether the whole heap is one kind. Knowing how far apart unrelated photos lie in this space (`unrelated`, mean
 * 1 - cosine) makes it much surer; without, only a heap with hardly more structure than shapeless rows counts as one.
 */
export function isOneKind(evidence: Evidence, unrelated: number | null): boolean {
  if (unrelated === null) return evidence.structure < ONE_KIND_STRUCTURE;
  return evidence.spread / unrelated + STRUCTURE_WEIGHT * evidence.structure < ONE_KIND_BELOW;
}

// Local cuts take the mean error of k from 21 to 16 % on the tuning half, and the number of albums of the two largest
// long-tailed heaps from 31 and 64 to 152 and 87, of 166 kinds; bench/results/choosing-k.md.
const SPLIT_STRUCTURE = 0.7;
const SPLIT_SPREAD = 0.6;

/** Whether an album is wide for its heap and clearly structured, so that it holds several kinds. */
export async function holdsSeveralKinds(
  album: Vectors,
  heap: Evidence,
  random: Random,
  kernels: Kernels,
): Promise<boolean> {
  if (pairSpread(album) <= SPLIT_SPREAD * heap.spread) return false;
  return (await evidenceOf(album, random, kernels, NEIGHBOURS_IN_ALBUM)).structure > SPLIT_STRUCTURE;
}
