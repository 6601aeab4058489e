/** How far an album can be trusted, without labels. Pure but for the multiplication it is given. */
import { takeRows, type Vectors } from "../vectors.ts";
import type { Kernels } from "./kernels.ts";

export interface Trust {
  /** per album, in [0, 1] */
  readonly albums: Float32Array;
  /** mean over the images in albums, in [0, 1]; 0 without albums */
  readonly whole: number;
}

const NEIGHBOURS = 5;
// Neighbours are looked for among at most this many rows, evenly spaced.
const MOST_ROWS = 4096;

/**
 * An album's trust is the share of its members' five nearest neighbours that are members too, of all images of the
 * heap, strays included. An album of m images has m - 1 others, so small albums are asked for m - 1 neighbours only.
 */
export async function trustOf(
  vectors: Vectors,
  assignment: Int32Array,
  k: number,
  kernels: Kernels,
): Promise<Trust> {
  const step = Math.max(1, vectors.rows / MOST_ROWS);
  const rows = Int32Array.from({ length: Math.floor(vectors.rows / step) }, (_, i) => Math.floor(i * step));
  const sample = rows.length === vectors.rows ? vectors : takeRows(vectors, rows);
  const label = Int32Array.from(rows, (row) => assignment[row]);
  const size = new Int32Array(k);
  for (const c of label) if (c >= 0) size[c]++;
  const gram = await kernels.multiply(sample, sample);
  const n = sample.rows;
  const agreement = new Float64Array(k);
  for (let i = 0; i < n; i++) {
    const own = label[i];
    if (own < 0) continue;
    const wanted = Math.min(NEIGHBOURS, size[own] - 1);
    if (wanted < 1) continue;
    const best: number[] = [];
    for (let j = 0; j < n; j++) {
      if (j === i) continue;
      const cosine = gram[i * n + j];
      if (best.length === wanted && cosine <= gram[i * n + best[wanted - 1]]) continue;
      let at = best.length;
      while (at > 0 && gram[i * n + best[at - 1]] < cosine) at--;
      best.splice(at, 0, j);
      if (best.length > wanted) best.pop();
    }
    agreement[own] += best.filter((j) => label[j] === own).length / wanted;
  }
  const albums = Float32Array.from(agreement, (sum, c) => (size[c] > 0 ? sum / size[c] : 0));
  const members = size.reduce((sum, count) => sum + count, 0);
  return { albums, whole: members > 0 ? agreement.reduce((sum, x) => sum + x, 0) / members : 0 };
}
