/** Finds groups among vectors. */
import type { Clustering } from "../core/cluster/finish.ts";
import type { Vectors } from "../core/vectors.ts";
import type { Call } from "./call.ts";

/** What is asked of a clusterer, whatever the images. */
export interface ClusteringTerms {
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

export interface ClusteringRequest extends ClusteringTerms {
  /** unit rows, all finite */
  readonly vectors: Vectors;
}

export type { Clustering };

export interface Clusterer {
  /** `ward+kmeans`, `kmeans`, `density` */
  readonly id: string;
  /** Refuses terms that it cannot keep for any images, so that none is looked at in vain. Errors: `CLUSTERING_INVALID`. */
  check(terms: ClusteringTerms): void;
  /** Same seed, same result, on any number of threads. Errors: `VECTORS_INVALID`, `CLUSTERING_INVALID`. */
  cluster(request: ClusteringRequest, call: Call): Promise<Clustering>;
}
