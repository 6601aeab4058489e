/** Captioner over a model folder: the encoder's features, an ONNX decoder, beam search. */
import { Tensor } from "../../models/onnxruntime.ts";
import { z } from "zod";
import { PLAIN_RULES, searchSentences, type Prefix, type SearchRules } from "../../core/beam-search.ts";
import { makeVectors, type Vectors } from "../../core/vectors.ts";
import { AlbumenError, throwIfAborted } from "../../errors.ts";
import { openChain } from "../../models/chain.ts";
import { openGraph, type GraphOptions } from "../../models/graph.ts";
import { asEncoder, parseJson, type Manifest } from "../../models/manifest.ts";
import { openBundledModel, type Model, type ModelOptions } from "../../models/model.ts";
import { geometryOf, createPixelLender } from "../../models/pixels.ts";
import type { Call } from "../../ports/call.ts";
import type { Caption, Captioner } from "../../ports/captioner.ts";

/** Pictures a call at most: with 3 beams 24 rows a step, where the decoder's matrices are wide enough (bench/). */
const MAX_BATCH = 8;

const configSchema = z.object({
  file: z.string(),
  /** token that begins a sentence */
  bos: z.int().nonnegative(),
  /** token that ends one */
  eos: z.int().nonnegative(),
  never: z.array(z.int().nonnegative()),
  maxTokens: z.int().positive(),
  beams: z.int().positive(),
  lengthPower: z.number().nonnegative(),
  vocabulary: z.array(z.string()).min(1),
});

export interface OnnxCaptioner extends Captioner {
  /** Captions from the encoder's features, one row an image, as the encoder gives them. Any number of rows. */
  captionFeatures(features: Vectors, call: Call): Promise<Caption[]>;
}

/** The starter's captioner. Fetches the trunk when it is missing. Errors: as `Model.read`. */
export async function createStarterCaptioner(options: ModelOptions & GraphOptions): Promise<OnnxCaptioner> {
  return createOnnxCaptioner(await openBundledModel("starter", options), options);
}

/** `starter-captioner@1`: what an encoder's own captioner is called. Errors: `MODEL_INCOMPATIBLE` when it has none. */
export function ownCaptionerId(manifest: Manifest): string {
  const { id, captioner } = asEncoder(manifest);
  if (captioner === null) throw new AlbumenError("MODEL_INCOMPATIBLE", `The model ${id} has no captioner.`);
  return `${id}-captioner@${captioner.revision}`;
}

/** Errors: as `Model.read`; `MODEL_INCOMPATIBLE` when the model has no captioner. */
export async function createOnnxCaptioner(model: Model, options: GraphOptions = {}): Promise<OnnxCaptioner> {
  const { id, captioner, input } = asEncoder(model.manifest);
  if (captioner === null) throw new AlbumenError("MODEL_INCOMPATIBLE", `The model ${id} has no captioner.`);
  const config = parseJson(
    configSchema,
    new TextDecoder().decode(await model.read(captioner.config)),
    captioner.config,
  );
  const chain = await openChain(model, captioner.graphs, captioner.features, options);
  const decoder = await openGraph(await model.locate(config.file), config.file, options).catch(
    async (error: unknown) => {
      await chain.dispose();
      throw error;
    },
  );
  const lendPixels = createPixelLender(input);
  const rules: SearchRules = {
    ...PLAIN_RULES,
    prompt: [config.bos],
    end: config.eos,
    never: config.never,
    maxLength: 1 + config.maxTokens,
    beams: config.beams,
    lengthPower: config.lengthPower,
    // As it was when its captions, and the scores they are judged by, were measured.
    scoredLength: "sentence",
    stop: "first",
    endRank: "among-open",
  };
  const silent = new Set([config.bos, config.eos, ...config.never]);

  const captionBatch = async (features: Vectors, signal: AbortSignal): Promise<Caption[]> => {
    const step = async (prefixes: readonly Prefix[]): Promise<Float32Array> => {
      throwIfAborted(signal);
      const outputs = await decoder.run(feedsOf(features, prefixes));
      return outputs["logits"]!.data as Float32Array;
    };
    const sentences = await searchSentences(features.rows, rules, step);
    return sentences.map(({ tokens, score }) => ({
      text: tokens
        .filter((token) => !silent.has(token))
        .map((token) => config.vocabulary[token])
        .join(" "),
      score,
    }));
  };

  const captionFeatures = async (features: Vectors, call: Call): Promise<Caption[]> => {
    const captions: Caption[] = [];
    const { data, rows, dims } = features;
    for (let start = 0; start < rows; start += MAX_BATCH) {
      const end = Math.min(start + MAX_BATCH, rows);
      const batch = makeVectors(data.subarray(start * dims, end * dims), dims);
      captions.push(...(await captionBatch(batch, call.signal)));
      call.onProgress?.(end, rows);
    }
    return captions;
  };

  return {
    id: ownCaptionerId(model.manifest),
    maxBatch: MAX_BATCH,
    input: geometryOf(input),
    captionFeatures,
    async caption(images, call) {
      throwIfAborted(call.signal);
      if (images.length === 0) return [];
      const features = await lendPixels(images, (pixels) => chain.run(pixels));
      return captionFeatures(makeVectors(features, features.length / images.length), call);
    },
    async dispose() {
      await chain.dispose();
      await decoder.dispose();
    },
  };
}

/** One row a prefix: the features of its picture and its tokens, which are equally many in all. */
function feedsOf(features: Vectors, prefixes: readonly Prefix[]): { features: Tensor; ids: Tensor } {
  const { dims } = features;
  const length = prefixes[0]!.tokens.length;
  const repeated = new Float32Array(prefixes.length * dims);
  const ids = new BigInt64Array(prefixes.length * length);
  prefixes.forEach(({ item, tokens }, row) => {
    repeated.set(features.data.subarray(item * dims, (item + 1) * dims), row * dims);
    tokens.forEach((token, at) => {
      ids[row * length + at] = BigInt(token);
    });
  });
  return {
    features: new Tensor("float32", repeated, [prefixes.length, dims]),
    ids: new Tensor("int64", ids, [prefixes.length, length]),
  };
}
