/** The default way to find albums: a hierarchy proposes, a criterion chooses how many, k-means refines. */
import { createRandom } from "../random.ts";
import { normalizeRows, type Vectors } from "../vectors.ts";
import { chooseCut } from "./choose.ts";
import type { Kernels } from "./kernels.ts";
import { centroidsOf, compact, kMeans, meansOf } from "./kmeans.ts";
import { cutTree, squaredDistances, wardTree } from "./linkage.ts";
import { leavesOf } from "./micro.ts";
import { similarityTo, spreadOf } from "./spread.ts";

export interface GroupingRequest {
  readonly vectors: Vectors;
  readonly albums: number | null;
  readonly granularity: "coarse" | "normal" | "fine";
  readonly minAlbumSize: number;
  readonly maxAlbums: number | null;
  readonly seed: number;
}

export interface Grouping {
  readonly k: number;
  readonly assignment: Int32Array;
  readonly centroids: Vectors;
  readonly similarity: Float32Array;
  readonly radius: Float32Array;
  readonly parents: Int32Array | null;
  readonly report: { readonly method: string; readonly criterion: string; readonly candidates: number };
}

const MAX_ITERATIONS = 25;

export async function wardKMeans(request: GroupingRequest, kernels: Kernels): Promise<Grouping> {
  const { vectors } = request;
  const n = vectors.rows;
  const random = createRandom(request.seed);
  const leaves = await leavesOf(vectors, random, kernels);
  const gram = await kernels.multiply(leaves.means, leaves.means);
  const tree = wardTree(squaredDistances(leaves.means, gram), leaves.means.rows, leaves.weights);
  const most = Math.min(request.maxAlbums ?? Infinity, Math.max(2, Math.floor(n / 2)));
  const choice =
    request.albums === null
      ? chooseCut(tree, gram, leaves.weights, { most, granularity: request.granularity })
      : { k: Math.min(request.albums, n), criterion: "given", candidates: 1 };
  const cut = cutTree(tree, choice.k);
  const zero = { data: new Float32Array(choice.k * vectors.dims), rows: choice.k, dims: vectors.dims };
  const start = normalizeRows(
    meansOf(
      leaves.sample,
      leaves.leafOf.map((leaf) => cut[leaf]),
      zero,
      false,
    ),
  );
  const refined = await kMeans(leaves.sample, start, {
    assign: kernels.assign,
    maxIterations: MAX_ITERATIONS,
  });
  const all = leaves.sample === vectors ? refined : await kernels.assign(vectors, refined.centroids);

  const first = compact(all.index, refined.centroids);
  const spread = spreadOf(vectors, first.index, first.centroids.rows);
  const size = new Int32Array(first.centroids.rows);
  for (const c of first.index) size[c]++;
  const inside = first.index.map((c, i) =>
    size[c] < request.minAlbumSize || spread.leftOut[i] < spread.radius[c] ? -1 : c,
  );
  const kept = compact(inside, first.centroids);
  const k = kept.centroids.rows;
  const centroids = centroidsOf(vectors, kept.index, k);
  const final = spreadOf(vectors, kept.index, k);
  return {
    k,
    assignment: kept.index,
    centroids,
    similarity: similarityTo(vectors, kept.index, centroids, all.similarity),
    radius: final.radius,
    parents: null,
    report: { method: "ward+kmeans", criterion: choice.criterion, candidates: choice.candidates },
  };
}
