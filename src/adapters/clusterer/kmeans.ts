/** The clusterer for those who know the number of albums: spherical k-means with restarts on the Matrix port. */
import { AlbumenError } from "../../errors.ts";
import { finishGrouping } from "../../core/cluster/finish.ts";
import { kMeans } from "../../core/cluster/kmeans.ts";
import { sampleRows } from "../../core/cluster/micro.ts";
import { seedCentroids } from "../../core/cluster/seed.ts";
import { createRandom } from "../../core/random.ts";
import type { Vectors } from "../../core/vectors.ts";
import type { Clusterer, ClusteringTerms } from "../../ports/clusterer.ts";
import { kernelsOf, type Matrix } from "../../ports/matrix.ts";
import { checkRequest, checkTerms, emptyClustering } from "./request.ts";

const RESTARTS = 5;
const MAX_ITERATIONS = 25;
// Restarts compete on a sample; only the best one goes on with all rows.
const SAMPLE_PER_ALBUM = 256;
const SMALLEST_SAMPLE = 4096;

/** Needs `albums`. Fewer come back where rows are fewer, or equal, or albums fall under the smallest size. */
export function createKMeans({ matrix }: { readonly matrix: Matrix }): Clusterer {
  const clusterer: Clusterer = {
    id: "kmeans",
    check(terms) {
      checkTerms(terms);
      toldAlbums(terms);
    },
    async cluster(request, call) {
      checkRequest(clusterer, request);
      const wanted = toldAlbums(request);
      const { vectors } = request;
      if (vectors.rows === 0) return emptyClustering(request, "kmeans");
      const kernels = kernelsOf(matrix, call);
      const k = Math.min(wanted, request.maxAlbums ?? wanted, vectors.rows);
      const random = createRandom(request.seed);
      const sample = sampleRows(vectors, Math.max(SMALLEST_SAMPLE, SAMPLE_PER_ALBUM * k), random);
      const settle = async (points: Vectors, start: Vectors) => {
        const { centroids } = await kMeans(points, start, kernels, { maxIterations: MAX_ITERATIONS });
        return { centroids, ...(await kernels.assign(points, centroids)) };
      };
      let best = await settle(sample, seedCentroids(sample, k, random));
      for (let r = 1; r < RESTARTS; r++) {
        const other = await settle(sample, seedCentroids(sample, k, random));
        if (sumOf(other.similarity) > sumOf(best.similarity)) best = other;
      }
      const { index, centroids, similarity } =
        sample === vectors ? best : await settle(vectors, best.centroids);
      return finishGrouping(vectors, { index, centroids, nearest: similarity }, request, {
        method: "kmeans",
        criterion: "given",
        candidates: RESTARTS,
      });
    },
  };
  return clusterer;
}

function toldAlbums({ albums }: ClusteringTerms): number {
  if (albums !== null) return albums;
  throw new AlbumenError("CLUSTERING_INVALID", "The clusterer kmeans has to be told the number of albums.", {
    hint: "Say how many with --albums, or use --clusterer ward+kmeans, which finds the number.",
  });
}

function sumOf(similarity: Float32Array): number {
  return similarity.reduce((sum, s) => sum + s, 0);
}
