/**
 * The labelled settings that clustering is tuned and judged on, drawn by seed from ../shared/reference/features.
 *
 * The split was written down before anything was tuned. The kinds of every pack, sorted by name, are dealt in turn to
 * two halves: a kind of the tuning half is never seen in the reporting half. Both halves have the same recipes, each
 * with both encoders. Whole packs that are judged elsewhere too (heap; tinyval2000 with all its 200 kinds) are in the
 * reporting half only.
 */
import { createRandom, shuffled } from "../src/core/random.ts";
import { takeRows, type Vectors } from "../src/core/vectors.ts";
import { readFeatures, type Encoder, type Labelled } from "./features.ts";

export type Half = "tune" | "report";

export interface Setting {
  readonly name: string;
  readonly half: Half;
  readonly encoder: Encoder;
  readonly vectors: Vectors;
  /** kind of each row, 0..kinds-1; every stray carries `kinds` */
  readonly truth: Int32Array;
  readonly kinds: number;
  readonly strays: number;
}

const PACKS = [
  "caltech_a",
  "tinyval2000",
  "dreambooth",
  "scenes",
  "clothing",
  "grocery",
  "houses",
  "receipts",
];

interface Recipe {
  readonly name: string;
  readonly packs: readonly string[];
  /** kinds taken at most */
  readonly kinds: number;
  /** rows wanted of the kind of the given rank (0 = largest); a kind has no more than it has */
  readonly size: (rank: number) => number;
  /** strays as a share of all rows */
  readonly strays: number;
}

const even = (rows: number) => () => rows;
/** Sizes fall like a power of the rank, from `most` to `least`. */
const longTail = (most: number, least: number, power: number) => (rank: number) =>
  Math.max(least, Math.round(most / (rank + 1) ** power));
const ALL = PACKS.filter((pack) => pack !== "receipts");

const RECIPES: readonly Recipe[] = [
  { name: "2 kinds of 20", packs: ["caltech_a"], kinds: 2, size: even(20), strays: 0 },
  { name: "6 kinds of 10", packs: ["caltech_a"], kinds: 6, size: even(10), strays: 0 },
  { name: "12 kinds of 30", packs: ["caltech_a"], kinds: 12, size: even(30), strays: 0 },
  { name: "12 kinds of 30, strays", packs: ["caltech_a"], kinds: 12, size: even(30), strays: 0.1 },
  { name: "25 kinds of 30", packs: ["caltech_a"], kinds: 25, size: even(30), strays: 0 },
  {
    name: "20 kinds, 30 to 2, strays",
    packs: ["caltech_a"],
    kinds: 20,
    size: longTail(30, 2, 0.9),
    strays: 0.1,
  },
  { name: "30 tiny kinds of 10", packs: ["tinyval2000"], kinds: 30, size: even(10), strays: 0 },
  { name: "100 tiny kinds of 10", packs: ["tinyval2000"], kinds: 100, size: even(10), strays: 0 },
  { name: "things", packs: ["dreambooth"], kinds: 15, size: even(40), strays: 0 },
  { name: "scenes and rooms", packs: ["scenes", "houses"], kinds: 5, size: even(500), strays: 0 },
  {
    name: "scenes and rooms, uneven, strays",
    packs: ["scenes", "houses"],
    kinds: 5,
    size: longTail(150, 10, 1.2),
    strays: 0.1,
  },
  { name: "clothes", packs: ["clothing"], kinds: 5, size: even(120), strays: 0 },
  { name: "groceries", packs: ["grocery"], kinds: 22, size: even(25), strays: 0 },
  {
    name: "8 groceries, 60 to 5, strays",
    packs: ["grocery"],
    kinds: 8,
    size: longTail(60, 5, 1),
    strays: 0.1,
  },
  {
    name: "a mixed heap, 80 to 3, strays",
    packs: ALL.filter((p) => p !== "tinyval2000"),
    kinds: 30,
    size: longTail(80, 3, 0.8),
    strays: 0.1,
  },
  {
    name: "a small mixed heap, 20 to 1",
    packs: ALL.filter((p) => p !== "tinyval2000"),
    kinds: 12,
    size: longTail(20, 1, 1),
    strays: 0,
  },
  { name: "everything, 500 to 5", packs: ALL, kinds: 200, size: longTail(500, 5, 0.35), strays: 0 },
  { name: "one kind", packs: ["receipts"], kinds: 1, size: even(300), strays: 0 },
  { name: "one kind of room", packs: ["houses"], kinds: 1, size: even(200), strays: 0 },
  { name: "one kind of thing", packs: ["caltech_a"], kinds: 1, size: even(30), strays: 0 },
];

export const ENCODERS: readonly Encoder[] = ["starter", "mobilenet-v2"];

export function readSettings(half: Half): Setting[] {
  const settings: Setting[] = [];
  for (const encoder of ENCODERS) {
    const packs = new Map([...PACKS, "flickr8k"].map((name) => [name, readFeatures(encoder, name)]));
    RECIPES.forEach((recipe, at) => settings.push(draw(recipe, packs, { half, encoder, seed: 1000 + at })));
    if (half === "report") settings.push(whole(packs.get("tinyval2000")!, encoder));
  }
  if (half === "report") settings.push(whole(readFeatures("starter", "heap"), "starter"));
  return settings;
}

export interface Kind {
  readonly pack: string;
  readonly name: string;
  readonly vectors: Vectors;
}

/** The kinds of one half, of the given packs. */
export function readKinds(half: Half, encoder: Encoder, packs: readonly string[]): Kind[] {
  return packs.flatMap((name) => {
    const pack = readFeatures(encoder, name);
    return [...new Set(pack.labels)]
      .sort()
      .filter((_, i) => (i % 2 === 0) === (half === "tune"))
      .map((kind) => ({ pack: name, name: kind, vectors: takeRows(pack.vectors, rowsOf(pack, kind)) }));
  });
}

function draw(
  recipe: Recipe,
  packs: ReadonlyMap<string, Labelled>,
  { half, encoder, seed }: { half: Half; encoder: Encoder; seed: number },
): Setting {
  const random = createRandom(seed + (half === "tune" ? 0 : 500));
  const kindsOfHalf = recipe.packs.flatMap((name) => {
    const pack = packs.get(name)!;
    const kinds = [...new Set(pack.labels)].sort();
    // A pack of a single kind serves both halves: its even rows one, its odd rows the other.
    if (kinds.length === 1)
      return [{ pack, rows: rowsOf(pack, kinds[0]).filter((_, i) => (i % 2 === 0) === (half === "tune")) }];
    return kinds
      .filter((_, i) => (i % 2 === 0) === (half === "tune"))
      .map((kind) => ({ pack, rows: rowsOf(pack, kind) }));
  });
  const chosen = shuffled(kindsOfHalf, random).slice(0, recipe.kinds);
  const parts = chosen.map(({ pack, rows }, rank) =>
    takeRows(pack.vectors, shuffled(rows, random).slice(0, recipe.size(rank))),
  );
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const strays = Math.round((rows * recipe.strays) / (1 - recipe.strays));
  if (strays > 0) parts.push(drawStrays(packs, new Set(recipe.packs), { half, count: strays, random }));
  return join({ name: recipe.name, half, encoder, kinds: chosen.length, strays }, parts);
}

/** One picture a kind, of kinds of this half from packs not used; photos of people for what then lacks. */
function drawStrays(
  packs: ReadonlyMap<string, Labelled>,
  used: ReadonlySet<string>,
  { half, count, random }: { half: Half; count: number; random: ReturnType<typeof createRandom> },
): Vectors {
  const singles = ["caltech_a", "tinyval2000", "grocery", "dreambooth"]
    .filter((name) => !used.has(name))
    .flatMap((name) => {
      const pack = packs.get(name)!;
      const kinds = [...new Set(pack.labels)].sort().filter((_, i) => (i % 2 === 0) === (half === "tune"));
      return kinds.map((kind) => {
        const rows = rowsOf(pack, kind);
        return takeRows(pack.vectors, [rows[random.int(rows.length)]]);
      });
    });
  const picked = shuffled(singles, random).slice(0, count);
  if (picked.length < count) throw new Error(`Only ${picked.length} strays for ${count}.`);
  return merge(picked);
}

function whole(pack: Labelled, encoder: Encoder): Setting {
  const strayLabel = "one of a kind";
  const kinds = [...new Set(pack.labels)].filter((kind) => kind !== strayLabel).sort();
  const strays = rowsOf(pack, strayLabel);
  const parts = [...kinds.map((kind) => rowsOf(pack, kind)), ...(strays.length > 0 ? [strays] : [])].map(
    (rows) => takeRows(pack.vectors, rows),
  );
  return join(
    { name: pack.name, half: "report", encoder, kinds: kinds.length, strays: strays.length },
    parts,
  );
}

function join(about: Omit<Setting, "vectors" | "truth">, parts: readonly Vectors[]): Setting {
  const vectors = merge(parts);
  const truth = Int32Array.from(
    parts.flatMap((part, kind) => Array.from({ length: part.rows }, () => Math.min(kind, about.kinds))),
  );
  // A fixed shuffle, so that no method sees the kinds in order.
  const order = shuffled([...truth.keys()], createRandom(7));
  return { ...about, vectors: takeRows(vectors, order), truth: Int32Array.from(order, (i) => truth[i]) };
}

function merge(parts: readonly Vectors[]): Vectors {
  const { dims } = parts[0];
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const data = new Float32Array(rows * dims);
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { data, rows, dims };
}

function rowsOf(pack: Labelled, kind: string): number[] {
  return pack.labels.flatMap((label, i) => (label === kind ? [i] : []));
}

/**
 * Mean 1 - cosine of unrelated photos in each space: between the means of the kinds of all packs but heap and
 * receipts, tuning half.
 */
export const UNRELATED: Readonly<Record<Encoder, number>> = { starter: 0.93, "mobilenet-v2": 0.62 };
