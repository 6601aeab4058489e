/** From labels to a grouping: outliers out, small groups out, numbers in order, radius and parents. Pure. */
import type { Vectors } from "../vectors.ts";
import { centroidsOf, compact } from "./kmeans.ts";
import { parentsOf } from "./parents.ts";
import { similarityTo, spreadOf } from "./spread.ts";

/** As `Clustering` of the clusterer port. */
export interface Grouping {
  readonly k: number;
  readonly assignment: Int32Array;
  readonly centroids: Vectors;
  readonly similarity: Float32Array;
  readonly radius: Float32Array;
  readonly parents: Int32Array | null;
  readonly report: { readonly method: string; readonly criterion: string; readonly candidates: number };
}

export function finishGrouping(
  vectors: Vectors,
  found: {
    /** -1 for outliers */
    readonly index: Int32Array;
    readonly centroids: Vectors;
    /** cosine of each row to its nearest centroid */
    readonly nearest: Float32Array;
  },
  options: { readonly minAlbumSize: number },
  report: Grouping["report"],
): Grouping {
  const first = compact(found.index, found.centroids);
  const spread = spreadOf(vectors, first.index, first.centroids.rows);
  const near = first.index.map((c, i) => (c >= 0 && spread.leftOut[i] < spread.radius[c] ? -1 : c));
  const size = new Int32Array(first.centroids.rows);
  for (const c of near) if (c >= 0) size[c]++;
  const kept = compact(
    near.map((c) => (c >= 0 && size[c] < options.minAlbumSize ? -1 : c)),
    first.centroids,
  );
  const k = kept.centroids.rows;
  const centroids = centroidsOf(vectors, kept.index, k);
  return {
    k,
    assignment: kept.index,
    centroids,
    similarity: similarityTo(vectors, kept.index, centroids, found.nearest),
    radius: spreadOf(vectors, kept.index, k).radius,
    parents: parentsOf(vectors, kept.index, k),
    report,
  };
}
