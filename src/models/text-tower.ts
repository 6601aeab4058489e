/** Texts to unit vectors by a model's own text tower: its tokenizer, its graph. */
import { Tokenizer } from "@huggingface/tokenizers";
import { makeVectors, normalizeRows, type Vectors } from "../core/vectors.ts";
import { AlbumenError, throwIfAborted } from "../errors.ts";
import type { Call } from "../ports/call.ts";
import { openGraph, type GraphOptions } from "./graph.ts";
import { asEncoder, type TextSpec } from "./manifest.ts";
import type { Model } from "./model.ts";
import { Tensor } from "./onnxruntime.ts";

/** Tokens a run at most, padding counted; texts are sorted by length first, so that little of it is padding. */
const MAX_BATCH_TOKENS = 2_048;

export type TowerSpec = Extract<TextSpec, { kind: "tower" }>;

export interface TextTower {
  /** Token ids with the special ones, cut to `maxTokens`; not padded. */
  tokenize(text: string): number[];
  /** One unit row a text, input order. Errors: `OUT_OF_MEMORY`, `MODEL_INCOMPATIBLE`, `ABORTED`. */
  encode(texts: readonly string[], call: Call): Promise<Vectors>;
  dispose(): Promise<void>;
}

/** The graph and the two tokenizer files, wherever they come from. */
export interface TowerFiles {
  readonly spec: TowerSpec;
  readonly dims: number;
  /** bytes, or a path */
  readonly graph: Uint8Array | string;
  readonly tokenizer: Uint8Array;
  readonly tokenizerConfig: Uint8Array;
}

/** Errors: as `Model.read`; `MODEL_INCOMPATIBLE` when the model has no text tower. */
export async function openTextTower(model: Model, options: GraphOptions = {}): Promise<TextTower> {
  const { id, text, dims } = asEncoder(model.manifest);
  if (text?.kind !== "tower")
    throw new AlbumenError("MODEL_INCOMPATIBLE", `The model ${id} has no text tower.`);
  return createTextTower(
    {
      spec: text,
      dims,
      graph: await model.locate(text.graph),
      tokenizer: await model.read(text.tokenizer),
      tokenizerConfig: await model.read(text.tokenizerConfig),
    },
    options,
  );
}

/** Errors: `MODEL_CORRUPT`, `OUT_OF_MEMORY`. */
export async function createTextTower(
  { spec, dims, graph: source, tokenizer, tokenizerConfig }: TowerFiles,
  options: GraphOptions = {},
): Promise<TextTower> {
  const words = new Tokenizer(
    objectIn(tokenizer, spec.tokenizer),
    objectIn(tokenizerConfig, spec.tokenizerConfig),
  );
  const graph = await openGraph(source, spec.graph, options);

  const tokenize = (text: string): number[] => {
    const { ids } = words.encode(text);
    // The closing special token stays, as in the original's truncation.
    return ids.length <= spec.maxTokens ? ids : [...ids.slice(0, spec.maxTokens - 1), ids.at(-1)!];
  };
  const widthOf = (ids: readonly number[]) =>
    spec.pad.to === "max" ? spec.maxTokens : Math.max(1, ids.length);

  const runBatch = async (tokens: readonly (readonly number[])[], width: number): Promise<Float32Array> => {
    const shape = [tokens.length, width];
    const ids = new BigInt64Array(tokens.length * width).fill(BigInt(spec.pad.id));
    const mask = new BigInt64Array(tokens.length * width);
    tokens.forEach((row, i) =>
      row.forEach((token, at) => {
        ids[i * width + at] = BigInt(token);
        mask[i * width + at] = 1n;
      }),
    );
    const feeds: Record<string, Tensor> = {
      input_ids: new Tensor("int64", ids, shape),
      attention_mask: new Tensor("int64", mask, shape),
    };
    const answers = await graph.run(Object.fromEntries(graph.inputs.map((name) => [name, feeds[name]!])));
    const rows = answers[spec.output]?.data;
    if (!(rows instanceof Float32Array) || rows.length !== tokens.length * dims)
      throw new AlbumenError(
        "MODEL_INCOMPATIBLE",
        `${spec.graph} does not give ${dims} numbers a text as ${spec.output}.`,
      );
    return rows;
  };

  return {
    tokenize,
    async encode(texts, call) {
      throwIfAborted(call.signal);
      const tokens = texts.map(tokenize);
      const order = tokens.map((_, i) => i).sort((a, b) => tokens[a]!.length - tokens[b]!.length || a - b);
      const data = new Float32Array(texts.length * dims);
      for (let start = 0; start < order.length;) {
        throwIfAborted(call.signal);
        let end = start + 1;
        while (end < order.length && widthOf(tokens[order[end]!]!) * (end + 1 - start) <= MAX_BATCH_TOKENS)
          end++;
        const batch = order.slice(start, end);
        const rows = await runBatch(
          batch.map((i) => tokens[i]!),
          widthOf(tokens[batch.at(-1)!]!),
        );
        batch.forEach((i, row) => data.set(rows.subarray(row * dims, (row + 1) * dims), i * dims));
        start = end;
        call.onProgress?.(start, texts.length);
      }
      return normalizeRows(makeVectors(data, dims));
    },
    dispose: () => graph.dispose(),
  };
}

function objectIn(bytes: Uint8Array, name: string): object {
  let value: unknown = null;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // Told below, like any other content that is no object.
  }
  if (typeof value !== "object" || value === null)
    throw new AlbumenError("MODEL_CORRUPT", `${name} does not hold a JSON object.`);
  return value;
}
