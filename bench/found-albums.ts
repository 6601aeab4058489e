/** The albums that the product finds when nothing is set: the one request that every study of grouping makes. */
import { createWardKMeans } from "../src/adapters/clusterer/ward-kmeans.ts";
import { SETTINGS } from "../src/config.ts";
import type { Vectors } from "../src/core/vectors.ts";
import type { Clustering, ClusteringTerms } from "../src/ports/clusterer.ts";
import type { Matrix } from "../src/ports/matrix.ts";

export const MIN_ALBUM_SIZE = SETTINGS.minAlbumSize.default;

/** `unrelated`: mean 1 - cosine of unrelated photos in this space; null: not known. */
export function defaultTerms(unrelated: number | null): ClusteringTerms {
  return {
    albums: SETTINGS.albums.default,
    granularity: SETTINGS.granularity.default,
    minAlbumSize: MIN_ALBUM_SIZE,
    maxAlbums: SETTINGS.maxAlbums.default,
    unrelated,
    seed: SETTINGS.seed.default,
  };
}

export async function findAlbums(
  matrix: Matrix,
  vectors: Vectors,
  unrelated: number | null,
): Promise<Clustering> {
  const call = { signal: new AbortController().signal };
  return createWardKMeans({ matrix }).cluster({ ...defaultTerms(unrelated), vectors }, call);
}
