/** Where new images go: into an album, or into one of their own. */
import { takeRows, type Vectors } from "../vectors.ts";
import type { Kernels } from "./kernels.ts";
import { cutTree, squaredDistances, wardTree } from "./linkage.ts";

export interface ExistingAlbums {
  /** unit rows, one an album */
  readonly centroids: Vectors;
  /** per album: the lowest cosine to its centroid at which an image still belongs */
  readonly radius: Float32Array;
}

export interface NewAssignment {
  /** 0..k-1: that album; k..k+opened-1: a new one */
  readonly assignment: Int32Array;
  /** cosine to the album's centroid; for a row of a new album, to the nearest existing one */
  readonly similarity: Float32Array;
  readonly opened: number;
}

/**
 * A new image joins its nearest album if it lies within that album's own radius. Those that no album takes are
 * grouped among themselves: they share a new album when they are as close to each other as the members of existing
 * albums are.
 */
export async function assignNew(
  albums: ExistingAlbums,
  vectors: Vectors,
  kernels: Kernels,
): Promise<NewAssignment> {
  const k = albums.centroids.rows;
  const near =
    k === 0
      ? { index: new Int32Array(vectors.rows), similarity: new Float32Array(vectors.rows).fill(-1) }
      : await kernels.assign(vectors, albums.centroids);
  const assignment = near.index.map((c, i) => (k > 0 && near.similarity[i] >= albums.radius[c] ? c : -1));
  const rest = Int32Array.from(assignment.keys()).filter((i) => assignment[i] < 0);
  const groups = await groupAlike(takeRows(vectors, rest), medianOf(albums.radius), kernels);
  rest.forEach((i, at) => (assignment[i] = k + groups.label[at]));
  return { assignment, similarity: near.similarity, opened: groups.count };
}

/** Ward groups in which every merge keeps members' cosine to their centre above `radius`, on average. */
async function groupAlike(vectors: Vectors, radius: number, kernels: Kernels) {
  const n = vectors.rows;
  if (n === 0) return { label: new Int32Array(0), count: 0 };
  const gram = await kernels.multiply(vectors, vectors);
  const tree = wardTree(squaredDistances(vectors, gram), n);
  // Two unit rows whose cosine to their common centre is r lie 2 sqrt(1 - r²) apart; that is their Ward height.
  const highest = 2 * Math.sqrt(Math.max(0, 1 - radius * radius));
  let merges = 0;
  while (merges < tree.height.length && tree.height[merges] <= highest) merges++;
  return { label: cutTree(tree, n - merges), count: n - merges };
}

function medianOf(numbers: Float32Array): number {
  if (numbers.length === 0) return 0.5;
  return numbers.toSorted()[Math.floor(numbers.length / 2)];
}
