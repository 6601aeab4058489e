/** Lloyd's iteration as it is defined, round by round over all rows: what `kMeans` is held against. */
import { meansOf } from "../../src/core/cluster/means.ts";
import type { Assign } from "../../src/core/cluster/kernels.ts";
import type { Vectors } from "../../src/core/vectors.ts";

export interface LloydOptions {
  readonly assign: Assign;
  /** rounds of assignment at most, >= 1 */
  readonly maxIterations: number;
  /** true: centroids are scaled to unit length */
  readonly spherical: boolean;
}

export async function lloyd(points: Vectors, start: Vectors, options: LloydOptions) {
  let centroids = start;
  let found = await options.assign(points, centroids);
  let iterations = 1;
  let converged = false;
  while (!converged && iterations < options.maxIterations) {
    centroids = meansOf(points, found.index, centroids, options.spherical);
    const next = await options.assign(points, centroids);
    iterations++;
    converged = next.index.every((c, i) => c === found.index[i]);
    found = next;
  }
  return { centroids, ...found, iterations, converged };
}
