/** The original encoders against ours: vectors of pictures and texts, and what the whole networks make of them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { createOnnxEmbedder } from "../../src/adapters/embedder/onnx.ts";
import type { DecodedImage } from "../../src/core/resample.ts";
import { dot, makeVectors, normalizeRows, rowOf } from "../../src/core/vectors.ts";
import { readTensors } from "../../src/models/architectures/checkpoint-files.ts";
import { architectureOf } from "../../src/models/architectures/registry.ts";
import { openChain } from "../../src/models/chain.ts";
import { toFloat32 } from "../../src/models/checkpoint/tensor.ts";
import type { PublishedFiles, WeightDtype } from "../../src/models/convert.ts";
import { asEncoder } from "../../src/models/manifest.ts";
import { createPixelLender } from "../../src/models/pixels.ts";
import { openTextTower } from "../../src/models/text-tower.ts";
import { openConverted, type OpenedModel } from "../support/converted-model.ts";
import { publishedFolder } from "../support/published.ts";
import { compareEqual, cosine, largestDifference, readJson, type Comparison } from "./comparison.ts";
import { decode, OTHER_DECODING, preprocessingOf } from "./preprocessing.ts";

// README-vision.md, "Tolerances".
const ABSOLUTE = 5e-5;
const COSINE = 1e-6; // 1 - cosine
const COSINE_HALF = 1e-5; // of weights in 11 bits; the README states none
const COSINE_Q8 = 3e-3;
const LOGITS = 5e-4;
const signal = new AbortController().signal;

interface ExpectedModel {
  readonly images: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
  readonly texts?: readonly (Readonly<Record<string, readonly number[]>> & { readonly text: string })[];
}

/** Under which names the fixtures have what our graphs give. */
const ENCODERS = [
  { name: "clip", image: "image_features", texts: "input_ids" },
  { name: "siglip", image: "image_features", texts: "input_ids_padded" },
  { name: "dinov2", image: "pooler_output", texts: null },
  { name: "vit", image: "cls_last_hidden_state", texts: null },
] as const;

type Encoder = (typeof ENCODERS)[number];

export async function* encoders(reference: string): AsyncIterable<Comparison> {
  for (const encoder of ENCODERS) {
    const folder = join(reference, "models", `tiny-${encoder.name}`);
    const checkpoint = publishedFolder(folder, (file) => file.endsWith(".onnx"));
    for (const dtype of ["fp32", "fp16", "q8"] as const)
      yield* compareEncoder(reference, encoder, checkpoint, dtype);
    if (encoder.name === "vit") continue; // its published graph classifies, and is refused
    const graphs = publishedFolder(folder, (file) => file.endsWith(".safetensors"));
    for (const dtype of ["fp32", "q8"] as const)
      yield* compareEncoder(reference, encoder, graphs, dtype, `tiny-${encoder.name} published`);
  }
}

async function* compareEncoder(
  reference: string,
  encoder: Encoder,
  files: PublishedFiles,
  dtype: WeightDtype,
  title = `tiny-${encoder.name}`,
): AsyncIterable<Comparison> {
  const config = await files.json("config.json");
  const model = await openConverted(await architectureOf(config).convert(config, files, { dtype, signal }));
  const expected = readJson<ExpectedModel>(
    join(reference, "models", `tiny-${encoder.name}`, "expected.json"),
  );
  try {
    const group = `${title} ${dtype}`;
    const images = await imageRows(reference, encoder, model, expected);
    for (const [name, row] of images)
      yield* compareRow(group, name, row, expected.images[name]![encoder.image]!, dtype);
    const texts = encoder.texts && (await textRows(model, expected));
    for (const [i, row] of texts?.entries() ?? [])
      yield* compareRow(`${group} texts`, `text ${i}`, row, expected.texts![i]!["text_features"]!, dtype);
    if (dtype !== "fp32" || !files.names.includes("model.safetensors")) return;
    if (encoder.texts) yield* compareIds(group, encoder.texts, model, expected);
    yield* compareLogits(group, encoder, files, images, texts, expected);
    yield* compareEndToEnd(reference, group, encoder, model, expected);
  } finally {
    await model.remove();
  }
}

function* compareRow(
  group: string,
  what: string,
  actual: Float32Array,
  expected: readonly number[],
  dtype: WeightDtype,
): Iterable<Comparison> {
  const allowed = { fp32: COSINE, fp16: COSINE_HALF, q8: COSINE_Q8 }[dtype];
  yield { group: `${group}: 1 - cosine`, what, deviation: 1 - cosine(actual, expected), allowed };
  if (dtype === "fp32")
    yield {
      group: `${group}: numbers`,
      what,
      deviation: largestDifference(actual, expected),
      allowed: ABSOLUTE,
    };
}

/** From the recorded pixels, before they are made unit vectors. */
async function imageRows(
  reference: string,
  encoder: Encoder,
  { manifest, locate }: OpenedModel,
  expected: ExpectedModel,
): Promise<Map<string, Float32Array>> {
  const { image, input } = asEncoder(manifest);
  const chain = await openChain({ locate } as OpenedModel, image.graphs, image.output, { threads: 1 });
  const lend = createPixelLender(input);
  const rows = new Map<string, Float32Array>();
  for (const name of Object.keys(expected.images)) {
    const png = join(reference, "preprocess", "png", encoder.name, `${name}.png`);
    rows.set(
      name,
      await lend([await readPng(png)], async (pixels) => Float32Array.from(await chain.run(pixels))),
    );
  }
  await chain.dispose();
  return rows;
}

async function readPng(path: string): Promise<DecodedImage> {
  const { data, info } = await sharp(path).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

/** Unit rows: from the texts themselves, through the tokenizer. */
async function textRows(model: OpenedModel, { texts }: ExpectedModel): Promise<Float32Array[]> {
  const tower = await openTextTower(model, { threads: 1 });
  const vectors = await tower.encode(
    texts!.map(({ text }) => text),
    { signal },
  );
  await tower.dispose();
  // The fixtures hold them before they were made unit vectors; their length is put back.
  return texts!.map(({ text_features }, i) => {
    const length = Math.hypot(...text_features!);
    return rowOf(vectors, i).map((value) => value * length);
  });
}

async function* compareIds(
  group: string,
  key: string,
  model: OpenedModel,
  { texts }: ExpectedModel,
): AsyncIterable<Comparison> {
  const tower = await openTextTower(model, { threads: 1 });
  const { text: spec } = asEncoder(model.manifest);
  if (spec?.kind !== "tower") throw new Error("The model has no text tower.");
  for (const { text, [key]: ids } of texts!) {
    const own = tower.tokenize(text);
    const padded =
      spec.pad.to === "max" ? [...own, ...Array(spec.maxTokens - own.length).fill(spec.pad.id)] : own;
    yield compareEqual(`${group} texts: ids`, text, padded, ids);
  }
  await tower.dispose();
}

/** What the original's whole network answers, from our vectors and its last few numbers. */
async function* compareLogits(
  group: string,
  encoder: Encoder,
  files: PublishedFiles,
  images: ReadonlyMap<string, Float32Array>,
  texts: readonly Float32Array[] | null,
  expected: ExpectedModel,
): AsyncIterable<Comparison> {
  const tensors = await readTensors(files, signal);
  const numbers = (name: string) => toFloat32(tensors.get(name)!);
  for (const [what, row] of images) {
    const { logits, logits_per_image: perImage, image_embeds: unit } = expected.images[what]!;
    if (encoder.name === "vit") {
      const bias = numbers("classifier.bias");
      const own = bias.map(
        (value, i) =>
          value + dot(row, numbers("classifier.weight").subarray(i * row.length, (i + 1) * row.length)),
      );
      yield { group: `${group}: logits`, what, deviation: largestDifference(own, logits!), allowed: LOGITS };
    }
    if (texts === null || !perImage) continue;
    const scale = Math.exp(numbers("logit_scale")[0]!);
    const shift = tensors.has("logit_bias") ? numbers("logit_bias")[0]! : 0;
    const own = Float32Array.from(texts, (text) => scale * cosine(row, text) + shift);
    yield { group: `${group}: logits`, what, deviation: largestDifference(own, perImage), allowed: LOGITS };
    const embedding = normalizeRows(makeVectors(Float32Array.from(row), row.length)).data;
    yield {
      group: `${group}: unit vectors`,
      what,
      deviation: largestDifference(embedding, unit!),
      allowed: ABSOLUTE,
    };
  }
}

/** From the files: decoder, resampler and embedder as a run puts them together. Pictures that Albumen reads otherwise on purpose are left out. */
async function* compareEndToEnd(
  reference: string,
  group: string,
  encoder: Encoder,
  model: OpenedModel,
  expected: ExpectedModel,
): AsyncIterable<Comparison> {
  const { images } = preprocessingOf(reference);
  const embedder = await createOnnxEmbedder(model, { threads: 1 });
  const { input } = asEncoder(model.manifest);
  for (const [what, recorded] of Object.entries(expected.images)) {
    const { variants } = images[what]!.processors[encoder.name]!;
    if (OTHER_DECODING.has(what) || Object.keys(variants ?? {}).length > 0) continue;
    const bytes = Uint8Array.from(readFileSync(join(reference, "images", what)));
    const vectors = await embedder.embedImages([(await decode(bytes, input)).image], { signal });
    const deviation = 1 - cosine(rowOf(vectors, 0), recorded[encoder.image]!);
    yield { group: `${group}: from the file, 1 - cosine`, what, deviation, allowed: COSINE };
  }
  await embedder.dispose();
}
