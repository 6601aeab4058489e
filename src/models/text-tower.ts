/** Texts to unit vectors by a model's own text tower: its tokenizer, its graph. */
import { emptyVectors, normalizeRows, type Vectors } from "../core/vectors.ts";
import { AlbumenError } from "../errors.ts";
import type { Call } from "../ports/call.ts";
import { openGraph, type GraphOptions } from "./graph.ts";
import { asEncoder, type TextSpec } from "./manifest.ts";
import type { Model } from "./model.ts";
import type { Tensor } from "./onnxruntime.ts";
import { createTokenize, encodeByLength, type TokenBatches } from "./token-batches.ts";

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
  const tokenize = createTokenize(
    objectIn(tokenizer, spec.tokenizer),
    objectIn(tokenizerConfig, spec.tokenizerConfig),
    spec.maxTokens,
  );
  const graph = await openGraph(source, spec.graph, options);
  const batches: TokenBatches = {
    padId: spec.pad.id,
    widthOf: (ids) => (spec.pad.to === "max" ? spec.maxTokens : Math.max(1, ids.length)),
    async run(feeds, count) {
      const named: Readonly<Record<string, Tensor>> = { ...feeds };
      const answers = await graph.run(Object.fromEntries(graph.inputs.map((name) => [name, named[name]!])));
      const rows = answers[spec.output]?.data;
      if (!(rows instanceof Float32Array) || rows.length !== count * dims)
        throw new AlbumenError(
          "MODEL_INCOMPATIBLE",
          `${spec.graph} does not give ${dims} numbers a text as ${spec.output}.`,
        );
      return rows;
    },
  };

  return {
    tokenize,
    async encode(texts, call) {
      if (texts.length === 0) return emptyVectors(dims);
      return normalizeRows(await encodeByLength(texts.map(tokenize), batches, call));
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
