/** What every clusterer checks, and what it answers for nothing. */
import { AlbumenError } from "../../errors.ts";
import { assertFinite, emptyVectors } from "../../core/vectors.ts";
import type { Clustering, ClusteringRequest } from "../../ports/clusterer.ts";

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
