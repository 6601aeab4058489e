/** Embedder over any model folder: one or more ONNX graphs, the model's own words, and its way to read texts if it has one. */
import { makeVectors, normalizeRows, type Vectors } from "../../core/vectors.ts";
import { AlbumenError, throwIfAborted } from "../../errors.ts";
import { openChain } from "../../models/chain.ts";
import { asEncoder } from "../../models/manifest.ts";
import { readConcepts } from "../../models/concepts.ts";
import type { GraphOptions } from "../../models/graph.ts";
import { openBundledModel, type Model, type ModelOptions } from "../../models/model.ts";
import { geometryOf, createPixelLender } from "../../models/pixels.ts";
import { openTextTower } from "../../models/text-tower.ts";
import type { Call } from "../../ports/call.ts";
import type { Embedder, Space } from "../../ports/embedder.ts";
import { openSentenceEncoder, type SentenceEncoder } from "./sentence.ts";

/**
 * Pictures a call at most. Speed is flat from 8 to 32 (bench/), so the smallest of these: ONNX Runtime holds the
 * JavaScript thread for a call, and abort and progress wait for that long.
 */
const MAX_BATCH = 16;

/** The starter: 224 px, 768 dims, texts too. Fetches what is missing. Errors: as `Model.read`. */
export async function createStarterEmbedder(options: ModelOptions & GraphOptions): Promise<Embedder> {
  return createOnnxEmbedder(await openBundledModel("starter", options), options);
}

/** The bundled one that needs no network: 96 px, 256 dims, no texts. Errors: `MODEL_CORRUPT`. */
export async function createMiniEmbedder(options: ModelOptions & GraphOptions): Promise<Embedder> {
  return createOnnxEmbedder(await openBundledModel("mini", options), options);
}

export function spaceOf(model: Model): Space {
  const manifest = asEncoder(model.manifest);
  return { model: manifest.id, revision: manifest.revision, dims: manifest.dims };
}

/** Texts to unit rows: of the whole space from a tower, of a part of it from a sentence model. */
type TextReader = Pick<SentenceEncoder, "encode" | "dispose">;

async function openTextReader(model: Model, options: GraphOptions): Promise<TextReader> {
  const { text } = asEncoder(model.manifest);
  return text?.kind === "sentence-part"
    ? openSentenceEncoder(model, text.part, text.maxTokens, options)
    : openTextTower(model, options);
}

/** Errors: as `Model.read`, `MODEL_INCOMPATIBLE`. */
export async function createOnnxEmbedder(model: Model, options: GraphOptions = {}): Promise<Embedder> {
  const manifest = asEncoder(model.manifest);
  const { image, text, dims } = manifest;
  const chain = await openChain(model, image.graphs, image.output, options);
  const lendPixels = createPixelLender(manifest.input);
  let reader: Promise<TextReader> | null = null;
  let concepts: ReturnType<typeof readConcepts> | null = null;

  const embedTexts = async (texts: readonly string[], call: Call): Promise<Vectors> => {
    // Loaded on the first text: most runs have none. A failure is forgotten, so that a later call may succeed.
    reader ??= openTextReader(model, options).catch((error: unknown) => {
      reader = null;
      throw error;
    });
    const found = await (await reader).encode(texts, call);
    if (text?.kind !== "sentence-part") return found;
    const { offset } = text;
    if (offset + found.dims > dims)
      throw new AlbumenError(
        "MODEL_INCOMPATIBLE",
        `A sentence of ${found.dims} dims does not fit into ${dims} from ${offset} on.`,
      );
    const data = new Float32Array(texts.length * dims);
    for (let i = 0; i < found.rows; i++)
      data.set(found.data.subarray(i * found.dims, (i + 1) * found.dims), i * dims + offset);
    return makeVectors(data, dims);
  };

  return {
    space: spaceOf(model),
    unrelated: manifest.unrelated ?? null,
    maxBatch: MAX_BATCH,
    input: geometryOf(manifest.input),
    async embedImages(images, call) {
      throwIfAborted(call.signal);
      if (images.length === 0) return makeVectors(new Float32Array(0), dims);
      const data = await lendPixels(images, (pixels) => chain.run(pixels));
      if (data.length !== images.length * dims)
        throw new AlbumenError(
          "MODEL_INCOMPATIBLE",
          `The model ${manifest.id} gave ${data.length} numbers for ${images.length} images of ${dims} dims.`,
        );
      call.onProgress?.(images.length, images.length);
      return normalizeRows(makeVectors(data, dims));
    },
    ...(text === null ? {} : { embedTexts }),
    concepts: () => (concepts ??= readConcepts(model)),
    async dispose() {
      await chain.dispose();
      const loaded = reader;
      reader = null;
      await (await loaded?.catch(() => null))?.dispose();
    },
  };
}
