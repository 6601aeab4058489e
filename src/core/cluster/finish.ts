/** From labels to a grouping: outliers out, small groups out, numbers in order, radius and parents. Pure. */
import type { Vectors } from "../vectors.ts";
import { centroidsOf, compact } from "./means.ts";
import { parentsOf } from "./parents.ts";
import { similarityTo, spreadOf } from "./spread.ts";

/** A partition of rows, and what later rows are measured by. */
export interface Clustering {
  readonly k: number;
  /** cluster of each row, 0..k-1; -1 = outlier */
  readonly assignment: Int32Array;
  /** k unit rows */
  readonly centroids: Vectors;
  /** cosine of each row to its cluster's centroid (an outlier's: to the nearest), in [-1, 1] */
  readonly similarity: Float32Array;
  /** per cluster: the lowest cosine to its centroid at which a new image still belongs to it */
  readonly radius: Float32Array;
  /** per cluster: its group on the level above, 0..; null when only one level is worth showing */
  readonly parents: Int32Array | null;
  /** how k was found, for the receipt: criterion, candidates tried, value */
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
  report: Clustering["report"],
): Clustering {
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
