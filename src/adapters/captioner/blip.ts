/** Captioner over a BLIP model folder: its vision graph once a picture, its decoder once a token. */
import { Tokenizer } from "@huggingface/tokenizers";
import { PLAIN_RULES, searchSentences, type SearchRules, type Sentence } from "../../core/beam-search.ts";
import { AlbumenError, throwIfAborted } from "../../errors.ts";
import { openGraph, type GraphOptions } from "../../models/graph.ts";
import { asCaptioner, type CaptionerManifest, type CaptionSpec } from "../../models/manifest.ts";
import type { Model } from "../../models/model.ts";
import { Tensor } from "../../models/onnxruntime.ts";
import { createPixelLender, geometryOf } from "../../models/pixels.ts";
import type { Captioner } from "../../ports/captioner.ts";
import { blipStep, rememberPictures } from "./blip-step.ts";

/**
 * Pictures a call at most. The decoder reads all its weights for each token, whether for one sentence or for twelve:
 * four pictures together take half the time of four alone (bench/captioners.ts). What it has to remember of a
 * picture is 42 MB with BLIP-base.
 */
const MAX_BATCH = 4;

export interface BlipOptions extends GraphOptions {
  /** words that every caption goes on from, such as "a photo of"; they are part of it; default: none */
  readonly prompt?: string;
}

export interface BlipCaptioner extends Captioner {
  /**
   * The likeliest sentence of each picture, as tokens. `pixels`: float32 [1, 3, side, side] each, normalised. `rules`
   * take the place of the model's own. Errors: as `caption`.
   */
  generate(pixels: readonly Tensor[], rules: Partial<SearchRules>, signal: AbortSignal): Promise<Sentence[]>;
  /** The tokens that a sentence begins with which goes on from `prompt`. */
  tokensOf(prompt: string): number[];
  /** The words of a sentence, without special tokens. */
  textOf(sentence: Sentence): string;
}

/** What the captioner of this model calls itself. Captions of another prompt are other captions. */
export function blipCaptionerId({ id, revision }: CaptionerManifest, prompt?: string): string {
  return prompt ? `${id}@${revision}:${encodeURIComponent(prompt)}` : `${id}@${revision}`;
}

/** Errors: as `Model.read`; `MODEL_INCOMPATIBLE` when it is no BLIP. */
export async function createBlipCaptioner(model: Model, options: BlipOptions = {}): Promise<BlipCaptioner> {
  const manifest = asCaptioner(model.manifest);
  const { input, caption: spec } = manifest;
  const tokenizer = new Tokenizer(
    await readObject(model, spec.tokenizer),
    await readObject(model, spec.tokenizerConfig),
  );
  const vision = await openGraph(await model.locate(spec.vision), spec.vision, options);
  const decoder = await model
    .locate(spec.decoder)
    .then((path) => openGraph(path, spec.decoder, options))
    .catch(async (error: unknown) => {
      await vision.dispose();
      throw error;
    });
  const lendPixels = createPixelLender(input);

  const tokensOf = (prompt: string): number[] => [
    spec.bos,
    ...tokenizer.encode(prompt, { add_special_tokens: false }).ids,
  ];
  const textOf = ({ tokens }: Sentence): string => {
    const words = tokens.filter((token) => token !== spec.bos && token !== spec.sep);
    return words.length === 0 ? "" : tokenizer.decode(words, { skip_special_tokens: true });
  };
  const generate: BlipCaptioner["generate"] = async (pixels, changes, signal) => {
    const rules = rulesOf(spec, changes);
    const memory = await rememberPictures(vision, pixels, signal);
    return searchSentences(pixels.length, rules, blipStep(decoder, memory, spec, signal));
  };
  const ownRules = { prompt: tokensOf(options.prompt ?? "") };

  return {
    id: blipCaptionerId(manifest, options.prompt),
    maxBatch: MAX_BATCH,
    input: geometryOf(input),
    generate,
    tokensOf,
    textOf,
    async caption(images, call) {
      throwIfAborted(call.signal);
      if (images.length === 0) return [];
      const sentences = await lendPixels(images, (pixels) =>
        generate(picturesOf(pixels), ownRules, call.signal),
      );
      call.onProgress?.(images.length, images.length);
      return sentences.map((sentence) => ({ text: textOf(sentence), score: sentence.score }));
    },
    async dispose() {
      await vision.dispose();
      await decoder.dispose();
    },
  };
}

/** The model's own rules with `changes` over them. Without a length of its own it writes `maxTokens` new tokens. */
function rulesOf(spec: CaptionSpec, changes: Partial<SearchRules>): SearchRules {
  const prompt = changes.prompt ?? [spec.bos];
  return {
    ...PLAIN_RULES,
    end: spec.sep,
    beams: spec.beams,
    maxLength: prompt.length + spec.maxTokens,
    ...changes,
    prompt,
  };
}

/** [n, 3, side, side] as n of [1, 3, side, side], which share its memory. */
function picturesOf(pixels: Tensor): Tensor[] {
  const [count, ...shape] = pixels.dims;
  const data = pixels.data as Float32Array;
  const size = data.length / count!;
  return Array.from(
    { length: count! },
    (_, i) => new Tensor("float32", data.subarray(i * size, (i + 1) * size), [1, ...shape]),
  );
}

async function readObject(model: Model, file: string): Promise<object> {
  const value: unknown = JSON.parse(new TextDecoder().decode(await model.read(file)));
  if (typeof value !== "object" || value === null)
    throw new AlbumenError("MODEL_CORRUPT", `${file} does not hold a JSON object.`);
  return value;
}
