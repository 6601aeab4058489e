/** The clusterer that looks for dense regions and leaves the rest Unsorted: HDBSCAN on the Matrix port. */
import { AlbumenError } from "../../errors.ts";
import { finishGrouping } from "../../core/cluster/finish.ts";
import { hdbscan } from "../../core/cluster/hdbscan.ts";
import { centroidsOf } from "../../core/cluster/means.ts";
import { squaredDistances } from "../../core/cluster/linkage.ts";
import type { Clusterer } from "../../ports/clusterer.ts";
import { kernelsOf, type Matrix } from "../../ports/matrix.ts";
import { checkRequest, checkTerms, emptyClustering } from "./request.ts";

// The distances of 5,000 rows take 200 MB.
const MOST_ROWS = 5000;
// scikit-learn's and the hdbscan package's customary values; fewer rows than samples have no density.
const MIN_CLUSTER_SIZE = { coarse: 10, normal: 5, fine: 3 } as const;
const MIN_SAMPLES = 3;

/** Refuses `albums` and `maxAlbums`: density decides; and more than 5,000 images. */
export function createDensity({ matrix }: { readonly matrix: Matrix }): Clusterer {
  const clusterer: Clusterer = {
    id: "density",
    check(terms) {
      checkTerms(terms);
      if (terms.albums !== null || terms.maxAlbums !== null)
        throw new AlbumenError(
          "CLUSTERING_INVALID",
          "The clusterer density finds the number of albums itself.",
          {
            hint: "Use --albums auto --max-albums auto, or --clusterer ward+kmeans.",
          },
        );
    },
    async cluster(request, call) {
      checkRequest(clusterer, request);
      const { vectors } = request;
      if (vectors.rows > MOST_ROWS)
        throw new AlbumenError(
          "CLUSTERING_INVALID",
          `The clusterer density takes at most ${MOST_ROWS} images, not ${vectors.rows}.`,
          { hint: "Use --clusterer ward+kmeans." },
        );
      if (vectors.rows === 0) return emptyClustering(request, "density");
      const kernels = kernelsOf(matrix, call);
      const distance = squaredDistances(vectors, await kernels.multiply(vectors, vectors));
      for (let at = 0; at < distance.length; at++) distance[at] = Math.sqrt(distance[at]);
      const minClusterSize = Math.max(request.minAlbumSize, MIN_CLUSTER_SIZE[request.granularity]);
      const found = hdbscan(distance, vectors.rows, { minClusterSize, minSamples: MIN_SAMPLES });
      const centroids = centroidsOf(vectors, found.label, found.k);
      const nearest =
        found.k > 0 ? (await kernels.assign(vectors, centroids)).similarity : new Float32Array(vectors.rows);
      return finishGrouping(vectors, { index: found.label, centroids, nearest }, request, {
        method: "density",
        criterion: "excess of mass",
        candidates: 1,
      });
    },
  };
  return clusterer;
}
