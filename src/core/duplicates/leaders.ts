/** Which picture stands for its burst or its copies when an album is shown. Cheap: by hash, time and embedding, never by pixels. Pure. */
import { areDifferentShots, bestShot, findBursts, groupPairs, likelyCopies, type Shot } from "./groups.ts";

/**
 * For each shot the one that stands for it: itself, or the best of its burst or of its copies. `similarity(a, b)` is the cosine of
 * two shots' embeddings. Looser than `albumen duplicates`, which compares pixels: it decides what is shown first, nothing more.
 */
export function findLeaders(
  shots: readonly Shot[],
  similarity: (a: number, b: number) => number,
): Int32Array {
  const following = findBursts(shots, similarity).flatMap((burst) =>
    burst.slice(1).map((b, i) => ({ a: burst[i]!, b })),
  );
  const leaders = Int32Array.from(shots.keys());
  for (const group of groupPairs(shots.length, [...likelyCopies(shots), ...following])) {
    const members = group.map((i) => shots[i]!);
    const isBurst = members.some((shot) => areDifferentShots(shot, members[0]!));
    const leader = group[bestShot(members, isBurst ? "burst" : "near").index]!;
    for (const i of group) leaders[i] = leader;
  }
  return leaders;
}

/**
 * Those of `rows` that come after all others: each group is stood for by its leader, or by the first of `rows` that is in it when
 * the leader is not.
 */
export function doublesAmong(rows: ArrayLike<number>, leaders: ArrayLike<number>): Set<number> {
  const standing = new Map<number, number>();
  const list = Array.from(rows);
  for (const row of list)
    if (!standing.has(leaders[row]!) || leaders[row] === row) standing.set(leaders[row]!, row);
  return new Set(list.filter((row) => standing.get(leaders[row]!) !== row));
}
