/**
 * Runs a freshly converted model once, on inputs made by code, before it counts: graphs that do not load, towers of
 * different widths, a tokenizer of another model and numbers that are none are all found here and not in the middle of
 * somebody's run.
 */
import { z } from "zod";
import { AlbumenError } from "../errors.ts";
import { openChain } from "./chain.ts";
import { openGraph, type Graph } from "./graph.ts";
import { parseJson, type CaptionerManifest, type EncoderManifest } from "./manifest.ts";
import { openModel, type Model } from "./model.ts";
import { Tensor } from "./onnxruntime.ts";
import { syntheticPicture } from "./self-check.ts";

/** Tables are made a little larger than the vocabulary, up to a round number: by so much at most. */
const SPARE_WORDS = 0.1;
const SPARE_ROWS = 64;
/** Some tokenizers hold them. */
const OWN_TOKENS = 2;

/** Errors: `MODEL_CORRUPT`, `MODEL_INCOMPATIBLE`, `OUT_OF_MEMORY`. */
export async function tryOut(folder: string): Promise<void> {
  const model = await openModel(folder, {
    cacheDir: folder,
    offline: true,
    signal: new AbortController().signal,
    onEvent: () => {},
  });
  if (model.manifest.kind === "encoder") await tryEncoder(model, model.manifest);
  else await tryCaptioner(model, model.manifest);
}

async function tryEncoder(model: Model, { id, image, input, dims, text }: EncoderManifest): Promise<void> {
  const chain = await openChain(model, image.graphs, image.output, {});
  try {
    assertVector(await chain.run(syntheticPicture(input)), dims, `${id}, for a picture,`);
  } finally {
    await chain.dispose();
  }
  if (text?.kind !== "tower") return;
  const graph = await openGraph(await model.locate(text.graph), text.graph);
  try {
    const highest = await highestToken(model, text.tokenizer);
    const run = (token: number) =>
      runOnTokens(
        graph,
        Array.from({ length: text.maxTokens }, (_, at) => (at === 0 ? token : text.pad.id)),
      );
    const answers = await run(highest).catch((cause: unknown) => {
      throw otherTokenizer(`The text tower has no word for the token ${highest}, which is given.`, cause);
    });
    assertVector(answers[text.output]?.data, dims, `${id}, for a text,`);
    const beyond = Math.ceil(highest * (1 + SPARE_WORDS)) + SPARE_ROWS;
    const isLarger = await run(beyond).then(
      () => true,
      () => false,
    );
    if (isLarger)
      throw otherTokenizer(`The text tower has words up to ${beyond}, and none above ${highest} is given.`);
  } finally {
    await graph.dispose();
  }
}

async function tryCaptioner(model: Model, { id, caption, input }: CaptionerManifest): Promise<void> {
  // BLIP's two tokens of its own, of which the first begins a sentence, come right after the tokenizer's words.
  const words = (await highestToken(model, caption.tokenizer)) + 1;
  if (Math.abs(words - caption.bos) > OWN_TOKENS)
    throw otherTokenizer(`The tokenizer has ${words} words, and the captioner knows ${caption.bos}.`);
  const vision = await openGraph(await model.locate(caption.vision), caption.vision);
  try {
    const answers = await vision.run({ [vision.inputs[0]!]: syntheticPicture(input) });
    for (const name of vision.outputs) {
      const { data } = answers[name]!;
      if (!(data instanceof Float32Array) || !data.every(Number.isFinite))
        throw new AlbumenError("MODEL_CORRUPT", `${id} sees numbers that are none (${name}).`);
    }
  } finally {
    await vision.dispose();
  }
  const decoder = await openGraph(await model.locate(caption.decoder), caption.decoder);
  await decoder.dispose();
}

/** The largest id that the tokenizer can give. One beyond the network's table of words makes a run fail. */
async function highestToken(model: Model, file: string): Promise<number> {
  const tokenizer = parseJson(tokenizerSchema, new TextDecoder().decode(await model.read(file)), file);
  const { vocab } = tokenizer.model;
  const ids = Array.isArray(vocab) ? [vocab.length - 1] : Object.values(vocab);
  const added = tokenizer.added_tokens.map(({ id }) => id);
  return [...ids, ...added].reduce((highest, id) => Math.max(highest, id), 0);
}

const tokenizerSchema = z.object({
  model: z.object({
    /** words with their ids, or a list of words with scores, whose place is the id */
    vocab: z.union([z.record(z.string(), z.int().nonnegative()), z.array(z.unknown())]),
  }),
  added_tokens: z.array(z.object({ id: z.int().nonnegative() })).default([]),
});

async function runOnTokens(graph: Graph, ids: readonly number[]): Promise<Readonly<Record<string, Tensor>>> {
  const shape = [1, ids.length];
  const feeds: Record<string, Tensor> = {
    input_ids: new Tensor("int64", BigInt64Array.from(ids, BigInt), shape),
    attention_mask: new Tensor("int64", new BigInt64Array(ids.length).fill(1n), shape),
  };
  return graph.run(Object.fromEntries(graph.inputs.map((name) => [name, feeds[name]!])));
}

/** What comes of a tokenizer and a network that were not made for each other. */
export function otherTokenizer(message: string, cause?: unknown): AlbumenError {
  return new AlbumenError("MODEL_INCOMPATIBLE", message, {
    hint: "tokenizer.json belongs to another model than the weights.",
    cause,
  });
}

function assertVector(data: unknown, dims: number, who: string): void {
  if (!(data instanceof Float32Array) || data.length !== dims)
    throw new AlbumenError(
      "MODEL_INCOMPATIBLE",
      `${who} gives ${data instanceof Float32Array ? data.length : "no"} numbers instead of ${dims}.`,
    );
  if (!data.every(Number.isFinite))
    throw new AlbumenError("MODEL_CORRUPT", `${who} gives numbers that are none.`, {
      hint: "The weights may need more than 16 bits: pull it again with --dtype fp32.",
    });
}
