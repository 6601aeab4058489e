/** Decides whether a caption is shown. Pure. */
import type { ConceptTable } from "../concepts.ts";
import { dot, rowOf } from "../vectors.ts";
import { nounsIn } from "./caption-words.ts";
import { treeOf } from "./concept-tree.ts";

export interface Judgement {
  readonly shown: boolean;
  /** a fragment: why not, or `supported` */
  readonly reason: string;
}

export const gate = { MIN_SCORE: -2.2, SUPPORT: 1.5, mode: "all" };

export function gateCaption(
  caption: { readonly text: string; readonly score: number },
  vector: Float32Array,
  concepts: ConceptTable | null,
): Judgement {
  if (caption.score < gate.MIN_SCORE) return { shown: false, reason: "the captioner is unsure of it" };
  if (!concepts) return { shown: true, reason: "supported" };
  const nouns = nounsIn(caption.text, concepts);
  const { lineage } = treeOf(concepts);
  const living = concepts.concepts.map(({ text }) => text === "person" || text === "animal");
  const claims = nouns.filter((noun, i) => gate.mode === "all" || i === 0 || (gate.mode === "living" && lineage[noun]!.some((w) => living[w])));
  for (const noun of claims) {
    const s = supportOf(noun, vector, concepts);
    if (s < gate.SUPPORT) return { shown: false, reason: `nothing else says ${concepts.concepts[noun]!.text} ${s}` };
  }
  return { shown: true, reason: "supported" };
}

const memo = new WeakMap<Float32Array, Map<number, number>>();
export const variant = { parent: true, below: true };
function supportOf(noun: number, vector: Float32Array, concepts: ConceptTable): number {
  const { lineage } = treeOf(concepts);
  let best = -Infinity;
  lineage.forEach((line, word) => {
    const isKin = word === noun || (variant.below && line.includes(noun)) || (variant.parent && lineage[noun]![1] === word);
    if (!isKin) return;
    let m = memo.get(vector);
    if (!m) memo.set(vector, (m = new Map()));
    let z = m.get(word);
    if (z === undefined) {
      const { mean, deviation } = concepts.concepts[word]!;
      z = dot(rowOf(concepts.vectors, word), vector); void mean; void deviation;
      m.set(word, z);
    }
    best = Math.max(best, z);
  });
  return best;
}
