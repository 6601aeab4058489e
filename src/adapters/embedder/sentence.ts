/** Sentences to unit vectors: a BERT sentence encoder and its tokenizer. */
import type { Vectors } from "../../core/vectors.ts";
import { AlbumenError } from "../../errors.ts";
import { openGraph, type GraphOptions } from "../../models/graph.ts";
import type { Model } from "../../models/model.ts";
import { createTokenize, encodeByLength, type TokenBatches } from "../../models/token-batches.ts";
import type { Call } from "../../ports/call.ts";

export interface SentenceEncoder {
  /** Token ids with the special ones, cut to `maxTokens`. */
  tokenize(text: string): number[];
  /** One unit row a text, input order. Errors: `OUT_OF_MEMORY`, `ABORTED`. */
  encode(texts: readonly string[], call: Call): Promise<Vectors>;
  dispose(): Promise<void>;
}

/** `part`: of the manifest. `maxTokens` counts the special tokens. Errors: as `Model.read`. */
export async function openSentenceEncoder(
  model: Model,
  part: string,
  maxTokens: number,
  options: GraphOptions = {},
): Promise<SentenceEncoder> {
  const { makes } = model.manifest.parts[part]!;
  const graph = await openGraph(await model.locate(makes), makes, options);
  const tokenize = createTokenize(
    await readObject(model, "tokenizer.json"),
    await readObject(model, "tokenizer_config.json"),
    maxTokens,
  );
  const batches: TokenBatches = {
    padId: 0,
    widthOf: (tokens) => tokens.length,
    async run(feeds) {
      const outputs = await graph.run({ ...feeds });
      return outputs[graph.outputs[0]!]!.data as Float32Array;
    },
  };

  return {
    tokenize,
    encode: (texts, call) => encodeByLength(texts.map(tokenize), batches, call),
    dispose: () => graph.dispose(),
  };
}

async function readObject(model: Model, file: string): Promise<object> {
  const value: unknown = JSON.parse(new TextDecoder().decode(await model.read(file)));
  if (typeof value !== "object" || value === null)
    throw new AlbumenError("MODEL_CORRUPT", `${file} does not hold a JSON object.`);
  return value;
}
