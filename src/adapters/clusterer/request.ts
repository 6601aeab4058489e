/** What every clusterer checks, and what it answers for nothing. */
import { AlbumenError } from "../../errors.ts";
import { assertFinite, emptyVectors } from "../../core/vectors.ts";
import type { Clusterer, Clustering, ClusteringRequest, ClusteringTerms } from "../../ports/clusterer.ts";

/** Refuses NaN, and terms that the clusterer cannot keep. */
export function checkRequest(clusterer: Clusterer, request: ClusteringRequest): void {
  assertFinite(request.vectors);
  clusterer.check(request);
}

/** Refuses numbers that make no sense to any clusterer. */
export function checkTerms(terms: ClusteringTerms): void {
  atLeastOne("The number of albums", terms.albums);
  atLeastOne("The most albums", terms.maxAlbums);
  atLeastOne("The smallest album's size", terms.minAlbumSize);
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
