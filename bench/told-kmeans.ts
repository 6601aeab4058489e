/** The peer that is told the answer: spherical k-means with the true number of groups. */
import { kMeans } from "../src/core/cluster/kmeans.ts";
import { seedCentroids } from "../src/core/cluster/seed.ts";
import { createRandom } from "../src/core/random.ts";
import type { Vectors } from "../src/core/vectors.ts";
import { kernelsOf, type Matrix } from "../src/ports/matrix.ts";

const RESTARTS = 10;

/** Best of ten k-means++ starts, by total similarity. */
export async function toldKMeans(matrix: Matrix, vectors: Vectors, k: number): Promise<Int32Array> {
  const kernels = kernelsOf(matrix, { signal: new AbortController().signal });
  const random = createRandom(11);
  let best: { index: Int32Array; total: number } = { index: new Int32Array(vectors.rows), total: -Infinity };
  for (let r = 0; r < RESTARTS; r++) {
    const found = await kMeans(vectors, seedCentroids(vectors, k, random), kernels, { maxIterations: 50 });
    const { similarity } = await kernels.assign(vectors, found.centroids);
    const total = similarity.reduce((sum, s) => sum + s, 0);
    if (total > best.total) best = { index: found.index, total };
  }
  return best.index;
}
