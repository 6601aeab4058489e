/** Repositories that hold finished graphs instead of a checkpoint, under the names that Optimum gives them. */
import { AlbumenError, throwIfAborted } from "../../errors.ts";
import type { PublishedFiles, WeightDtype } from "../convert.ts";
import { openGraph, type Graph } from "../graph.ts";
import { GraphBuilder } from "../onnx/graph-builder.ts";
import { Tensor } from "../onnxruntime.ts";
import { syntheticPicture } from "../self-check.ts";
import type { ModelInput } from "./preprocessor.ts";

const ENDINGS: Readonly<Record<WeightDtype, readonly string[]>> = {
  fp32: [""],
  fp16: ["_fp16"],
  q8: ["_quantized", "_int8", "_uint8"],
};

/** `vision_model`, `text_model` or, where there is one tower, `model`. */
export type TowerStem = "vision_model" | "text_model" | "model";

/**
 * The file of a tower in the precision asked for; null when the repository has no graph of that tower at all.
 * Errors: `MODEL_INCOMPATIBLE` when it is there in other precisions only, or cut into a graph and its data.
 */
export function towerFile(names: readonly string[], stem: TowerStem, dtype: WeightDtype): string | null {
  const prefix = `onnx/${stem}`;
  const there = names.filter(
    (name) => name.startsWith(prefix) && /^(_[a-z0-9]+)?\.onnx$/.test(name.slice(prefix.length)),
  );
  if (there.length === 0) return null;
  const found = ENDINGS[dtype]
    .map((ending) => `${prefix}${ending}.onnx`)
    .find((name) => there.includes(name));
  if (found === undefined)
    throw new AlbumenError(
      "MODEL_INCOMPATIBLE",
      `The repository has no ${dtype} graph of ${stem}, only ${there.sort().join(", ")}.`,
      { hint: "Albumen makes other precisions from a checkpoint, not from a finished graph." },
    );
  if (names.includes(`${found}_data`))
    throw new AlbumenError(
      "MODEL_INCOMPATIBLE",
      `${found} keeps its weights in a second file, which Albumen does not read.`,
      {
        hint: "Take a smaller precision, or a repository that has model.safetensors.",
      },
    );
  return found;
}

export interface ImageTower {
  /** run in this order */
  readonly graphs: ReadonlyMap<string, Uint8Array>;
  readonly output: string;
  readonly dims: number;
}

/** What of a graph's answer is the embedding: one of these outputs; of `last_hidden_state` the first token. */
export async function readImageTower(
  files: PublishedFiles,
  name: string,
  input: ModelInput,
  outputs: readonly string[],
  signal: AbortSignal,
): Promise<ImageTower> {
  const bytes = await files.read(name);
  throwIfAborted(signal);
  const graph = await openGraph(bytes, name);
  try {
    const output = outputOf(graph, name, outputs);
    const answer = (await graph.run({ [graph.inputs[0]!]: syntheticPicture(input) }))[output]!;
    const { dims: shape } = answer;
    const dims = shape.at(-1)!;
    if (shape.length === 2) return { graphs: new Map([["vision.onnx", bytes]]), output, dims };
    return {
      graphs: new Map([
        ["vision.onnx", bytes],
        ["first-token.onnx", firstTokenGraph(output, dims)],
      ]),
      output: "embedding",
      dims,
    };
  } finally {
    await graph.dispose();
  }
}

/** float32 [n, t, dims] to `embedding` [n, dims]. */
function firstTokenGraph(input: string, dims: number): Uint8Array {
  const graph = new GraphBuilder("first-token");
  const states = graph.input(input, "f32", ["n", "t", dims]);
  const first = graph.node("Slice", [states, graph.ints([0]), graph.ints([1]), graph.ints([1])]);
  graph.output("embedding", graph.node("Squeeze", [first, graph.ints([1])]), "f32", ["n", dims]);
  return graph.toModel();
}

export interface TextTower {
  readonly bytes: Uint8Array;
  readonly output: string;
}

/** Errors: `MODEL_INCOMPATIBLE` when its vectors are not of `dims`. */
export async function readTextTower(
  files: PublishedFiles,
  name: string,
  outputs: readonly string[],
  expected: { readonly dims: number; readonly maxTokens: number; readonly padId: number },
): Promise<TextTower> {
  const bytes = await files.read(name);
  const graph = await openGraph(bytes, name);
  try {
    const output = outputOf(graph, name, outputs);
    const { dims, maxTokens, padId } = expected;
    const ids = new BigInt64Array(maxTokens).fill(BigInt(padId));
    const feeds = Object.fromEntries(
      graph.inputs.map((input) => [
        input,
        new Tensor("int64", input === "attention_mask" ? ids.map(() => 1n) : ids, [1, maxTokens]),
      ]),
    );
    const found = (await graph.run(feeds))[output]!.dims.at(-1);
    if (found !== dims)
      throw new AlbumenError(
        "MODEL_INCOMPATIBLE",
        `Texts have ${found} dims in this model, pictures ${dims}.`,
      );
    return { bytes, output };
  } finally {
    await graph.dispose();
  }
}

function outputOf(graph: Graph, name: string, wanted: readonly string[]): string {
  const found = wanted.find((output) => graph.outputs.includes(output));
  if (found !== undefined) return found;
  throw new AlbumenError(
    "MODEL_INCOMPATIBLE",
    `${name} gives ${graph.outputs.join(", ")} and not ${wanted.join(" or ")}.`,
    {
      hint: "It was exported for another task than embedding; take a repository that has model.safetensors.",
    },
  );
}
