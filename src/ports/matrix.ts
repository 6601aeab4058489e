/** GEMM-shaped work, done by ONNX Runtime on CPU or GPU. */
import type { Kernels, Screen } from "../core/cluster/kernels.ts";
import type { Neighbours, Vectors } from "../core/vectors.ts";
import type { Call } from "./call.ts";

export interface Matrix {
  /**
   * For each row of `points`, the index of and the cosine to its nearest row of `centroids`.
   * Equal similarities go to the lowest index. Same dims, else `VECTORS_INVALID`.
   */
  nearest(
    points: Vectors,
    centroids: Vectors,
    call: Call,
  ): Promise<{ index: Int32Array; similarity: Float32Array }>;
  /** The k nearest rows of `base`, best first; k is cut to base.rows. Ties go to the lowest index. */
  topK(queries: Vectors, base: Vectors, k: number, call: Call): Promise<Neighbours>;
  /** All dot products: entry (i, j) at `[i * b.rows + j]`. The caller sees to it that it fits into memory. */
  multiply(a: Vectors, b: Vectors, call: Call): Promise<Float32Array>;
  /**
   * A cheaper, coarser comparison of the same points (unit rows) with ever other centroids, so many, as k-means needs
   * it; aborted by `call`, too. null: this backend has none, or it would not pay with so few.
   */
  screen(points: Vectors, centroids: number, call: Call): Promise<Screen | null>;
  dispose(): Promise<void>;
}

/** What the core's clustering asks for, done by this port under one call's signal. */
export function kernelsOf(matrix: Matrix, call: Call): Kernels {
  // The progress of one multiplication says nothing about the whole, so only the signal is passed on.
  const quiet: Call = { signal: call.signal };
  return {
    assign: (points, centroids) => matrix.nearest(points, centroids, quiet),
    multiply: (a, b) => matrix.multiply(a, b, quiet),
    topK: (queries, base, k) => matrix.topK(queries, base, k, quiet),
    screen: (points, centroids) => matrix.screen(points, centroids, quiet),
  };
}
