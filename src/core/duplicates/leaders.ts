/** Which picture stands for its burst or its copies when an album is shown. Cheap: by hash, time and embedding, never by pixels. Pure. */
import { areDifferentShots, bestShot, findBursts, groupPairs, type Shot } from "./groups.ts";
import { nearHashes } from "./near-hashes.ts";

/** Null `looks`: nothing is known of its pixels. */
export interface HashedShot extends Shot {
  readonly looks: {
    readonly sharpness: number;
    readonly exposure: number;
    readonly perceptualHash: string;
  } | null;
}

/**
 * For each shot the one that stands for it: itself, or the best of its burst or of its copies. `similarity(a, b)` is the cosine of
 * two shots' embeddings. Looser than `albumen duplicates`, which compares pixels: it decides what is shown first, nothing more.
 */
export function findLeaders(
  shots: readonly HashedShot[],
  similarity: (a: number, b: number) => number,
): Int32Array {
  const hashed = shots.flatMap(({ looks }, index) =>
    looks === null ? [] : [{ index, hash: looks.perceptualHash }],
  );
  const copies = nearHashes(hashed.map(({ hash }) => hash))
    .map(({ a, b }) => ({ a: hashed[a]!.index, b: hashed[b]!.index }))
    .filter(({ a, b }) => !areDifferentShots(shots[a]!, shots[b]!));
  const following = findBursts(shots, similarity).flatMap((burst) =>
    burst.slice(1).map((b, i) => ({ a: burst[i]!, b })),
  );
  const leaders = Int32Array.from(shots.keys());
  for (const group of groupPairs(shots.length, [...copies, ...following])) {
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
