/** From shots to likely copies and bursts, from pairs to groups, and which one of a group to keep. Pure. */
import { nearHashes, type HashPair } from "./near-hashes.ts";

/** What is known of one image that may have doubles. */
export interface Shot {
  readonly width: number;
  readonly height: number;
  readonly sizeBytes: number;
  /** ISO 8601 local time without zone; null: not known */
  readonly takenAt: string | null;
  readonly camera: string | null;
  /** share of the rows that could be decoded, in (0, 1] */
  readonly readable: number;
  /** see core/perceptual-hash.ts; null: not measured */
  readonly looks: {
    readonly sharpness: number;
    readonly exposure: number;
    readonly perceptualHash: string;
  } | null;
}

/** Pairs a < b whose perceptual hashes are near and that were not taken at different moments. */
export function likelyCopies(shots: readonly Shot[]): HashPair[] {
  const hashed = shots.flatMap(({ looks }, index) =>
    looks === null ? [] : [{ index, hash: looks.perceptualHash }],
  );
  return nearHashes(hashed.map(({ hash }) => hash))
    .map(({ a, b }) => ({ a: hashed[a]!.index, b: hashed[b]!.index }))
    .filter(({ a, b }) => !areDifferentShots(shots[a]!, shots[b]!));
}

/** Indices that hang together by pairs, each group and the groups in ascending order; single ones are left out. */
export function groupPairs(count: number, pairs: readonly HashPair[]): number[][] {
  const parent = Int32Array.from({ length: count }, (_, i) => i);
  const rootOf = (i: number): number => {
    let root = i;
    while (parent[root] !== root) root = parent[root]!;
    while (parent[i] !== root) [parent[i], i] = [root, parent[i]!];
    return root;
  };
  for (const { a, b } of pairs) {
    const [x, y] = [rootOf(a), rootOf(b)];
    parent[Math.max(x, y)] = Math.min(x, y);
  }
  const groups = new Map<number, number[]>();
  for (let i = 0; i < count; i++) {
    const root = rootOf(i);
    const group = groups.get(root);
    if (group) group.push(i);
    else groups.set(root, [i]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

/** Shots that follow each other within so long belong together if they also look alike, s. */
export const BURST_GAP_SECONDS = 10;
/**
 * Cosine of two shots of one scene. Time is the stronger evidence, so this only parts what was taken in haste of different
 * things: photos of one object in different places reach it in 13 % of the cases (dreambooth), shots of unlike things never.
 */
export const BURST_SIMILARITY = 0.8;

/**
 * Bursts: each shot within 10 s of the one before it by the same camera, and alike to it. `similarity(a, b)` is the cosine of two
 * shots' embeddings. Indices in the order of time; shots without a time are in none.
 */
export function findBursts(shots: readonly Shot[], similarity: (a: number, b: number) => number): number[][] {
  const timed = shots
    .flatMap(({ takenAt, camera }, index) =>
      takenAt === null ? [] : [{ index, camera: camera ?? "", seconds: Date.parse(`${takenAt}Z`) / 1000 }],
    )
    .sort(
      (a, b) =>
        (a.camera < b.camera ? -1 : a.camera > b.camera ? 1 : 0) ||
        a.seconds - b.seconds ||
        a.index - b.index,
    );
  const bursts: number[][] = [];
  let burst: number[] = [];
  for (const [i, shot] of timed.entries()) {
    const before = timed[i - 1];
    const follows =
      before !== undefined &&
      before.camera === shot.camera &&
      shot.seconds - before.seconds <= BURST_GAP_SECONDS &&
      similarity(before.index, shot.index) >= BURST_SIMILARITY;
    if (follows) burst.push(shot.index);
    else {
      if (burst.length > 1) bursts.push(burst);
      burst = [shot.index];
    }
  }
  if (burst.length > 1) bursts.push(burst);
  return bursts;
}

/** Whether two pictures were taken at different moments: then they are two shots, however alike. */
export function areDifferentShots(a: Shot, b: Shot): boolean {
  return a.takenAt !== null && b.takenAt !== null && a.takenAt !== b.takenAt;
}

export interface BestShot {
  readonly index: number;
  /** one phrase */
  readonly why: string;
}

/** Values nearer to each other than this share count as equal. */
const TIE = 0.02;

/**
 * The one to keep. Of copies of one picture that with most pixels, then the least compressed; of shots in a burst the sharpest,
 * then the best exposed. Half-readable files come last in both.
 */
export function bestShot(shots: readonly Shot[], kind: "near" | "burst"): BestShot {
  const pixels = ({ width, height }: Shot): number => width * height;
  const rules: readonly { readonly value: (shot: Shot) => number; readonly why: (shot: Shot) => string }[] = [
    { value: (shot) => shot.readable, why: () => "the only whole file" },
    ...(kind === "burst"
      ? [
          { value: (shot: Shot) => shot.looks?.sharpness ?? 0, why: () => "the sharpest" },
          { value: (shot: Shot) => shot.looks?.exposure ?? 0, why: () => "the best exposed" },
        ]
      : []),
    { value: pixels, why: ({ width, height }) => `the largest, ${width} x ${height} px` },
    { value: (shot) => shot.sizeBytes, why: () => "the least compressed" },
  ];
  let left = shots.map((_, i) => i);
  let why = "";
  for (const rule of rules) {
    const best = Math.max(...left.map((i) => rule.value(shots[i]!)));
    const kept = left.filter((i) => rule.value(shots[i]!) >= best * (1 - TIE));
    if (kept.length < left.length) why = rule.why(shots[kept[0]!]!);
    left = kept;
    if (left.length === 1) break;
  }
  return {
    index: left[0]!,
    why: why === "" ? "as good as the others" : why,
  };
}
