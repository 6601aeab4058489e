/** The heavy arithmetic that clustering needs and does not do itself. */
import type { Vectors } from "../vectors.ts";
import type { Assign } from "./kmeans.ts";

export interface Kernels {
  readonly assign: Assign;
  /** all dot products: entry (i, j) at `[i * b.rows + j]` */
  multiply(a: Vectors, b: Vectors): Promise<Float32Array>;
}
