/** Models that map images, and perhaps texts, to unit vectors of one space. */
import type { Vectors } from "../core/vectors.ts";
import type { ConceptTable } from "../core/concepts.ts";
import type { Call } from "./call.ts";
import type { DecodedImage, InputSpec } from "./image-decoder.ts";

/** Vectors are comparable when all three agree. */
export interface Space {
  /** model id, e.g. `starter` */
  readonly model: string;
  readonly revision: string;
  readonly dims: number;
}

/** `starter@1:768`: the key under which derived data is kept. */
export function spaceKey(space: Space): string {
  return `${space.model}@${space.revision}:${space.dims}`;
}

export interface Embedder {
  readonly space: Space;
  /** mean 1 - cosine of photos that have nothing to do with each other, in (0, 2]; null: not known */
  readonly unrelated: number | null;
  /** images a call at most; the pipeline cuts batches and halves a failed one to find the culprit */
  readonly maxBatch: number;
  /** the geometry of the images it is given; the decoder delivers exactly this */
  readonly input: InputSpec;
  /** One unit row an image, input order. */
  embedImages(images: readonly DecodedImage[], call: Call): Promise<Vectors>;
  /** One unit row a text; absent when the model has no text side at all. */
  embedTexts?(texts: readonly string[], call: Call): Promise<Vectors>;
  /** The model's own words as rows of the same space; null when it has none. */
  concepts(): Promise<ConceptTable | null>;
  /**
   * Frees what is loaded; may be called again. Pictures need a new embedder then. Texts do not: they load their side
   * alone, which is small beside other models, and it is for the next `dispose` to free.
   */
  dispose(): Promise<void>;
}
