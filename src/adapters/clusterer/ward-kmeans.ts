/** The default clusterer: Ward's hierarchy on the Matrix port proposes, k-means on it refines. */
import { wardKMeans } from "../../core/cluster/ward-kmeans.ts";
import type { Clusterer } from "../../ports/clusterer.ts";
import { kernelsOf, type Matrix } from "../../ports/matrix.ts";
import { checkRequest, checkTerms, emptyClustering } from "./request.ts";

export function createWardKMeans({ matrix }: { readonly matrix: Matrix }): Clusterer {
  const clusterer: Clusterer = {
    id: "ward+kmeans",
    check: checkTerms,
    async cluster(request, call) {
      checkRequest(clusterer, request);
      if (request.vectors.rows === 0) return emptyClustering(request, "ward+kmeans");
      return wardKMeans({ ...request, unrelated: request.unrelated ?? null }, kernelsOf(matrix, call));
    },
  };
  return clusterer;
}
