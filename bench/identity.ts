/**
 * Whether albums keep their ids when a fifth of the images goes, or comes, and everything is grouped anew.
 * `npm run study:identity`; the table goes to bench/results/identity.md.
 */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { createWardKMeans } from "../src/adapters/clusterer/ward-kmeans.ts";
import { createOnnxMatrix } from "../src/adapters/matrix/onnx.ts";
import { UNSORTED, type Album } from "../src/core/albums.ts";
import type { ImageVectors } from "../src/core/make-albums.ts";
import { createRandom, shuffled } from "../src/core/random.ts";
import { takeRows } from "../src/core/vectors.ts";
import { regroup } from "../src/pipeline/group.ts";
import type { Matrix } from "../src/ports/matrix.ts";
import { UNRELATED } from "./clustering-settings.ts";
import { hasFeatures, readFeatures, type Encoder } from "./features.ts";
import { defaultTerms } from "./found-albums.ts";
import { machine, mean, table } from "./report.ts";

const DRAWS = 6;
const SHARE = 0.2;
const SETS: readonly (readonly [Encoder, string])[] = [
  ["starter", "heap"],
  ["starter", "caltech_a"],
  ["starter", "dreambooth"],
  ["starter", "scenes"],
  ["starter", "grocery"],
  ["starter", "tinyval2000"],
  ["mobilenet-v2", "caltech_a"],
  ["mobilenet-v2", "dreambooth"],
  ["mobilenet-v2", "tinyval2000"],
];
const watch = { signal: new AbortController().signal, report: () => {} };

type Direction = "fewer" | "more";

/** One album of before, and what became of it. */
interface Fate {
  readonly isKept: boolean;
  /** its images that are still there and together in one album now, as a share: the best over all albums now */
  readonly together: number;
  /** images in both over images in either, of those known before and now; the best over all albums now */
  readonly overlap: number;
}

async function fatesOf(
  input: ImageVectors,
  encoder: Encoder,
  { direction, seed, matrix }: { direction: Direction; seed: number; matrix: Matrix },
): Promise<Fate[]> {
  const n = input.images.length;
  // Adding a fifth to what there was makes six sixths of five.
  const fewer = Math.round(direction === "fewer" ? n * (1 - SHARE) : n / (1 + SHARE));
  const rows = shuffled([...Array(n).keys()], createRandom(seed))
    .slice(0, fewer)
    .sort((a, b) => a - b);
  const part = { images: rows.map((row) => input.images[row]!), vectors: takeRows(input.vectors, rows) };
  const [before, after] = direction === "fewer" ? [input, part] : [part, input];
  const settings = { ...defaultTerms(UNRELATED[encoder]), singletons: false, depth: 1 };
  const clusterer = createWardKMeans({ matrix });
  const old = (await regroup(before, [], settings, clusterer, watch)).albums;
  const now = (await regroup(after, old, settings, clusterer, watch)).albums;

  const common = new Set(part.images);
  const commonOf = (album: Album) =>
    new Set(album.members.map(({ image }) => image).filter((image) => common.has(image)));
  const nowSets = leaves(now).map((album) => commonOf(album));
  const ids = new Set(leaves(now).map(({ id }) => id));
  return leaves(old).flatMap((album) => {
    const members = commonOf(album);
    if (members.size === 0) return [];
    const shared = nowSets.map((other) => [...members].filter((image) => other.has(image)).length);
    return [
      {
        isKept: ids.has(album.id),
        together: Math.max(0, ...shared.map((both) => both / members.size)),
        overlap: Math.max(0, ...shared.map((both, c) => both / (members.size + nowSets[c]!.size - both))),
      },
    ];
  });
}

function leaves(albums: readonly Album[]): Album[] {
  return albums.filter((album) => album.id !== UNSORTED);
}

function summarize(fates: readonly Fate[]) {
  const kept = (some: readonly Fate[]) => mean(some.map(({ isKept }) => (isKept ? 1 : 0)));
  return {
    albums: fates.length,
    overlapHalf: fates.filter(({ overlap }) => overlap >= 0.5).length,
    keptOfOverlapHalf: kept(fates.filter(({ overlap }) => overlap >= 0.5)),
    togetherHalf: fates.filter(({ together }) => together >= 0.5).length,
    keptOfTogetherHalf: kept(fates.filter(({ together }) => together >= 0.5)),
    keptOfAll: kept(fates),
    meanOverlap: mean(fates.map(({ overlap }) => overlap)),
  };
}

async function main(): Promise<void> {
  if (!hasFeatures()) {
    console.log("Skipped: ../shared/reference/features is not here.");
    return;
  }
  const matrix = await createOnnxMatrix();
  const results: ({ encoder: string; set: string; direction: string } & ReturnType<typeof summarize>)[] = [];
  const all: Record<Direction, Fate[]> = { fewer: [], more: [] };
  for (const [encoder, set] of SETS) {
    const { vectors } = readFeatures(encoder, set);
    const images = Array.from({ length: vectors.rows }, (_, row) =>
      createHash("sha256").update(`${set} ${row}`).digest("hex"),
    );
    for (const direction of ["fewer", "more"] as const) {
      const fates: Fate[] = [];
      for (let at = 0; at < DRAWS; at++)
        fates.push(...(await fatesOf({ images, vectors }, encoder, { direction, seed: 300 + at, matrix })));
      all[direction].push(...fates);
      results.push({ encoder, set, direction, ...summarize(fates) });
    }
  }
  await matrix.dispose();
  for (const direction of ["fewer", "more"] as const)
    results.push({ encoder: "both", set: "all", direction, ...summarize(all[direction]) });

  const three = (value: number) => value.toFixed(3);
  const text = table(
    [
      "encoder",
      "set",
      "a fifth",
      "albums",
      "overlap ≥ ½",
      "ids kept",
      "together ≥ ½",
      "ids kept",
      "of all kept",
      "overlap",
    ],
    results.map((r) => [
      r.encoder,
      r.set,
      r.direction,
      r.albums,
      r.overlapHalf,
      three(r.keptOfOverlapHalf),
      r.togetherHalf,
      three(r.keptOfTogetherHalf),
      three(r.keptOfAll),
      three(r.meanOverlap),
    ]),
  );
  console.log(text);
  mkdirSync(new URL("results/", import.meta.url), { recursive: true });
  writeFileSync(
    new URL("results/identity.md", import.meta.url),
    `# Ids after a fifth of the images went or came\n\n${DRAWS} draws a row, default settings. Only images that are there before and after count. Overlap: images in\nboth albums over images in either. Together: share of an album's images that are in one album now; where two albums\nmerged, both are together and one id must end.\n\n${text}\n`,
  );
  console.log(JSON.stringify({ draws: DRAWS, results, machine: machine() }));
}

await main();
