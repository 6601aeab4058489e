/**
 * What it costs to get from files to model inputs: pictures drawn by code, 0.3 to 12 megapixels, in the mix of a phone.
 * `npm run bench:decode [-- --images 120]`; the last line is one JSON object.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import sharp, { type Sharp } from "sharp";
import { decodeImage } from "../src/adapters/image-decoder/decode.ts";
import { createSharpDecoder } from "../src/adapters/image-decoder/sharp.ts";
import { decodeSize, fitImage, type InputSpec } from "../src/core/resample.ts";
import { drawPicture, toSharp } from "../test/fixtures/images.ts";
import { machine, table } from "./report.ts";

const { values } = parseArgs({ options: { images: { type: "string", default: "120" } } });
const IMAGES = Number(values.images);

const STARTER: InputSpec = { side: 224, fit: "centre-square", resizeTo: 224, filter: "bicubic" };
const LIMITS = { maxPixels: 300_000_000, timeoutMs: 60_000 };

/** A phone's heap: photos, older photos, messengers' copies, screenshots, stickers. */
const KINDS = [
  { name: "12 MP JPEG", width: 4000, height: 3000, encode: (p: Sharp) => p.jpeg({ quality: 90 }) },
  { name: "8 MP JPEG, upright", width: 2448, height: 3264, encode: (p: Sharp) => p.jpeg({ quality: 85 }) },
  { name: "2 MP JPEG", width: 1600, height: 1200, encode: (p: Sharp) => p.jpeg({ quality: 80 }) },
  { name: "0.6 MP JPEG", width: 768, height: 768, encode: (p: Sharp) => p.jpeg({ quality: 80 }) },
  {
    name: "2 MP progressive",
    width: 1600,
    height: 1200,
    encode: (p: Sharp) => p.jpeg({ progressive: true }),
  },
  { name: "3 MP PNG", width: 1170, height: 2532, encode: (p: Sharp) => p.png({ compressionLevel: 6 }) },
  { name: "1 MP WebP", width: 1280, height: 853, encode: (p: Sharp) => p.webp({ quality: 80 }) },
  { name: "0.3 MP JPEG", width: 640, height: 480, encode: (p: Sharp) => p.jpeg({ quality: 75 }) },
] as const;

sharp.concurrency(1);
sharp.cache(false);

/** Shortest of several runs: the others were disturbed. */
async function shortestMs(runs: number, work: () => Promise<unknown> | unknown): Promise<number> {
  let best = Infinity;
  for (let run = 0; run < runs; run++) {
    const startedMs = performance.now();
    await work();
    best = Math.min(best, performance.now() - startedMs);
  }
  return best;
}

const files = await Promise.all(
  KINDS.map(async ({ encode, width, height }, seed) =>
    encode(toSharp(drawPicture(width, height, seed))).toBuffer(),
  ),
);

interface StageTimes {
  readonly kind: string;
  readonly bytes: number;
  readonly headerMs: number;
  readonly pixelsMs: number;
  readonly fitMs: number;
  readonly thumbnailMs: number;
  readonly wholeMs: number;
}

// One thread, one image: what each stage takes of it.
const stages: StageTimes[] = [];
for (const [i, kind] of KINDS.entries()) {
  const bytes = files[i]!;
  const original = { width: kind.width, height: kind.height };
  const decode = (thumbnail: boolean) => () => decodeImage(bytes, { input: STARTER, thumbnail }, LIMITS);
  const bareMs = await shortestMs(5, decode(false));
  const wholeMs = await shortestMs(5, decode(true));
  const shrunk = decodeSize(STARTER, original);
  const { data } = await sharp(bytes)
    .resize({ ...shrunk, fit: "fill" })
    .raw()
    .toBuffer({ resolveWithObject: true });
  const fitMs = await shortestMs(20, () => fitImage({ data, ...shrunk }, STARTER, original));
  const headerMs = await shortestMs(5, () => sharp(bytes).metadata());
  stages.push({
    kind: kind.name,
    bytes: bytes.length,
    headerMs,
    pixelsMs: bareMs - headerMs - fitMs,
    fitMs,
    thumbnailMs: Math.max(0, wholeMs - bareMs),
    wholeMs,
  });
}

// The resampler alone, at the sizes that are not shrunk on load.
const fits: { readonly side: number; readonly ms: number }[] = [];
for (const side of [448, 480, 672, 768, 1024, 1343]) {
  const picture = drawPicture(side, side, side);
  fits.push({ side, ms: await shortestMs(50, () => fitImage(picture, STARTER)) });
}

interface Throughput {
  readonly perSecond: number;
  /** processor time of one image, all threads together: what it costs on a machine that others use too */
  readonly cpuMs: number;
}

// All threads, as the product runs them.
const call = { signal: new AbortController().signal };
async function throughput(parallelism: number, thumbnail: boolean): Promise<Throughput> {
  const decoder = createSharpDecoder({ parallelism });
  const decodeOne = (i: number) =>
    decoder.decode(Uint8Array.from(files[i % files.length]!), { input: STARTER, thumbnail }, call);
  await Promise.all(Array.from({ length: 2 * parallelism }, (_, i) => decodeOne(i)));
  const startedMs = performance.now();
  const startedCpu = process.cpuUsage();
  let next = 0;
  const lanes = Array.from({ length: 2 * parallelism }, async () => {
    while (next < IMAGES) await decodeOne(next++);
  });
  await Promise.all(lanes);
  const perSecond = (IMAGES * 1000) / (performance.now() - startedMs);
  const cpu = process.cpuUsage(startedCpu);
  await decoder.dispose();
  return { perSecond, cpuMs: (cpu.user + cpu.system) / 1000 / IMAGES };
}
const threads = availableParallelism();
const single = await throughput(1, true);
const withThumbnails = await throughput(threads, true);
const withoutThumbnails = await throughput(threads, false);

const round = (value: number) => Math.round(value * 100) / 100;
const ms = (value: number) => value.toFixed(2);
console.log(
  table(
    ["image", "kB", "header ms", "pixels ms", "fit ms", "thumbnail ms", "all ms"],
    stages.map((s) => [
      s.kind,
      (s.bytes / 1000).toFixed(0),
      ...[s.headerMs, s.pixelsMs, s.fitMs, s.thumbnailMs, s.wholeMs].map(ms),
    ]),
  ),
);
console.log(
  table(
    ["side to 224", "ms"],
    fits.map(({ side, ms: taken }) => [String(side), ms(taken)]),
  ),
);

const total = stages.reduce((sum, s) => sum + s.wholeMs, 0);
const share = (key: "headerMs" | "pixelsMs" | "fitMs" | "thumbnailMs") =>
  round(stages.reduce((sum, s) => sum + s[key], 0) / total);
console.log(
  JSON.stringify({
    bench: "decode",
    images: IMAGES,
    imagesPerSecond: {
      oneThread: round(single.perSecond),
      allThreads: round(withThumbnails.perSecond),
      allThreadsWithoutThumbnails: round(withoutThumbnails.perSecond),
    },
    cpuMsPerImage: {
      withThumbnail: round(withThumbnails.cpuMs),
      withoutThumbnail: round(withoutThumbnails.cpuMs),
    },
    speedUp: round(withThumbnails.perSecond / single.perSecond),
    share: {
      header: share("headerMs"),
      pixels: share("pixelsMs"),
      fit: share("fitMs"),
      thumbnail: share("thumbnailMs"),
    },
    fitMs: Object.fromEntries(fits.map(({ side, ms: taken }) => [side, round(taken)])),
    maxRssMb: Math.round(process.resourceUsage().maxRSS / 1000),
    machine: machine(),
  }),
);
