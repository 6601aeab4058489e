/** Finds groups among vectors. */
import type { Vectors } from "../core/vectors.ts";
import type { Call } from "./call.ts";

export interface ClusteringRequest {
  /** unit rows, all finite */
  readonly vectors: Vectors;
  /** the number of albums wanted; null: find it */
  readonly albums: number | null;
  readonly granularity: "coarse" | "normal" | "fine";
  /** a smaller group becomes outliers, >= 1 */
  readonly minAlbumSize: number;
  /** null: no limit */
  readonly maxAlbums: number | null;
  /**
   * Mean 1 - cosine of photos that have nothing to do with each other, as this space shows them, in (0, 2].
   * Absent: not known, and a heap of a single kind is recognised less often.
   */
  readonly unrelated?: number | null;
  readonly seed: number;
}

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

export interface Clusterer {
  /** `ward+kmeans`, `kmeans`, `density` */
  readonly id: string;
  /** Same seed, same result, on any number of threads. Errors: `VECTORS_INVALID`, `CLUSTERING_INVALID`. */
  cluster(request: ClusteringRequest, call: Call): Promise<Clustering>;
}
