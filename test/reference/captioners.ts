/** The original BLIP against ours: what it sees, the likelihood of every token, and what it writes in 13 ways. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { createBlipCaptioner, type BlipCaptioner } from "../../src/adapters/captioner/blip.ts";
import { blipStep, rememberPictures } from "../../src/adapters/captioner/blip-step.ts";
import type { SearchRules } from "../../src/core/beam-search.ts";
import { fitImage, type DecodedImage } from "../../src/core/resample.ts";
import { blip } from "../../src/models/architectures/blip.ts";
import type { ConvertedModel, PublishedFiles, WeightDtype } from "../../src/models/convert.ts";
import { openGraph, type Graph } from "../../src/models/graph.ts";
import { asCaptioner, type CaptionSpec } from "../../src/models/manifest.ts";
import { Tensor } from "../../src/models/onnxruntime.ts";
import { createPixelLender } from "../../src/models/pixels.ts";
import { openConverted, type OpenedModel } from "../support/converted-model.ts";
import { publishedFolder } from "../support/published.ts";
import {
  compareEqual,
  cosine,
  largestDifference,
  readJson,
  sha256Of,
  type Comparison,
} from "./comparison.ts";
import { OTHER_DECODING } from "./preprocessing.ts";

// README-vision.md, "Tolerances".
const ABSOLUTE = 1e-4; // states, logits, scores
const COSINE_HALF = 1e-5; // 1 - cosine, of weights in 11 bits; the README states none
const COSINE_Q8 = 3e-3;
/**
 * The original adds scores up in float32: with length_penalty -1 they reach -834, and their last digits are noise. A
 * share of the score's magnitude.
 */
const SCORE_NOISE = 2e-6;
const signal = new AbortController().signal;

/** `raw/*.f32`: little-endian float32 */
interface Raw {
  readonly file: string;
  readonly shape: readonly number[];
}

interface Case {
  readonly prompt?: string;
  readonly num_beams?: number;
  readonly repetition_penalty?: number;
  readonly length_penalty?: number;
  readonly min_length?: number;
  readonly max_length?: number;
  readonly no_repeat_ngram_size?: number;
  readonly early_stopping?: boolean;
}

interface Expected {
  readonly forced_ids: readonly number[];
  readonly cases: Readonly<Record<string, Case>>;
  readonly images: Readonly<Record<string, Picture>>;
  readonly steps: { readonly image: string; readonly ids: readonly number[]; readonly logits: Raw };
}

interface Picture {
  readonly pixel_values: Raw;
  readonly vision_last_hidden_state: Raw;
  readonly forced_logits: Raw;
  readonly generate: Readonly<
    Record<string, { readonly ids: number[]; readonly text: string; readonly sequence_score?: number }>
  >;
}

/** Everything that reads the fixtures of one model. */
interface Fixtures {
  readonly expected: Expected;
  floats(raw: Raw): Float32Array;
  tensor(raw: Raw): Tensor;
}

/** A converted model with its graphs. */
interface Opened {
  readonly model: OpenedModel;
  readonly spec: CaptionSpec;
  readonly captioner: BlipCaptioner;
  readonly vision: Graph;
  readonly decoder: Graph;
}

export async function* captioners(reference: string): AsyncIterable<Comparison> {
  const folder = join(reference, "models", "tiny-blip");
  const floats = ({ file }: Raw): Float32Array =>
    new Float32Array(Uint8Array.from(readFileSync(join(folder, file))).buffer);
  const fixtures: Fixtures = {
    expected: readJson<Expected>(join(folder, "expected.json")),
    floats,
    tensor: (raw) => new Tensor("float32", floats(raw), raw.shape),
  };
  const published = publishedFolder(folder);
  const whole = await convert(published, "fp32");
  yield* comparePytorch(whole, folder);
  yield* withOpened(whole, async function* (opened) {
    yield* compareStates(fixtures, opened);
    yield* compareForced(fixtures, opened);
    yield* compareSteps(fixtures, opened);
    yield* compareSentences(fixtures, opened);
    const { cases } = readJson<{ cases: [string, string][] }>(join(folder, "sensitive.json"));
    yield* compareOwnPixels(fixtures, opened, join(reference, "images"), cases);
  });
  for (const [dtype, allowed] of [
    ["fp16", COSINE_HALF],
    ["q8", COSINE_Q8],
  ] as const)
    yield* withOpened(await convert(published, dtype), (opened) =>
      compareSmaller(fixtures, opened, dtype, allowed),
    );
}

async function convert(files: PublishedFiles, dtype: WeightDtype): Promise<ConvertedModel> {
  return blip.convert(await files.json("config.json"), files, { dtype, signal });
}

async function* withOpened(
  converted: ConvertedModel,
  use: (opened: Opened) => AsyncIterable<Comparison>,
): AsyncIterable<Comparison> {
  const model = await openConverted(converted);
  const { caption: spec } = asCaptioner(model.manifest);
  const captioner = await createBlipCaptioner(model);
  const vision = await openGraph(join(model.folder, spec.vision), "vision");
  const decoder = await openGraph(join(model.folder, spec.decoder), "decoder");
  try {
    yield* use({ model, spec, captioner, vision, decoder });
  } finally {
    for (const part of [captioner, vision, decoder]) await part.dispose();
    await model.remove();
  }
}

/** The two files hold the same tensors, so they make the same graphs. */
async function* comparePytorch({ files }: ConvertedModel, folder: string): AsyncIterable<Comparison> {
  const pytorch = publishedFolder(folder, (name) => name === "model.safetensors");
  const { files: others } = await convert(pytorch, "fp32");
  for (const [name, bytes] of files)
    yield compareEqual("tiny-blip from PyTorch", name, sha256Of(others.get(name)!), sha256Of(bytes));
}

async function* compareStates(
  { expected, floats, tensor }: Fixtures,
  { vision }: Opened,
): AsyncIterable<Comparison> {
  for (const [what, picture] of Object.entries(expected.images)) {
    const outputs = await vision.run({ pixel_values: tensor(picture.pixel_values) });
    const states = outputs["image_states"]!.data as Float32Array;
    yield close("tiny-blip vision states", what, states, floats(picture.vision_last_hidden_state));
  }
}

/** A given sentence: whole prefixes, and token by token with what was computed before. */
async function* compareForced(
  { expected, floats, tensor }: Fixtures,
  { vision, decoder, spec }: Opened,
): AsyncIterable<Comparison> {
  const ids = expected.forced_ids;
  for (const [image, picture] of Object.entries(expected.images)) {
    const logits = floats(picture.forced_logits);
    const vocabulary = logits.length / ids.length;
    const memory = await rememberPictures(vision, [tensor(picture.pixel_values)], signal);
    const cached = blipStep(decoder, memory, spec, signal);
    for (let length = 1; length <= ids.length; length++) {
      const what = `${image}, ${length} tokens`;
      const wanted = logits.subarray((length - 1) * vocabulary, length * vocabulary);
      const prefix = { item: 0, tokens: ids.slice(0, length) };
      const step = await cached([{ ...prefix, parent: length === 1 ? null : 0 }]);
      yield close("tiny-blip forced logits, cached", what, step, wanted);
      const whole = await blipStep(decoder, memory, spec, signal)([{ ...prefix, parent: null }]);
      yield close("tiny-blip forced logits, whole", what, whole, wanted);
    }
  }
}

async function* compareSteps(
  { expected, floats, tensor }: Fixtures,
  { vision, decoder, spec }: Opened,
): AsyncIterable<Comparison> {
  const { image, ids, logits } = expected.steps;
  const memory = await rememberPictures(vision, [tensor(expected.images[image]!.pixel_values)], signal);
  const step = blipStep(decoder, memory, spec, signal);
  const [rows, vocabulary] = logits.shape as [number, number];
  for (let i = 0; i < rows; i++) {
    const given = await step([{ item: 0, tokens: ids.slice(0, i + 1), parent: i === 0 ? null : 0 }]);
    const wanted = floats(logits).subarray(i * vocabulary, (i + 1) * vocabulary);
    yield close("tiny-blip step logits", `${image}, step ${i}`, given, wanted);
  }
}

/** All pictures at a time, from the recorded pixels. */
async function* compareSentences(
  { expected, tensor }: Fixtures,
  { captioner }: Opened,
): AsyncIterable<Comparison> {
  const pictures = Object.entries(expected.images);
  const pixels = pictures.map(([, picture]) => tensor(picture.pixel_values));
  for (const [way, given] of Object.entries(expected.cases)) {
    const sentences = await captioner.generate(pixels, rulesOf(given, captioner), signal);
    for (const [i, sentence] of sentences.entries()) {
      const [image, { generate }] = pictures[i]!;
      const { ids, text, sequence_score: score } = generate[way]!;
      const what = `${image}, ${way}`;
      yield compareEqual("tiny-blip token ids", what, sentence.tokens, ids);
      yield compareEqual("tiny-blip texts", what, captioner.textOf(sentence), text);
      if (score !== undefined)
        yield {
          group: "tiny-blip sequence scores, less what is noise",
          what,
          deviation: Math.max(0, Math.abs(sentence.score - score) - SCORE_NOISE * Math.abs(score)),
          allowed: ABSOLUTE,
        };
    }
  }
}

/** `sensitive`: picture and way, where one level of 255 makes another sentence. */
async function* compareOwnPixels(
  { expected }: Fixtures,
  { captioner, model }: Opened,
  images: string,
  sensitive: readonly (readonly [string, string])[],
): AsyncIterable<Comparison> {
  const lend = createPixelLender(model.manifest.input);
  for (const [image, { generate }] of Object.entries(expected.images)) {
    if (OTHER_DECODING.has(image)) continue;
    const picture = fitImage(await decodeWhole(join(images, image)), captioner.input);
    for (const [way, given] of Object.entries(expected.cases)) {
      if (sensitive.some(([name, other]) => name === image && other === way)) continue;
      const rules = rulesOf(given, captioner);
      const [sentence] = await lend([picture], (pixels) => captioner.generate([pixels], rules, signal));
      const { ids } = generate[way]!;
      yield compareEqual("tiny-blip token ids, own pixels", `${image}, ${way}`, sentence!.tokens, ids);
    }
  }
}

/** As the original decodes: shrinking while decoding, as the product does with large JPEGs, is one level off. */
async function decodeWhole(path: string): Promise<DecodedImage> {
  const { data, info } = await sharp(path, { ignoreIcc: true })
    .removeAlpha()
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data: Uint8Array.from(data), width: info.width, height: info.height };
}

/** The sentences of random weights hang on the last digits, so smaller weights are judged by what the model sees. */
async function* compareSmaller(
  { expected, floats, tensor }: Fixtures,
  { vision }: Opened,
  dtype: WeightDtype,
  allowed: number,
): AsyncIterable<Comparison> {
  for (const [what, picture] of Object.entries(expected.images)) {
    const outputs = await vision.run({ pixel_values: tensor(picture.pixel_values) });
    const states = outputs["image_states"]!.data as Float32Array;
    const deviation = 1 - cosine(states, floats(picture.vision_last_hidden_state));
    yield { group: `tiny-blip vision states, ${dtype}, 1 - cosine`, what, deviation, allowed };
  }
}

function close(group: string, what: string, actual: Float32Array, wanted: Float32Array): Comparison {
  return { group, what, deviation: largestDifference(actual, [...wanted]), allowed: ABSOLUTE };
}

/** The arguments of transformers' `generate`. A `max_length` counts every token; its default counts new ones. */
function rulesOf(given: Case, captioner: BlipCaptioner): Partial<SearchRules> {
  const prompt = captioner.tokensOf(given.prompt ?? "");
  return {
    prompt,
    maxLength: given.max_length ?? prompt.length + 20,
    minLength: given.min_length ?? 0,
    beams: given.num_beams ?? 1,
    repetitionPenalty: given.repetition_penalty ?? 1,
    lengthPower: given.length_penalty ?? 1,
    noRepeat: given.no_repeat_ngram_size ?? 0,
    stop: given.early_stopping ? "first" : "unbeaten",
  };
}
