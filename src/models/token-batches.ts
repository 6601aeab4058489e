/** Texts as token ids, and in batches of like length, for whatever graph turns them into rows. */
import { Tokenizer } from "@huggingface/tokenizers";
import { makeVectors, type Vectors } from "../core/vectors.ts";
import { throwIfAborted } from "../errors.ts";
import type { Call } from "../ports/call.ts";
import { Tensor } from "./onnxruntime.ts";

/** Tokens a run at most, padding counted; texts are sorted by length first, so that little of it is padding. */
const MAX_BATCH_TOKENS = 2_048;

export type Tokenize = (text: string) => number[];

/** Token ids with the special ones, cut to `maxTokens`; not padded. */
export function createTokenize(tokenizer: object, config: object, maxTokens: number): Tokenize {
  const words = new Tokenizer(tokenizer, config);
  return (text) => {
    const { ids } = words.encode(text);
    // The closing special token stays, as in the original's truncation.
    return ids.length <= maxTokens ? ids : [...ids.slice(0, maxTokens - 1), ids.at(-1)!];
  };
}

export interface TokenFeeds {
  /** int64 [n, width] */
  readonly input_ids: Tensor;
  /** int64 [n, width]: 1 where a token is, 0 where it is filled up */
  readonly attention_mask: Tensor;
}

export interface TokenBatches {
  readonly padId: number;
  /** tokens that a text takes in a batch of its own, >= 1 */
  widthOf(tokens: readonly number[]): number;
  /** Row-major, one row a text, equally long in every batch. */
  run(feeds: TokenFeeds, count: number): Promise<Float32Array>;
}

/** One row a text, input order, as `run` gives them. Errors: `ABORTED`, and those of `run`. */
export async function encodeByLength(
  tokens: readonly (readonly number[])[],
  { padId, widthOf, run }: TokenBatches,
  call: Call,
): Promise<Vectors> {
  throwIfAborted(call.signal);
  const order = tokens.map((_, i) => i).sort((a, b) => tokens[a]!.length - tokens[b]!.length || a - b);
  let data = new Float32Array(0);
  let dims = 1;
  for (let start = 0; start < order.length;) {
    throwIfAborted(call.signal);
    let end = start + 1;
    while (end < order.length && widthOf(tokens[order[end]!]!) * (end + 1 - start) <= MAX_BATCH_TOKENS) end++;
    const batch = order.slice(start, end);
    const width = widthOf(tokens[batch.at(-1)!]!);
    const rows = await run(
      feedsOf(
        batch.map((i) => tokens[i]!),
        width,
        padId,
      ),
      batch.length,
    );
    if (start === 0) {
      dims = rows.length / batch.length;
      data = new Float32Array(tokens.length * dims);
    }
    batch.forEach((i, row) => data.set(rows.subarray(row * dims, (row + 1) * dims), i * dims));
    start = end;
    call.onProgress?.(start, tokens.length);
  }
  return makeVectors(data, dims);
}

function feedsOf(tokens: readonly (readonly number[])[], width: number, padId: number): TokenFeeds {
  const shape = [tokens.length, width];
  const ids = new BigInt64Array(tokens.length * width).fill(BigInt(padId));
  const mask = new BigInt64Array(tokens.length * width);
  tokens.forEach((row, i) =>
    row.forEach((token, at) => {
      ids[i * width + at] = BigInt(token);
      mask[i * width + at] = 1n;
    }),
  );
  return { input_ids: new Tensor("int64", ids, shape), attention_mask: new Tensor("int64", mask, shape) };
}
