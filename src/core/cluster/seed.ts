/** Where k-means starts. Pure. */
import type { Random } from "../random.ts";
import { dot, rowOf, takeRows, type Vectors } from "../vectors.ts";

/**
 * k starting centroids, far apart: k-means++ (Arthur and Vassilvitskii, SODA 2007) on 1 - cosine, which is half the
 * squared distance of unit rows. Stops early when every row equals a chosen one, so at most k rows come back.
 */
export function seedCentroids(points: Vectors, k: number, random: Random): Vectors {
  if (points.rows === 0 || k < 1) return takeRows(points, []);
  const chosen = [random.int(points.rows)];
  const gap = new Float64Array(points.rows).fill(Infinity);
  while (chosen.length < k) {
    const last = rowOf(points, chosen[chosen.length - 1]);
    let total = 0;
    for (let i = 0; i < points.rows; i++) {
      if (gap[i] > 0) gap[i] = Math.min(gap[i], roundedGap(dot(rowOf(points, i), last)));
      total += gap[i];
    }
    if (total === 0) break;
    let left = random.next() * total;
    let pick = -1;
    for (let i = 0; i < points.rows && left >= 0; i++) {
      if (gap[i] === 0) continue;
      pick = i;
      left -= gap[i];
    }
    chosen.push(pick);
  }
  return takeRows(points, chosen);
}

/** Float32 rows that are equal have a cosine of 1 give or take 1e-7; they are no distance apart. */
function roundedGap(cosine: number): number {
  const gap = 1 - cosine;
  return gap < 1e-6 ? 0 : gap;
}
