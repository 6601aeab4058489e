/** Pictures that are there more than once: by bytes, by look, by the moment. Nothing is deleted; what to keep is a suggestion. */
import { areDifferentShots, bestShot, findBursts, groupPairs, type Shot } from "../core/duplicates/groups.ts";
import { nearHashes, type HashPair } from "../core/duplicates/near-hashes.ts";
import { COPY_SIDE, isSamePicture, viewsOf, type Views } from "../core/duplicates/same-picture.ts";
import type { ImageVectors } from "../core/make-albums.ts";
import { greyOf } from "../core/perceptual-hash.ts";
import { rowOf, takeRows } from "../core/vectors.ts";
import { isAlbumenError, throwIfAborted } from "../errors.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { ImageDecoder } from "../ports/image-decoder.ts";
import type { Matrix } from "../ports/matrix.ts";
import type { ImageRow, Store } from "../ports/store.ts";
import { callOf, quietCall, type Watch } from "./events.ts";

/** Images that are one picture, or shots of one moment; `images` in the order of the catalog, or of time. */
export interface DuplicateGroup {
  readonly images: readonly string[];
  /** the image to keep */
  readonly best: string;
  /** one phrase */
  readonly why: string;
}

export interface Duplicates {
  /** one picture in different files: re-encoded, scaled, cropped, marked, without colour */
  readonly near: readonly DuplicateGroup[];
  /** several shots of one moment */
  readonly bursts: readonly DuplicateGroup[];
  /** images that could not be compared because their thumbnail is gone */
  readonly unseen: number;
}

export interface DuplicatesInput {
  readonly rows: readonly ImageRow[];
  readonly vectors: ImageVectors;
  /** id of the image's album; null: it is in none */
  readonly albumOf: (image: string) => string | null;
  readonly thumbs: BlobStore;
  readonly decoder: ImageDecoder;
  readonly matrix: Matrix;
}

/** One place of a picture that is there more than once. */
export interface DuplicateFile {
  readonly image: string;
  /** every path or URL under which these bytes lie */
  readonly sources: readonly string[];
  /** pixels */
  readonly width: number;
  readonly height: number;
  readonly sizeBytes: number;
  /** ISO 8601 local time without zone; null: not known */
  readonly takenAt: string | null;
}

/** Files that hold one picture, or shots of one moment. */
export interface DuplicateSet {
  readonly kind: "exact" | "near" | "burst";
  readonly files: readonly DuplicateFile[];
  /** the source to keep: a suggestion, nothing is ever deleted */
  readonly keep: string;
  /** one phrase */
  readonly why: string;
}

/** Places of one image that are told at most. */
const MAX_PLACES = 1000;

/** All three lists with the places of every picture, exact ones first. */
export async function listDuplicates(
  input: DuplicatesInput,
  store: Store,
  watch: Watch,
): Promise<{ readonly sets: DuplicateSet[]; readonly unseen: number }> {
  const { rows } = input;
  const found = await findDuplicates(input, watch);
  const places = await store.placesOf(
    rows.map(({ image }) => image),
    MAX_PLACES,
  );
  const rowOfImage = new Map(rows.map((row) => [row.image, row]));
  const fileOf = (image: string): DuplicateFile => {
    const { facts, sizeBytes } = rowOfImage.get(image)!;
    const sources = (places.get(image) ?? []).map(({ source }) => source);
    return { image, sources, sizeBytes, width: facts.width, height: facts.height, takenAt: facts.takenAt };
  };
  const setOf = (kind: "near" | "burst", { images, best, why }: DuplicateGroup): DuplicateSet => {
    const files = images.map(fileOf);
    const kept = files.find(({ image }) => image === best)!;
    return { kind, files, keep: kept.sources[0] ?? kept.image, why };
  };
  const exact = rows
    .map(({ image }) => fileOf(image))
    .filter(({ sources }) => sources.length > 1)
    .map((file): DuplicateSet => ({
      kind: "exact",
      files: [file],
      keep: file.sources[0]!,
      why: "all are equal",
    }));
  return {
    sets: [
      ...exact,
      ...found.near.map((group) => setOf("near", group)),
      ...found.bursts.map((group) => setOf("burst", group)),
    ],
    unseen: found.unseen,
  };
}

/** Up to so many images each is compared with all others by embedding; of more, with those of its album. */
const COMPARED_WHOLE = 20_000;
/** Nearest images by embedding that are looked at, and how near they must be: a crop of 5 % keeps .82 and more. */
const NEIGHBOURS = 8;
const LEAST_SIMILARITY = 0.7;
/** Views of so many pictures are kept, 0.3 MB each. */
const KEPT_VIEWS = 256;

/** Two pictures are near duplicates when hash or embedding suspect it and their pixels, laid over each other, agree. */
export async function findDuplicates(input: DuplicatesInput, watch: Watch): Promise<Duplicates> {
  const { rows, vectors, matrix } = input;
  const rowOfImage = new Map(vectors.images.map((image, row) => [image, row]));
  const suspects = mergePairs([
    ...suspectsByHash(rows),
    ...(await suspectsByEmbedding(input, rowOfImage, matrix, watch)),
  ]).filter(({ a, b }) => !areDifferentShots(shotOf(rows[a]!), shotOf(rows[b]!)));

  const viewer = createViewer(input, watch);
  const near: HashPair[] = [];
  for (const [done, pair] of suspects.entries()) {
    throwIfAborted(watch.signal);
    if (done % 50 === 0) watch.report({ kind: "progress", stage: "compare", done, total: suspects.length });
    const [first, second] = [rows[pair.a]!, rows[pair.b]!];
    const [a, b] = [await viewer.viewsOf(first.image), await viewer.viewsOf(second.image)];
    if (a && b && isSamePicture(a, b)) near.push(pair);
  }
  watch.report({ kind: "progress", stage: "compare", done: suspects.length, total: suspects.length });

  const shots = rows.map(shotOf);
  const groupOf = (indices: readonly number[], kind: "near" | "burst"): DuplicateGroup => {
    const best = bestShot(
      indices.map((i) => shots[i]!),
      kind,
    );
    return {
      images: indices.map((i) => rows[i]!.image),
      best: rows[indices[best.index]!]!.image,
      why: best.why,
    };
  };
  const nearGroups = groupPairs(rows.length, near);
  // Copies of one shot are no burst: the best of them stands for all.
  const isCopy = new Set(
    nearGroups.flatMap((group) => {
      const best = bestShot(
        group.map((i) => shots[i]!),
        "near",
      ).index;
      return group.filter((_, i) => i !== best);
    }),
  );
  const ownShots = shots.map((shot, i) => (isCopy.has(i) ? { ...shot, takenAt: null } : shot));
  const similarity = (a: number, b: number): number => {
    const [x, y] = [rowOfImage.get(rows[a]!.image), rowOfImage.get(rows[b]!.image)];
    return x === undefined || y === undefined ? -1 : cosine(vectors, x, y);
  };
  return {
    near: nearGroups.map((group) => groupOf(group, "near")),
    bursts: findBursts(ownShots, similarity).map((burst) => groupOf(burst, "burst")),
    unseen: viewer.unseen(),
  };
}

function shotOf({ sizeBytes, facts }: ImageRow): Shot {
  return { ...facts, sizeBytes };
}

function suspectsByHash(rows: readonly ImageRow[]): HashPair[] {
  const hashed = rows.flatMap(({ facts: { looks } }, index) =>
    looks === null ? [] : [{ index, hash: looks.perceptualHash }],
  );
  return nearHashes(hashed.map(({ hash }) => hash)).map(({ a, b }) => ({
    a: hashed[a]!.index,
    b: hashed[b]!.index,
  }));
}

async function suspectsByEmbedding(
  { rows, vectors, albumOf }: DuplicatesInput,
  rowOfImage: ReadonlyMap<string, number>,
  matrix: Matrix,
  watch: Watch,
): Promise<HashPair[]> {
  const embedded = rows.flatMap(({ image }, index) => {
    const row = rowOfImage.get(image);
    return row === undefined ? [] : [{ image, index, row }];
  });
  const blocks = new Map<string | null, typeof embedded>();
  for (const entry of embedded) {
    const key = embedded.length <= COMPARED_WHOLE ? null : albumOf(entry.image);
    const block = blocks.get(key);
    if (block) block.push(entry);
    else blocks.set(key, [entry]);
  }
  const pairs: HashPair[] = [];
  for (const block of blocks.values()) {
    if (block.length < 2) continue;
    const base = takeRows(
      vectors.vectors,
      block.map(({ row }) => row),
    );
    const k = Math.min(NEIGHBOURS + 1, block.length); // each finds itself
    const found = await matrix.topK(base, base, k, callOf(watch, "compare"));
    for (let i = 0; i < block.length; i++)
      for (let n = 0; n < k; n++) {
        const other = found.index[i * k + n]!;
        if (other !== i && found.similarity[i * k + n]! >= LEAST_SIMILARITY)
          pairs.push(ordered(block[i]!.index, block[other]!.index));
      }
  }
  return pairs;
}

function ordered(a: number, b: number): HashPair {
  return a < b ? { a, b } : { a: b, b: a };
}

/** Each pair once, in order. */
function mergePairs(pairs: readonly HashPair[]): HashPair[] {
  const sorted = pairs.toSorted((x, y) => x.a - y.a || x.b - y.b);
  return sorted.filter((pair, i) => i === 0 || pair.a !== sorted[i - 1]!.a || pair.b !== sorted[i - 1]!.b);
}

/** The views of pictures, from their thumbnails; the last few hundred are kept. */
function createViewer({ thumbs, decoder }: DuplicatesInput, watch: Watch) {
  const kept = new Map<string, Promise<Views | null>>();
  const gone = new Set<string>();
  const make = async (image: string): Promise<Views | null> => {
    const thumbnail = await thumbs.get(image);
    if (thumbnail === null) {
      gone.add(image);
      return null;
    }
    const input = { side: COPY_SIDE, fit: "squash", resizeTo: COPY_SIDE, filter: "bilinear" } as const;
    try {
      const decoded = await decoder.decode(thumbnail, { input, thumbnail: false }, quietCall(watch));
      return viewsOf(greyOf(decoded.image, COPY_SIDE, COPY_SIDE));
    } catch (error) {
      if (!isAlbumenError(error) || error.code === "ABORTED") throw error;
      gone.add(image);
      return null;
    }
  };
  return {
    viewsOf(image: string): Promise<Views | null> {
      const known = kept.get(image) ?? make(image);
      kept.delete(image);
      kept.set(image, known);
      if (kept.size > KEPT_VIEWS) kept.delete(kept.keys().next().value!);
      return known;
    },
    unseen: (): number => gone.size,
  };
}

function cosine({ vectors }: ImageVectors, x: number, y: number): number {
  const [a, b] = [rowOf(vectors, x), rowOf(vectors, y)];
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
