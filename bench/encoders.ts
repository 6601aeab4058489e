/**
 * CLIP ViT-B/32 in its real size, weights random: `npm run bench:encoders [-- --rounds 5]`. Writes results/encoders.md.
 *
 * "bare" is ONNX Runtime on the same graph, the pixels ready in memory; "embedder" begins with decoded pictures; the
 * JPEG columns begin with the bytes of files, and decoding shares the cores with the model. "bound" is what the cores could
 * give at most: the time of bare and of decoding alone, added up. All take turns and every share is the median over rounds
 * of two numbers of the same round, so that whatever else the machine does slows both.
 */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import sharp from "sharp";
import { createOnnxEmbedder } from "../src/adapters/embedder/onnx.ts";
import { decodeImage } from "../src/adapters/image-decoder/decode.ts";
import { createSharpDecoder } from "../src/adapters/image-decoder/sharp.ts";
import { fitImage, type DecodedImage } from "../src/core/resample.ts";
import { dot, rowOf } from "../src/core/vectors.ts";
import { buildClipVision, parseClipConfig } from "../src/models/architectures/clip.ts";
import { parsePreprocessor } from "../src/models/architectures/preprocessor.ts";
import { openGraph, type Graph } from "../src/models/graph.ts";
import type { Tensor } from "../src/models/onnxruntime.ts";
import { createPixelLender, geometryOf } from "../src/models/pixels.ts";
import { prefetch } from "../src/pipeline/prefetch.ts";
import type { Embedder } from "../src/ports/embedder.ts";
import { drawPicture, toSharp } from "../test/fixtures/images.ts";
import { randomClip } from "../test/fixtures/random-clip.ts";
import { openConverted } from "../test/support/converted-model.ts";
import { machine, mean, median, table } from "./report.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "5" } } });
const ROUNDS = Number(values.rounds);
const IMAGES = 64;
const BATCH = 16;
const DTYPES = ["fp32", "q8"] as const;
const JPEGS = [
  { name: "0.3 MP", width: 640, height: 480 },
  { name: "2 MP", width: 1600, height: 1200 },
  { name: "12 MP", width: 4000, height: 3000 },
] as const;

const { signal } = new AbortController();
const input = parsePreprocessor({ image_processor_type: "CLIPImageProcessor" });
const request = { input: geometryOf(input), thumbnail: false };
const config = parseClipConfig({ model_type: "clip" });
const tensors = randomClip(config, 1);
const pictures = Array.from({ length: BATCH }, (_, i) => drawPicture(input.side, input.side, i));
const files = await Promise.all(
  JPEGS.map(({ width, height }, seed) =>
    toSharp(drawPicture(width, height, seed))
      .jpeg({ quality: 85 })
      .toBuffer(),
  ),
);
const decoder = createSharpDecoder();

async function msAnImage(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / IMAGES;
}

const inBatches = async (run: () => Promise<unknown>): Promise<void> => {
  for (let done = 0; done < IMAGES; done += BATCH) await run();
};

/** As a run does it: decoding goes on ahead of the model by a batch and what the decoder works on. */
async function embedFiles(file: Uint8Array, embedder: Embedder | null): Promise<void> {
  const sources = Array.from({ length: IMAGES }, () => Uint8Array.from(file));
  const decoded = prefetch(sources, BATCH + 2 * decoder.parallelism, (bytes) =>
    decoder.decode(bytes, request, { signal }),
  );
  let batch: DecodedImage[] = [];
  for await (const { image } of decoded) {
    batch.push(image);
    if (batch.length < BATCH) continue;
    await embedder?.embedImages(batch, { signal });
    batch = [];
  }
}

interface Prepared {
  readonly dtype: (typeof DTYPES)[number];
  readonly file: string;
  readonly bytes: number;
  readonly graph: Graph;
  readonly embedder: Embedder;
  remove(): Promise<void>;
}

async function prepare(dtype: (typeof DTYPES)[number]): Promise<Prepared> {
  const vision = buildClipVision(tensors, config, dtype);
  const model = await openConverted({
    kind: "encoder",
    files: new Map([["vision.onnx", vision]]),
    manifest: {
      dims: config.projection_dim,
      memoryBytes: vision.length,
      input,
      image: { graphs: ["vision.onnx"], output: "image_embeds" },
      text: null,
      concepts: null,
      captioner: null,
    },
  });
  const file = join(model.folder, "vision.onnx");
  return {
    dtype,
    file,
    bytes: vision.length,
    graph: await openGraph(file, dtype),
    embedder: await createOnnxEmbedder(model),
    remove: () => model.remove(),
  };
}

/** Milliseconds an image, a value a round. */
type Times = Record<string, number[]>;

async function measure({ graph, embedder }: Prepared, times: Times, isWarmUp: boolean): Promise<void> {
  const note = (key: string, ms: number): void => {
    if (!isWarmUp) (times[key] ??= []).push(ms);
  };
  const lend = createPixelLender(input);
  await lend(pictures, async (pixels: Tensor) => {
    const feeds = { pixel_values: pixels };
    note("bare", await msAnImage(() => inBatches(() => graph.run(feeds))));
  });
  note("embedder", await msAnImage(() => inBatches(() => embedder.embedImages(pictures, { signal }))));
  for (const [i, { name }] of JPEGS.entries()) {
    note(`decode ${name}`, await msAnImage(() => embedFiles(files[i]!, null)));
    note(`from ${name}`, await msAnImage(() => embedFiles(files[i]!, embedder)));
  }
}

const round = (value: number, digits = 2): number => Number(value.toFixed(digits));

/** What a process has grown by once it has opened the graph and run three batches, MB. */
async function memoryOf(file: string): Promise<number> {
  const source = (name: string) => JSON.stringify(new URL(`../src/models/${name}`, import.meta.url).href);
  const code = `
    import { openGraph } from ${source("graph.ts")};
    import { Tensor } from ${source("onnxruntime.ts")};
    const pixels = new Tensor("float32", new Float32Array(${BATCH * 3 * input.side ** 2}), [${BATCH}, 3, ${input.side}, ${input.side}]);
    const before = process.memoryUsage().rss;
    const graph = await openGraph(${JSON.stringify(file)}, "graph");
    for (let i = 0; i < 3; i++) await graph.run({ pixel_values: pixels });
    console.log(process.memoryUsage().rss - before);`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--import",
    "tsx",
    "--input-type=module",
    "-e",
    code,
  ]);
  return Number(stdout) / 1e6;
}

/** What shrinking on load changes: the picture, and the vector that comes of it. */
async function shrinkDeviation(embedder: Embedder) {
  const seeds = [11, 12, 13, 14];
  const pairs = await Promise.all(
    seeds.map(async (seed) => {
      const jpeg = await toSharp(drawPicture(4000, 3000, seed))
        .jpeg({ quality: 85 })
        .toBuffer();
      const { data, info } = await sharp(jpeg, { ignoreIcc: true })
        .raw()
        .toBuffer({ resolveWithObject: true });
      const whole = fitImage({ data, width: info.width, height: info.height }, request.input);
      const limits = { maxPixels: 1e8, timeoutMs: 60_000 };
      return { whole, shrunk: (await decodeImage(Uint8Array.from(jpeg), request, limits)).image };
    }),
  );
  const exact = await embedder.embedImages(
    pairs.map(({ whole }) => whole),
    { signal },
  );
  const near = await embedder.embedImages(
    pairs.map(({ shrunk }) => shrunk),
    { signal },
  );
  const differences = pairs.flatMap(({ whole, shrunk }) =>
    [...whole.data].map((value, i) => Math.abs(value - shrunk.data[i]!)),
  );
  return {
    meanLevels: mean(differences),
    maxLevels: differences.reduce((largest, value) => Math.max(largest, value), 0),
    worstCosine: Math.min(...seeds.map((_, i) => dot(rowOf(exact, i), rowOf(near, i)))),
  };
}

const prepared: Prepared[] = [];
for (const dtype of DTYPES) prepared.push(await prepare(dtype));
tensors.clear();
const times = Object.fromEntries(DTYPES.map((dtype) => [dtype, {} as Times]));
for (let i = 0; i <= ROUNDS; i++) for (const one of prepared) await measure(one, times[one.dtype]!, i === 0);

const rows = [];
for (const { dtype, bytes, file } of prepared) {
  const of = times[dtype]!;
  const share = (key: string) => median(of["bare"]!.map((bare, i) => bare / of[key]![i]!));
  const bound = (name: string) =>
    median(of["bare"]!.map((bare, i) => bare / (bare + of[`decode ${name}`]![i]!)));
  rows.push({
    dtype,
    graphMb: round(bytes / 1e6, 0),
    memoryMb: round(await memoryOf(file), 0),
    barePerSecond: round(1000 / median(of["bare"]!), 1),
    embedderShare: round(share("embedder")),
    jpegs: JPEGS.map(({ name }) => ({
      name,
      perSecond: round(1000 / median(of[`from ${name}`]!), 1),
      share: round(share(`from ${name}`)),
      bound: round(bound(name)),
      decodeMs: round(median(of[`decode ${name}`]!)),
    })),
  });
}
const shrink = await shrinkDeviation(prepared[0]!.embedder);
for (const { graph, embedder, remove } of prepared) {
  await graph.dispose();
  await embedder.dispose();
  await remove();
}
await decoder.dispose();

const percent = (value: number) => `${Math.round(100 * value)} %`;
const report = table(
  [
    "weights",
    "graph, MB",
    "memory, MB",
    "bare, images/s",
    "embedder / bare",
    ...JPEGS.map(({ name }) => `${name} JPEG, images/s`),
    ...JPEGS.map(({ name }) => `${name} / bare (bound)`),
  ],
  rows.map(({ dtype, graphMb, memoryMb, barePerSecond, embedderShare, jpegs }) => [
    dtype,
    graphMb,
    memoryMb,
    barePerSecond,
    percent(embedderShare),
    ...jpegs.map(({ perSecond }) => perSecond),
    ...jpegs.map(({ share, bound }) => `${percent(share)} (${percent(bound)})`),
  ]),
);
const shrinking = `Shrinking on load (12 MP to three times what the model needs) moves the model's picture by ${shrink.meanLevels.toFixed(2)} levels on average, ${shrink.maxLevels} at most, and its vector to a cosine of ${shrink.worstCosine.toFixed(5)} at worst, on four drawn pictures.`;
console.log(`${report}\n${shrinking}`);
const { cpu, cores, node } = machine();
writeFileSync(
  new URL("results/encoders.md", import.meta.url),
  `# CLIP ViT-B/32, images a second\n\nReal size, random weights, batches of ${BATCH}, median of ${ROUNDS} rounds in turns. ${cpu.trim()}, ${cores} cores, Node ${node}.\n"bound": what the cores could give if decoding and the model shared them without loss.\n\n${report}\n\n${shrinking}\n`,
);
console.log(JSON.stringify({ bench: "encoders", rows, shrink, machine: machine() }));
