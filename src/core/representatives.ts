/** Which images stand for an album: the medoid first, then a spread. Pure. */
import { doublesAmong } from "./duplicates/leaders.ts";
import { meanOf, rowOf, dot, normalize, type Vectors } from "./vectors.ts";

/**
 * Up to `count` of the given rows (row numbers of `vectors`), best first, without repetition.
 *
 * The first is the medoid: the member with the highest mean cosine to all members, which for unit rows is the one
 * nearest to their mean. The others are chosen one by one, far from those chosen before but among the typical half,
 * for a picture at the album's edge explains nothing: k-medoids' greedy build would crowd the centre, plain
 * farthest-point would show outliers. Of a burst or of copies of one picture only one is chosen while there is anything
 * else. No chance is involved.
 *
 * @param leaders for each row of `vectors` the row that stands for it, see `findLeaders`; null: no doubles are known
 */
export function chooseRepresentatives(
  vectors: Vectors,
  rows: ArrayLike<number>,
  count: number,
  leaders: ArrayLike<number> | null = null,
): Int32Array {
  const members = Int32Array.from(rows);
  const wanted = Math.min(count, members.length);
  if (wanted < 1) return new Int32Array(0);
  const centre = normalize(meanOf(vectors, members));
  const central = Array.from(members, (row) => dot(rowOf(vectors, row), centre));
  const order = Array.from(members.keys()).sort((a, b) => central[b] - central[a] || members[a] - members[b]);
  const doubles =
    leaders === null
      ? new Set()
      : doublesAmong(
          order.map((at) => members[at]),
          leaders,
        );
  const single = order.filter((at) => !doubles.has(members[at]));
  const chosen = [single[0]];
  const typical = single.slice(0, Math.max(wanted, Math.ceil(single.length / 2)));
  // Highest cosine of each candidate to any chosen one.
  const closeness = new Float64Array(members.length).fill(-Infinity);
  while (chosen.length < Math.min(wanted, single.length)) {
    const last = rowOf(vectors, members[chosen[chosen.length - 1]]);
    let best = -1;
    for (const at of typical) {
      closeness[at] = Math.max(closeness[at], dot(rowOf(vectors, members[at]), last));
      if (!chosen.includes(at) && (best < 0 || closeness[at] < closeness[best])) best = at;
    }
    chosen.push(best);
  }
  chosen.push(...order.filter((at) => doubles.has(members[at])).slice(0, wanted - chosen.length));
  return Int32Array.from(chosen, (at) => members[at]);
}
