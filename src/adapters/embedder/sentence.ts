/** Sentences to unit vectors: a BERT sentence encoder and its tokenizer. */
import { Tokenizer } from "@huggingface/tokenizers";
import { Tensor } from "../../models/onnxruntime.ts";
import { makeVectors, type Vectors } from "../../core/vectors.ts";
import { AlbumenError, throwIfAborted } from "../../errors.ts";
import { openGraph, type GraphOptions } from "../../models/graph.ts";
import type { Model } from "../../models/model.ts";
import type { Call } from "../../ports/call.ts";

/** Tokens a run at most, padding counted; texts are sorted by length first, so that little of it is padding. */
const MAX_BATCH_TOKENS = 2_048;

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
  const tokenizer = new Tokenizer(
    await readObject(model, "tokenizer.json"),
    await readObject(model, "tokenizer_config.json"),
  );

  const tokenize = (text: string): number[] => {
    const { ids } = tokenizer.encode(text);
    // The closing special token stays, as in the original's truncation.
    return ids.length <= maxTokens ? ids : [...ids.slice(0, maxTokens - 1), ids.at(-1)!];
  };

  return {
    tokenize,
    async encode(texts, call) {
      throwIfAborted(call.signal);
      const tokens = texts.map(tokenize);
      const order = tokens.map((_, i) => i).sort((a, b) => tokens[a]!.length - tokens[b]!.length || a - b);
      let data = new Float32Array(0);
      let dims = 1;
      for (let start = 0; start < order.length;) {
        throwIfAborted(call.signal);
        let end = start + 1;
        while (end < order.length && tokens[order[end]!]!.length * (end + 1 - start) <= MAX_BATCH_TOKENS)
          end++;
        const batch = order.slice(start, end);
        const width = tokens[batch.at(-1)!]!.length;
        const ids = new BigInt64Array(batch.length * width);
        const mask = new BigInt64Array(batch.length * width);
        batch.forEach((i, row) =>
          tokens[i]!.forEach((token, at) => {
            ids[row * width + at] = BigInt(token);
            mask[row * width + at] = 1n;
          }),
        );
        const shape = [batch.length, width];
        const outputs = await graph.run({
          input_ids: new Tensor("int64", ids, shape),
          attention_mask: new Tensor("int64", mask, shape),
        });
        const rows = outputs[graph.outputs[0]!]!.data as Float32Array;
        if (start === 0) {
          dims = rows.length / batch.length;
          data = new Float32Array(texts.length * dims);
        }
        batch.forEach((i, row) => data.set(rows.subarray(row * dims, (row + 1) * dims), i * dims));
        start = end;
        call.onProgress?.(start, texts.length);
      }
      return makeVectors(data, dims);
    },
    dispose: () => graph.dispose(),
  };
}

async function readObject(model: Model, file: string): Promise<object> {
  const value: unknown = JSON.parse(new TextDecoder().decode(await model.read(file)));
  if (typeof value !== "object" || value === null)
    throw new AlbumenError("MODEL_CORRUPT", `${file} does not hold a JSON object.`);
  return value;
}
