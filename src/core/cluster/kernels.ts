/** The heavy arithmetic that clustering needs and does not do itself. */
import type { Neighbours, Vectors } from "../vectors.ts";

/** For each row of `points`, its nearest centroid and the cosine to it; ties to the lowest index. */
export type Assign = (
  points: Vectors,
  centroids: Vectors,
) => Promise<{ index: Int32Array; similarity: Float32Array }>;

export interface Kernels {
  readonly assign: Assign;
  /** all dot products: entry (i, j) at `[i * b.rows + j]` */
  multiply(a: Vectors, b: Vectors): Promise<Float32Array>;
  /** the k nearest rows of `base`, best first, in float32; ties to the lowest index */
  topK(queries: Vectors, base: Vectors, k: number): Promise<Neighbours>;
  /** A cheaper, coarser comparison of the same points with ever other centroids, so many; null: there is none. */
  screen(points: Vectors, centroids: number): Promise<Screen | null>;
}

export interface Screen {
  /** rows of one comparison, at most */
  readonly maxRows: number;
  /** The coming comparisons are with these centroids. */
  against(centroids: Vectors): ScreenRound;
}

export interface ScreenRound {
  /**
   * Scores rows of the points with all centroids.
   * @param rows ascending, 1 to `maxRows` of them
   * @param into room for 1.5 times the rows times the centroids; row i's scores come in a piece, see `RowScores`
   */
  score(rows: Int32Array, into: Int32Array): Promise<RowScores>;
}

export interface RowScores {
  /** where in `into` the scores of the i-th row begin */
  startOf(i: number): number;
  /** what 1 is worth in the i-th row's scores */
  worthOf(i: number): number;
  /** the i-th row's true score with any centroid lies this close to the computed one, or closer */
  errorOf(i: number): number;
}
