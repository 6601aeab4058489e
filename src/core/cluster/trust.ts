/** How far an album can be trusted, without labels. Pure but for the multiplication it is given. */
import { takeRows, type Vectors } from "../vectors.ts";
import { centroidsOf } from "./means.ts";
import type { Kernels } from "./kernels.ts";

// Spearman of trust and purity over all albums of the study is .66 on either half, bench/results/clustering-*.md.
const NEIGHBOURS = 5;
// So many members of an album are asked, evenly spaced: a share is off by .09 at most, as one deviation.
const MOST_ASKED = 32;
// Neighbours are looked for in an album itself and in so many around it. With 8, 16, 24 and all, Spearman on the
// tuning half is .647, .661, .667 and .670.
const ALBUMS_AROUND = 24;
const BLOCK_ROWS = 4096;

/**
 * An album's trust is the share of its members' five nearest neighbours that are members too, of all images of the
 * heap, strays included. An album of m images has m - 1 others, so small albums are asked for m - 1 neighbours only.
 *
 * Each image is compared with the askers of the albums around it only, so the work grows like the number of images.
 *
 * @param assignment album of each row, 0..k-1; -1 for strays
 * @returns per album, in [0, 1]; null for one of a single image, which has no neighbour to agree with
 */
export async function trustOf(
  vectors: Vectors,
  assignment: Int32Array,
  k: number,
  kernels: Kernels,
): Promise<(number | null)[]> {
  const members: number[][] = Array.from({ length: k }, () => []);
  const strays: number[] = [];
  assignment.forEach((c, row) => (c < 0 ? strays : members[c]!).push(row));
  if (strays.length === vectors.rows) return members.map(() => null);
  const centroids = centroidsOf(vectors, assignment, k);
  // A stray is met where it lies.
  const around: number[][] = members.map((rows) => [...rows]);
  const nearest = await kernels.assign(takeRows(vectors, strays), centroids);
  strays.forEach((row, i) => around[nearest.index[i]!]!.push(row));

  const wanted = members.map((rows) => Math.min(NEIGHBOURS, rows.length - 1));
  const askers = members.map((rows, c) => (wanted[c]! < 1 ? [] : evenly(rows, MOST_ASKED)));
  const heard = askers.map((rows, c) => rows.map(() => new Nearest<boolean>(wanted[c]!)));
  const visitors = await visitorsOf(centroids, kernels);
  for (let place = 0; place < k; place++) {
    const asking = visitors[place]!.flatMap((c) =>
      askers[c]!.map((row, i) => ({ c, row, to: heard[c]![i]! })),
    );
    if (asking.length === 0) continue;
    const queries = takeRows(
      vectors,
      asking.map(({ row }) => row),
    );
    for (let from = 0; from < around[place]!.length; from += BLOCK_ROWS) {
      const rows = around[place]!.slice(from, from + BLOCK_ROWS);
      const cosines = await kernels.multiply(queries, takeRows(vectors, rows));
      asking.forEach(({ c, row, to }, i) => {
        for (let j = 0; j < rows.length; j++)
          if (rows[j] !== row) to.offer(cosines[i * rows.length + j]!, assignment[rows[j]!] === c);
      });
    }
  }

  return heard.map((all) =>
    all.length === 0
      ? null
      : all.reduce((sum, { found }) => sum + found.filter(Boolean).length / found.length, 0) / all.length,
  );
}

/** The best few of what is offered, best first; of equals the earlier. */
class Nearest<T> {
  readonly found: T[] = [];
  readonly #cosines: number[] = [];
  readonly #wanted: number;

  constructor(wanted: number) {
    this.#wanted = wanted;
  }

  offer(cosine: number, value: T): void {
    let at = this.#cosines.length;
    if (at === this.#wanted && cosine <= this.#cosines[at - 1]!) return;
    while (at > 0 && this.#cosines[at - 1]! < cosine) at--;
    this.#cosines.splice(at, 0, cosine);
    this.found.splice(at, 0, value);
    this.#cosines.length = this.found.length = Math.min(this.found.length, this.#wanted);
  }
}

/** For each album, those that it is around of: itself, and all that count it among their nearest. */
async function visitorsOf(centroids: Vectors, kernels: Kernels): Promise<number[][]> {
  const k = centroids.rows;
  const visitors: number[][] = Array.from({ length: k }, (_, c) => [c]);
  for (let from = 0; from < k; from += BLOCK_ROWS) {
    const block = Array.from({ length: Math.min(k, from + BLOCK_ROWS) - from }, (_, i) => from + i);
    const cosines = await kernels.multiply(takeRows(centroids, block), centroids);
    for (const [i, c] of block.entries()) {
      const nearest = new Nearest<number>(ALBUMS_AROUND);
      for (let other = 0; other < k; other++) if (other !== c) nearest.offer(cosines[i * k + other]!, other);
      for (const place of nearest.found) visitors[place]!.push(c);
    }
  }
  return visitors;
}

function evenly(rows: readonly number[], most: number): number[] {
  if (rows.length <= most) return [...rows];
  return Array.from({ length: most }, (_, i) => rows[Math.floor((i * rows.length) / most)]!);
}
