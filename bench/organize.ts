/**
 * How long the main job takes: `npm run bench:organize` (builds first).
 *
 * Three questions, one run:
 * 1. 300 photos of mixed sizes up to 12 megapixels, starter fetched already, cold process, with and without captions.
 * 2. Where the time of embedding goes: decode alone, inference alone, and the pipeline that overlaps them, on the same
 *    files in turns. On few cores decode and inference share them, so the bound is not the slower of the two but their
 *    sum; both ratios are printed.
 * 3. A second run over an unchanged folder of 10,000 images.
 *
 * The photos are drawn by the product's demo, enlarged and given sensor-like grain, so that their files are as large
 * and as hard to decode as a camera's; nothing third-party is needed.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import sharp from "sharp";
import { createMemoryBlobStore } from "../src/adapters/blob-store/memory.ts";
import { drawDemo } from "../src/adapters/demo/sharp.ts";
import { createStarterEmbedder } from "../src/adapters/embedder/onnx.ts";
import { createSharpDecoder } from "../src/adapters/image-decoder/sharp.ts";
import { createFolderSource } from "../src/adapters/image-source/folder.ts";
import { openDatabase } from "../src/adapters/store/database.ts";
import { createSqliteStore } from "../src/adapters/store/sqlite.ts";
import type { DecodedImage } from "../src/core/resample.ts";
import { ingest } from "../src/pipeline/ingest.ts";
import { prefetch } from "../src/pipeline/prefetch.ts";
import { starterOrSkip } from "../test/support/starter.ts";
import { machine, median, table } from "./report.ts";

const PHOTOS = 300;
const MANY = 10_000;
const ROUNDS = 3;
/** Long sides and shares as in a phone's camera roll: full photos, messenger copies, screenshots. */
const SIZES = [
  { width: 4000, height: 3000, share: 0.34 },
  { width: 2048, height: 1536, share: 0.33 },
  { width: 1080, height: 810, share: 0.33 },
];
const CLI = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const run = promisify(execFile);
const signal = new AbortController().signal;

const starter = await starterOrSkip();
if (!starter.isAvailable) process.exit(0);

const base = await mkdtemp(join(tmpdir(), "albumen-bench-"));
try {
  const photos = join(base, "photos");
  const megabytes = await makePhotos(photos);
  console.error(`${PHOTOS} photos, ${Math.round(megabytes)} MB`);

  const cold = { captions: [] as number[], bare: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    cold.captions.push(await organize(photos, []));
    cold.bare.push(await organize(photos, ["--no-captions"]));
  }

  const stages = await embedStages(photos);

  const many = join(base, "many");
  await makeMany(many);
  const out = join(base, "many-albums");
  const first = await organize(many, [], out);
  const again: number[] = [];
  for (let round = 0; round < ROUNDS; round++) again.push(await organize(many, [], out));

  const figures = {
    photos: PHOTOS,
    megabytes: Math.round(megabytes),
    coldWithCaptionsS: median(cold.captions),
    coldWithoutCaptionsS: median(cold.bare),
    ...stages,
    firstRunOf10000S: first,
    unchangedRunOf10000S: median(again),
  };
  console.log(
    table(
      ["what", "measured", "bar"],
      [
        [`${PHOTOS} photos, cold, with captions`, `${figures.coldWithCaptionsS.toFixed(1)} s`, "< 12 s"],
        [`${PHOTOS} photos, cold, without captions`, `${figures.coldWithoutCaptionsS.toFixed(1)} s`, "< 8 s"],
        ["decode alone", `${stages.decodePerS.toFixed(0)} images/s`, ""],
        ["inference alone", `${stages.inferPerS.toFixed(0)} images/s`, ""],
        ["embedding (both, and rows written)", `${stages.embedPerS.toFixed(0)} images/s`, ""],
        ["share of the slower alone", stages.shareOfSlower.toFixed(2), "≥ 0.90"],
        ["share of the bound with shared cores", stages.shareOfSharedBound.toFixed(2), ""],
        [`${MANY} images, first run`, `${first.toFixed(1)} s`, ""],
        [`${MANY} images, unchanged`, `${figures.unchangedRunOf10000S.toFixed(1)} s`, "< 3 s"],
      ],
    ),
  );
  console.log(JSON.stringify({ bench: "organize", figures, machine: machine() }));
} finally {
  await rm(base, { recursive: true, force: true });
}

/** Wall seconds of one command in a process of its own. */
async function organize(source: string, flags: readonly string[], out?: string): Promise<number> {
  const folder = out ?? (await mkdtemp(join(base, "out-")));
  const start = performance.now();
  await run(process.execPath, [
    CLI,
    "organize",
    source,
    "--out",
    folder,
    "--model",
    "starter",
    "--quiet",
    ...flags,
  ]);
  const seconds = (performance.now() - start) / 1000;
  if (out === undefined) await rm(folder, { recursive: true });
  return seconds;
}

async function embedStages(folder: string) {
  const embedder = await createStarterEmbedder(starter.isAvailable ? starter.value : never());
  const decoder = createSharpDecoder();
  const source = createFolderSource({ roots: [folder] });
  const paths: string[] = [];
  for await (const item of source.list(signal))
    if (item.kind === "location") paths.push(item.location.source);
  const decode = async (path: string): Promise<DecodedImage> =>
    (await decoder.decode(await readFile(path), { input: embedder.input, thumbnail: true }, { signal }))
      .image;
  const perSecond: Record<"decode" | "infer" | "embed", number[]> = { decode: [], infer: [], embed: [] };
  for (let round = 0; round <= ROUNDS; round++) {
    const images: DecodedImage[] = [];
    let start = performance.now();
    for await (const image of prefetch(paths, 2 * decoder.parallelism + embedder.maxBatch, decode))
      images.push(image);
    const decodeMs = performance.now() - start;
    start = performance.now();
    for (let at = 0; at < images.length; at += embedder.maxBatch)
      await embedder.embedImages(images.slice(at, at + embedder.maxBatch), { signal });
    const inferMs = performance.now() - start;
    const store = createSqliteStore({ db: openDatabase(":memory:"), vectorFolder: null });
    start = performance.now();
    await ingest(
      {
        source,
        store,
        decoder,
        embedder,
        thumbs: createMemoryBlobStore(),
        originals: createMemoryBlobStore(),
        now: () => "",
      },
      { signal, report: () => {} },
    );
    const embedMs = performance.now() - start;
    await store.close();
    // The first round warms caches and code.
    if (round === 0) continue;
    perSecond.decode.push((images.length / decodeMs) * 1000);
    perSecond.infer.push((images.length / inferMs) * 1000);
    perSecond.embed.push((images.length / embedMs) * 1000);
  }
  await embedder.dispose();
  await decoder.dispose();
  const [decodePerS, inferPerS, embedPerS] = [perSecond.decode, perSecond.infer, perSecond.embed].map(median);
  return {
    decodePerS,
    inferPerS,
    embedPerS,
    shareOfSlower: embedPerS / Math.min(decodePerS, inferPerS),
    shareOfSharedBound: embedPerS * (1 / decodePerS + 1 / inferPerS),
  };
}

/** Returns megabytes. */
async function makePhotos(folder: string): Promise<number> {
  await mkdir(folder);
  const drawn: Uint8Array[] = [];
  for await (const { bytes, kind } of drawDemo()) if (kind !== null) drawn.push(bytes);
  let sum = 0;
  for (let i = 0; i < PHOTOS; i++) {
    const at = (i + 0.5) / PHOTOS;
    const size = SIZES.find(
      (_, s) => at < SIZES.slice(0, s + 1).reduce((share, one) => share + one.share, 0),
    )!;
    const { width, height } = i % 3 === 0 ? { width: size.height, height: size.width } : size;
    const grain = await sharp({
      create: {
        width,
        height,
        channels: 3,
        background: "#808080",
        noise: { type: "gaussian", mean: 128, sigma: 6 },
      },
    })
      .png({ compressionLevel: 0 })
      .toBuffer();
    const bytes = await sharp(drawn[i % drawn.length])
      .resize(width, height, { fit: "cover" })
      .flatten({ background: "#ffffff" })
      .composite([{ input: grain, blend: "soft-light" }])
      .jpeg({ quality: 88 })
      .toBuffer();
    sum += bytes.length;
    await writeFile(join(folder, `photo-${String(i).padStart(3, "0")}.jpg`), bytes);
  }
  return sum / 1e6;
}

/** Small distinct pictures: this part measures bookkeeping, not decoding. */
async function makeMany(folder: string): Promise<void> {
  await mkdir(folder);
  const drawn: Uint8Array[] = [];
  for await (const { bytes, kind } of drawDemo()) if (kind !== null) drawn.push(bytes);
  const small = await Promise.all(
    drawn.map((bytes) =>
      sharp(bytes).resize(128, 96, { fit: "cover" }).flatten().removeAlpha().raw().toBuffer(),
    ),
  );
  for (let i = 0; i < MANY; i++) {
    const pixels = Buffer.from(small[i % small.length]);
    pixels.writeUInt32LE(i, 0);
    const bytes = await sharp(pixels, { raw: { width: 128, height: 96, channels: 3 } })
      .png({ compressionLevel: 1 })
      .toBuffer();
    await writeFile(join(folder, `${String(i).padStart(5, "0")}.png`), bytes);
  }
}

function never(): never {
  throw new Error("unreachable: the bench ended above");
}
