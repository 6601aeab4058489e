/** What every clusterer checks, answers for nothing, and takes from the Matrix port. */
import { AlbumenError } from "../../errors.ts";
import type { Kernels } from "../../core/cluster/kernels.ts";
import { assertFinite, emptyVectors } from "../../core/vectors.ts";
import type { Call } from "../../ports/call.ts";
import type { Clustering, ClusteringRequest } from "../../ports/clusterer.ts";
import type { Matrix } from "../../ports/matrix.ts";

/** Refuses NaN, and numbers that make no sense. */
export function checkRequest(request: ClusteringRequest): void {
  assertFinite(request.vectors);
  atLeastOne("The number of albums", request.albums);
  atLeastOne("The most albums", request.maxAlbums);
  atLeastOne("The smallest album's size", request.minAlbumSize);
}

function atLeastOne(what: string, value: number | null): void {
  if (value !== null && !(Number.isInteger(value) && value >= 1))
    throw new AlbumenError(
      "CLUSTERING_INVALID",
      `${what} must be a whole number of at least 1, not ${value}.`,
    );
}

export function emptyClustering(request: ClusteringRequest, method: string): Clustering {
  return {
    k: 0,
    assignment: new Int32Array(0),
    centroids: emptyVectors(request.vectors.dims),
    similarity: new Float32Array(0),
    radius: new Float32Array(0),
    parents: null,
    report: { method, criterion: "no images", candidates: 0 },
  };
}

export function kernelsOf(matrix: Matrix, call: Call): Kernels {
  // Progress of single multiplications says nothing about the whole, so only the signal is passed on.
  const quiet: Call = { signal: call.signal };
  return {
    assign: (points, centroids) => matrix.nearest(points, centroids, quiet),
    multiply: (a, b) => matrix.multiply(a, b, quiet),
  };
}
