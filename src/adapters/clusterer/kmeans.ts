/** The clusterer for those who know the number of albums: spherical k-means with restarts on the Matrix port. */
import { AlbumenError } from "../../errors.ts";
import { finishGrouping } from "../../core/cluster/finish.ts";
import { kMeans, seedCentroids, type KMeansResult } from "../../core/cluster/kmeans.ts";
import { sampleRows } from "../../core/cluster/micro.ts";
import { createRandom } from "../../core/random.ts";
import type { Clusterer } from "../../ports/clusterer.ts";
import { kernelsOf, type Matrix } from "../../ports/matrix.ts";
import { checkRequest, emptyClustering } from "./request.ts";

const RESTARTS = 5;
const MAX_ITERATIONS = 25;
// Restarts compete on a sample; only the best one goes on with all rows.
const SAMPLE_PER_ALBUM = 256;
const SMALLEST_SAMPLE = 4096;

/** Needs `albums`. Fewer come back where rows are fewer, or equal, or albums fall under the smallest size. */
export function createKMeans({ matrix }: { readonly matrix: Matrix }): Clusterer {
  return {
    id: "kmeans",
    async cluster(request, call) {
      checkRequest(request);
      const wanted = request.albums;
      if (wanted === null)
        throw new AlbumenError(
          "CLUSTERING_INVALID",
          "The kmeans clusterer has to be told the number of albums.",
          {
            hint: "Say how many albums, or use the clusterer ward+kmeans.",
          },
        );
      const { vectors } = request;
      if (vectors.rows === 0) return emptyClustering(request, "kmeans");
      const { assign } = kernelsOf(matrix, call);
      const k = Math.min(wanted, request.maxAlbums ?? wanted, vectors.rows);
      const random = createRandom(request.seed);
      const sample = sampleRows(vectors, Math.max(SMALLEST_SAMPLE, SAMPLE_PER_ALBUM * k), random);
      let best: KMeansResult | null = null;
      for (let r = 0; r < RESTARTS; r++) {
        const start = seedCentroids(sample, k, random);
        const found = await kMeans(sample, start, { assign, maxIterations: MAX_ITERATIONS });
        if (!best || total(found.similarity) > total(best.similarity)) best = found;
      }
      const all =
        sample === vectors
          ? best!
          : await kMeans(vectors, best!.centroids, { assign, maxIterations: MAX_ITERATIONS });
      return finishGrouping(
        vectors,
        { index: all.index, centroids: all.centroids, nearest: all.similarity },
        request,
        { method: "kmeans", criterion: "given", candidates: RESTARTS },
      );
    },
  };
}

function total(similarity: Float32Array): number {
  return similarity.reduce((sum, s) => sum + s, 0);
}
