/** Which images stand for an album: the medoid first, then a spread. Pure. */
import { meanOf, rowOf, dot, normalize, type Vectors } from "./vectors.ts";

/**
 * Up to `count` of the given rows (row numbers of `vectors`), best first, without repetition.
 *
 * The first is the medoid: the member with the highest mean cosine to all members, which for unit rows is the one
 * nearest to their mean. The others are chosen one by one, far from those chosen before but among the typical half,
 * for a picture at the album's edge explains nothing: k-medoids' greedy build would crowd the centre, plain
 * farthest-point would show outliers. Near-duplicates of a chosen one come last. No chance is involved.
 */
export function chooseRepresentatives(vectors: Vectors, rows: ArrayLike<number>, count: number): Int32Array {
  const members = Int32Array.from(rows);
  const wanted = Math.min(count, members.length);
  if (wanted < 1) return new Int32Array(0);
  const centre = normalize(meanOf(vectors, members));
  const central = Array.from(members, (row) => dot(rowOf(vectors, row), centre));
  const order = Array.from(members.keys()).sort((a, b) => central[b] - central[a] || members[a] - members[b]);
  const chosen = [order[0]];
  const typical = order.slice(0, Math.max(wanted, Math.ceil(order.length / 2)));
  // Highest cosine of each candidate to any chosen one.
  const closeness = new Float64Array(members.length).fill(-Infinity);
  while (chosen.length < wanted) {
    const last = rowOf(vectors, members[chosen[chosen.length - 1]]);
    let best = -1;
    for (const at of typical) {
      closeness[at] = Math.max(closeness[at], dot(rowOf(vectors, members[at]), last));
      if (!chosen.includes(at) && (best < 0 || closeness[at] < closeness[best])) best = at;
    }
    chosen.push(best);
  }
  return Int32Array.from(chosen, (at) => members[at]);
}
