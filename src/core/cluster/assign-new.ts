/** Where new images go: into an album, or into one of their own. */
import { AlbumenError } from "../../errors.ts";
import type { Vectors } from "../vectors.ts";
import type { Kernels } from "./kernels.ts";
import type { Spread } from "./spread.ts";

export interface ExistingAlbums {
  /** unit rows, one an album */
  readonly centroids: Vectors;
  /** of the albums' members, from `spreadOf` */
  readonly spread: Pick<Spread, "typical" | "deviation" | "radius" | "concentration">;
}

export interface NewAssignment {
  /** 0..k-1: that album; k..k+opened-1: a new one */
  readonly assignment: Int32Array;
  /** cosine to the nearest existing album's centroid; -1 where there is none */
  readonly similarity: Float32Array;
  readonly opened: number;
}

// Five of a new kind open one album in 88 % of the draws: starter vectors, bench/results/new-albums-tune.md.
const GROUP_BEYOND = 2;
const ALIKE = 1.15;
// More new images than this are grouped in portions, in their order: the grouping is O(n²) in memory, O(n³) at worst.
const PORTION = 1024;

/**
 * An image lies beyond an album when its gap (1 - cosine to the centroid) exceeds the typical one by `GROUP_BEYOND`
 * deviations; for one on its own the album's radius asks for more, since one image is weak evidence and several alike
 * are strong. New images are first gathered with each other, as long as they are as close to each other as to the
 * members of their nearest albums. A gathering whose mean lies beyond opens an album together; all others join their
 * nearest.
 */
export async function assignNew(
  albums: ExistingAlbums,
  vectors: Vectors,
  kernels: Kernels,
): Promise<NewAssignment> {
  const { centroids, spread } = albums;
  const k = centroids.rows;
  const n = vectors.rows;
  const near =
    k === 0
      ? { index: new Int32Array(n).fill(-1), similarity: new Float32Array(n).fill(-1) }
      : await kernels.assign(vectors, centroids);
  const assignment = Int32Array.from(near.index);
  let opened = 0;
  for (let from = 0; from < n; from += PORTION) {
    const to = Math.min(n, from + PORTION);
    // Those that typically belong, by themselves or among others, need no gathering.
    const candidates = range(from, to).filter((i) => k === 0 || beyond(i) > 0);
    for (const rows of await gatherings(candidates)) {
      const isNew = k === 0 || mean(rows.map(beyond)) > threshold(rows);
      if (isNew) for (const i of rows) assignment[i] = k + opened;
      if (isNew) opened++;
    }
  }
  return { assignment, similarity: near.similarity, opened };

  /** Deviations by which the row's gap exceeds what is typical of its nearest album. */
  function beyond(i: number): number {
    const c = near.index[i];
    return (1 - near.similarity[i] - spread.typical[c]) / spread.deviation[c];
  }

  /** For one image where the radius is, for many `GROUP_BEYOND`. */
  function threshold(rows: readonly number[]): number {
    const radius = mean(
      rows.map((i) => {
        const c = near.index[i];
        return (1 - spread.radius[c] - spread.typical[c]) / spread.deviation[c];
      }),
    );
    return GROUP_BEYOND + (radius - GROUP_BEYOND) / rows.length;
  }

  /** Mean 1 - cosine of the row to the members of its nearest album; without albums nothing is far. */
  function toAlbum(i: number): number {
    return k === 0 ? LOOSEST_FIRST_ALBUM : 1 - near.similarity[i] * spread.concentration[near.index[i]];
  }

  /** Average linkage, nearest first: UPGMA (Sokal and Michener 1958). Stops where a gathering would be too loose. */
  async function gatherings(candidates: readonly number[]): Promise<number[][]> {
    const groups = candidates.map((i) => [i]);
    if (groups.length < 2) return groups;
    const rows = {
      data: new Float32Array(groups.length * vectors.dims),
      rows: groups.length,
      dims: vectors.dims,
    };
    candidates.forEach((i, at) =>
      rows.data.set(vectors.data.subarray(i * vectors.dims, (i + 1) * vectors.dims), at * vectors.dims),
    );
    const gram = await kernels.multiply(rows, rows);
    const m = groups.length;
    const gap = Float64Array.from(gram, (cosine) => 1 - cosine);
    const alive = range(0, m);
    const reach = candidates.map(toAlbum);
    for (;;) {
      let best: [number, number] | null = null;
      let least = Infinity;
      for (const a of alive)
        for (const b of alive) {
          if (b >= a) break;
          const size = groups[a].length + groups[b].length;
          const limit = (ALIKE * (reach[a] * groups[a].length + reach[b] * groups[b].length)) / size;
          if (gap[a * m + b] < least && gap[a * m + b] <= limit) {
            least = gap[a * m + b];
            best = [b, a];
          }
        }
      if (!best) return alive.map((g) => groups[g]);
      const [a, b] = best;
      const [sizeA, sizeB] = [groups[a].length, groups[b].length];
      for (const other of alive) {
        if (other === a || other === b) continue;
        const joined = (sizeA * gap[a * m + other] + sizeB * gap[b * m + other]) / (sizeA + sizeB);
        gap[a * m + other] = joined;
        gap[other * m + a] = joined;
      }
      reach[a] = (reach[a] * sizeA + reach[b] * sizeB) / (sizeA + sizeB);
      groups[a].push(...groups[b]);
      alive.splice(alive.indexOf(b), 1);
    }
  }
}

// Without any album: members of one album lie about this far from each other at most, mean 1 - cosine.
const LOOSEST_FIRST_ALBUM = 0.4;

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

function mean(numbers: readonly number[]): number {
  if (numbers.length === 0) throw new AlbumenError("INTERNAL", "The mean of nothing was asked for.");
  return numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
}
