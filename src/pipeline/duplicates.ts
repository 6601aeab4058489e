/** Pictures that are there more than once: by bytes, by look, by the moment. Nothing is deleted; what to keep is a suggestion. */
import {
  areDifferentShots,
  bestShot,
  findBursts,
  groupPairs,
  likelyCopies,
  type Shot,
} from "../core/duplicates/groups.ts";
import type { HashPair } from "../core/duplicates/near-hashes.ts";
import { COPY_SIDE, isSamePicture, viewsOf, type Views } from "../core/duplicates/same-picture.ts";
import { greyOf } from "../core/perceptual-hash.ts";
import { dot, rowOf, takeRows, type Vectors } from "../core/vectors.ts";
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
  /** row i is of `rows[i]` */
  readonly vectors: Vectors;
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
  const { rows, vectors } = input;
  const shots = rows.map(({ sizeBytes, facts }): Shot => ({ ...facts, sizeBytes }));
  const alike = (await suspectsByEmbedding(input, watch)).filter(
    ({ a, b }) => !areDifferentShots(shots[a]!, shots[b]!),
  );
  const suspects = mergePairs([...likelyCopies(shots), ...alike]);

  const viewer = createViewer(input, watch);
  const near: HashPair[] = [];
  for (const [done, pair] of suspects.entries()) {
    throwIfAborted(watch.signal);
    if (done % 50 === 0) watch.report({ kind: "progress", stage: "compare", done, total: suspects.length });
    const a = await viewer.viewsOf(rows[pair.a]!.image);
    const b = await viewer.viewsOf(rows[pair.b]!.image);
    if (a && b && isSamePicture(a, b)) near.push(pair);
  }
  watch.report({ kind: "progress", stage: "compare", done: suspects.length, total: suspects.length });

  const groupsOf = (found: readonly (readonly number[])[], kind: "near" | "burst") =>
    found.map((members) => {
      const { index, why } = bestShot(
        members.map((i) => shots[i]!),
        kind,
      );
      return { members, best: members[index]!, why };
    });
  const copies = groupsOf(groupPairs(rows.length, near), "near");
  // Copies of one shot are no burst: the best of them stands for all.
  const isCopy = new Set(copies.flatMap(({ members, best }) => members.filter((i) => i !== best)));
  const ownShots = shots.map((shot, i) => (isCopy.has(i) ? { ...shot, takenAt: null } : shot));
  const similarity = (a: number, b: number): number => dot(rowOf(vectors, a), rowOf(vectors, b));
  const bursts = groupsOf(findBursts(ownShots, similarity), "burst");
  const told = ({ members, best, why }: (typeof copies)[number]): DuplicateGroup => ({
    images: members.map((i) => rows[i]!.image),
    best: rows[best]!.image,
    why,
  });
  return { near: copies.map(told), bursts: bursts.map(told), unseen: viewer.unseen() };
}

async function suspectsByEmbedding(
  { rows, vectors, albumOf, matrix }: DuplicatesInput,
  watch: Watch,
): Promise<HashPair[]> {
  const blocks = new Map<string | null, number[]>();
  for (const [i, { image }] of rows.entries()) {
    const key = rows.length <= COMPARED_WHOLE ? null : albumOf(image);
    const block = blocks.get(key);
    if (block) block.push(i);
    else blocks.set(key, [i]);
  }
  const pairs: HashPair[] = [];
  for (const block of blocks.values()) {
    if (block.length < 2) continue;
    const base = takeRows(vectors, block);
    const k = Math.min(NEIGHBOURS + 1, block.length); // each finds itself
    const found = await matrix.topK(base, base, k, callOf(watch, "compare"));
    for (let i = 0; i < block.length; i++)
      for (let n = 0; n < k; n++) {
        const other = found.index[i * k + n]!;
        if (other !== i && found.similarity[i * k + n]! >= LEAST_SIMILARITY)
          pairs.push({ a: Math.min(block[i]!, block[other]!), b: Math.max(block[i]!, block[other]!) });
      }
  }
  return pairs;
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
      return viewsOf(greyOf(decoded.image));
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
