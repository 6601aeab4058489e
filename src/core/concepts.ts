/** The words an encoder knows: rows of its own space with what was measured about each. Pure. */
import type { Vectors } from "./vectors.ts";

export interface Concept {
  readonly text: string;
  /** hyper: everyday word; domain: label of a training pack; words: caption word; imagenet: class name */
  readonly kind: "hyper" | "domain" | "words" | "imagenet";
  /** average precision on held-out pictures, in [0, 1]; 0 = could not be measured, not "bad" */
  readonly reliability: number;
  /** index of a broader concept, or -1 */
  readonly parent: number;
  /** mean of the cosine over background pictures */
  readonly mean: number;
  /** deviation of the cosine over background pictures, > 0 */
  readonly deviation: number;
}

export interface ConceptTable {
  readonly concepts: readonly Concept[];
  /** row i belongs to concepts[i]; unit rows */
  readonly vectors: Vectors;
}
