/**
 * Pictures and captions a second, decoding not counted: `npx tsx bench/encoder.ts`.
 *
 * The starter's embedder (pixels, trunk, head, unit length) beside its bare trunk, for each batch size; the two take
 * turns, so that whatever else the machine does slows both. Threads: `ALBUMEN_THREADS`, else all cores. The starter
 * must be installed or fetchable.
 */
import { availableParallelism, cpus } from "node:os";
import { createStarterCaptioner } from "../src/adapters/captioner/onnx.ts";
import { createMiniEmbedder, createStarterEmbedder } from "../src/adapters/embedder/onnx.ts";
import { createRandom } from "../src/core/random.ts";
import type { DecodedImage } from "../src/core/resample.ts";
import { defaultCacheDir } from "../src/models/cache.ts";
import { describeModelEvent } from "../src/models/events.ts";
import { openGraph } from "../src/models/graph.ts";
import { openBundledModel } from "../src/models/model.ts";
import { createPixelLender } from "../src/models/pixels.ts";
import { median } from "./report.ts";

const ROUNDS = 15;
const threads = Number(process.env["ALBUMEN_THREADS"] ?? availableParallelism());
const signal = new AbortController().signal;
const options = {
  cacheDir: defaultCacheDir(),
  offline: process.env["ALBUMEN_OFFLINE"] === "1",
  signal,
  threads,
  onEvent: (event: Parameters<typeof describeModelEvent>[0]) => {
    const line = describeModelEvent(event);
    if (line !== null) console.error(line);
  },
};

function noisePictures(count: number, side: number): DecodedImage[] {
  const random = createRandom(1);
  return Array.from({ length: count }, () => ({
    data: Uint8Array.from({ length: side * side * 3 }, () => random.int(256)),
    width: side,
    height: side,
  }));
}

/** Median milliseconds of each task, run in turns after one round to warm up. */
async function medianMs(...tasks: (() => Promise<unknown> | unknown)[]): Promise<number[]> {
  const times = tasks.map(() => [] as number[]);
  for (let round = 0; round <= ROUNDS; round++)
    for (const [i, task] of tasks.entries()) {
      const start = performance.now();
      await task();
      if (round > 0) times[i].push(performance.now() - start);
    }
  return times.map(median);
}

const perSecond = (count: number, ms: number) => Math.round((count / ms) * 1000);

const model = await openBundledModel("starter", options);
const trunk = await openGraph(await model.read("trunk.onnx"), "trunk.onnx", { threads });
const starter = await createStarterEmbedder(options);
const lendPixels = createPixelLender(model.manifest.input);
const writePixels = createPixelLender(model.manifest.input);
const pictures = noisePictures(32, starter.input.side);
const embedding = [];
for (const batch of [1, 8, 16, 32]) {
  const some = pictures.slice(0, batch);
  const [bare, whole, writing] = await lendPixels(some, (x) =>
    medianMs(
      () => trunk.run({ x }),
      () => starter.embedImages(some, { signal }),
      () => writePixels(some, () => Promise.resolve()),
    ),
  );
  embedding.push({
    batch,
    trunkPerSecond: perSecond(batch, bare),
    starterPerSecond: perSecond(batch, whole),
    starterOfTrunk: Number((bare / whole).toFixed(3)),
    writingMsAPicture: Number((writing / batch).toFixed(3)),
  });
}
await trunk.dispose();
await starter.dispose();
console.table(embedding);

const captioner = await createStarterCaptioner(options);
const captioning = [];
for (const batch of [1, 4, 8]) {
  const [ms] = await medianMs(() => captioner.caption(pictures.slice(0, batch), { signal }));
  captioning.push({ batch, captionsPerSecond: perSecond(batch, ms) });
}
await captioner.dispose();
console.table(captioning);

const mini = await createMiniEmbedder(options);
const small = noisePictures(16, mini.input.side);
const [miniMs] = await medianMs(() => mini.embedImages(small, { signal }));
await mini.dispose();
const miniPerSecond = perSecond(16, miniMs);
console.log(`mini, batch 16: ${miniPerSecond} pictures a second`);

const machine = { cpu: cpus()[0].model.trim(), cores: cpus().length, threads, node: process.version };
console.log(JSON.stringify({ embedding, captioning, miniPerSecond, machine }));
