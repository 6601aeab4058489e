/** GEMM-shaped work, done by ONNX Runtime on CPU or GPU. */
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
  dispose(): Promise<void>;
}
