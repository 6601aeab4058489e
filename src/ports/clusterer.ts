/** Finds groups among vectors. */
import type { Clustering } from "../core/cluster/finish.ts";
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

export type { Clustering };

export interface Clusterer {
  /** `ward+kmeans`, `kmeans`, `density` */
  readonly id: string;
  /** Same seed, same result, on any number of threads. Errors: `VECTORS_INVALID`, `CLUSTERING_INVALID`. */
  cluster(request: ClusteringRequest, call: Call): Promise<Clustering>;
}
