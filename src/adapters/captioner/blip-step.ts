/** What BLIP's decoder remembers between the tokens of a batch: of the pictures, and of what was said before. */
import type { DecoderStep, Prefix } from "../../core/beam-search.ts";
import { AlbumenError, throwIfAborted } from "../../errors.ts";
import { memoryErrorOf, type Graph } from "../../models/graph.ts";
import { Tensor } from "../../models/onnxruntime.ts";

/** The keys and values of every picture for every layer of the decoder. */
export interface PictureMemory {
  /** By input name, for these pictures, which are in order and among those of the call before. */
  of(pictures: readonly number[]): Readonly<Record<string, Tensor>>;
}

/**
 * Looks at each picture once, one at a time: its tokens fill the cores already, and abort waits for one picture only.
 * `pixels`: [1, 3, side, side] each. Errors: as `Graph.run`, `ABORTED`.
 */
export async function rememberPictures(
  vision: Graph,
  pixels: readonly Tensor[],
  signal: AbortSignal,
): Promise<PictureMemory> {
  const names = vision.outputs.filter((name) => name.startsWith("cross."));
  const stores = new Map<string, Store>();
  for (const [at, picture] of pixels.entries()) {
    throwIfAborted(signal);
    const outputs = await vision.run({ [vision.inputs[0]!]: picture });
    for (const name of names) {
      const { data, dims } = outputs[name]!;
      const [, ...shape] = dims;
      const store = stores.get(name) ?? { data: allocate(pixels.length * data.length), shape };
      store.data.set(data as Float32Array, at * data.length);
      stores.set(name, store);
    }
  }
  let held = pixels.map((_, picture) => picture);
  return {
    of(pictures) {
      if (pictures.length < held.length) {
        const from = pictures.map((picture) => held.indexOf(picture));
        for (const store of stores.values()) keepRows(store, from);
        held = [...pictures];
      }
      return Object.fromEntries(
        [...stores].map(([name, { data, shape }]) => {
          const dims = [pictures.length, ...shape];
          return [name, new Tensor("float32", data.subarray(0, sizeOf(dims)), dims)];
        }),
      );
    },
  };
}

/** Row-major; row i is of the i-th picture held, rows behind the last are left over. */
interface Store {
  readonly data: Float32Array;
  /** of one row */
  readonly shape: readonly number[];
}

/** Moves the rows `from`, which ascend, to the front. In place: they are the largest tensors there are. */
function keepRows({ data, shape }: Store, from: readonly number[]): void {
  const size = sizeOf(shape);
  from.forEach((row, to) => {
    if (row !== to) data.copyWithin(to * size, row * size, (row + 1) * size);
  });
}

export interface DecoderShape {
  readonly layers: number;
  readonly heads: number;
  /** width of a head */
  readonly headDims: number;
}

/**
 * A step that computes the new token of each sentence only; keys and values of earlier ones are handed back to the
 * graph, which picks them by parent. Errors: as `Graph.run`, `ABORTED`.
 */
export function blipStep(
  decoder: Graph,
  memory: PictureMemory,
  { layers, heads, headDims }: DecoderShape,
  signal: AbortSignal,
): DecoderStep {
  const parts = Array.from({ length: layers }, (_, layer) => [`${layer}.key`, `${layer}.value`]).flat();
  let present: Readonly<Record<string, Tensor>> | null = null;

  return async (prefixes) => {
    throwIfAborted(signal);
    const pictures = [...new Set(prefixes.map(({ item }) => item))];
    if (prefixes.length % pictures.length !== 0)
      throw new AlbumenError("INTERNAL", "Pictures of one step have unequal numbers of sentences.");
    const nothing = new Tensor("float32", new Float32Array(0), [prefixes.length, heads, 0, headDims]);
    const past = parts.map((part) => [`past.${part}`, present?.[`present.${part}`] ?? nothing] as const);
    const outputs = await decoder.run({
      input_ids: idsOf(prefixes, present !== null),
      parents: int64(
        prefixes.map(({ parent }, row) => parent ?? row),
        [prefixes.length],
      ),
      ...Object.fromEntries(past),
      ...memory.of(pictures),
    });
    present = outputs;
    return outputs["logits"]!.data as Float32Array;
  };
}

/** All tokens in the first step, the last one after it. */
function idsOf(prefixes: readonly Prefix[], isLater: boolean): Tensor {
  const rows = prefixes.map(({ tokens }) => (isLater ? tokens.slice(-1) : tokens));
  return int64(rows.flat(), [rows.length, rows[0]!.length]);
}

function int64(values: readonly number[], dims: readonly number[]): Tensor {
  return new Tensor("int64", BigInt64Array.from(values, BigInt), dims);
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function allocate(length: number): Float32Array {
  try {
    return new Float32Array(length);
  } catch (error) {
    throw memoryErrorOf(error) ?? error;
  }
}
