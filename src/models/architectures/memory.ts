/** What a model will take of memory, told before it is loaded. */
import type { WeightDtype } from "../convert.ts";

/** What the layers of a tower hold at once, as far as it can be told from its shape. */
export interface TowerShape {
  readonly tokens: number;
  readonly width: number;
  readonly inner: number;
  readonly heads: number;
}

const BATCH = 16; // pictures a call, as the embedder makes them

/**
 * Bytes that the process grows by, an estimate: the weights as they lie in memory (halves are widened on load), and of
 * one layer, for a full batch, the hidden states, the wide part three times over and the attention scores.
 */
export function memoryOf(
  graphs: readonly Uint8Array[],
  dtype: WeightDtype,
  { tokens, width, inner, heads }: TowerShape,
): number {
  const weights = graphs.reduce((sum, { length }) => sum + length, 0) * (dtype === "fp16" ? 2 : 1);
  const floats = BATCH * tokens * (8 * width + 3 * inner + heads * tokens);
  return weights + 4 * floats;
}
