/** The words of a concept table as a tree of broader and narrower words. Pure. */
import type { Concept, ConceptTable } from "../concepts.ts";

export interface ConceptTree {
  /** a word and its broader words, nearest first */
  readonly lineage: readonly (readonly number[])[];
  /**
   * how much a word says, in (0, 1]: the information of its subtree, ln(N / words below and with it), as a share of
   * that of a word without narrower ones (Deng et al., "Hedging Your Bets", CVPR 2012, section 3)
   */
  readonly specificity: Float32Array;
  /** words whose fit speaks for themselves and for their broader words: all but adjectives, verbs and the like */
  readonly isEvidence: readonly boolean[];
  /** words that an album may be called by */
  readonly isName: readonly boolean[];
}

/**
 * A caption word may name an album from here on. The caption words are a mixed bag (nouns, verbs, adjectives): those
 * with a broader word are mostly things, and those that were recognised at all are mostly worth a name
 * (beach, ocean, kayak, surfer; not branch, reading, yard). Chosen by reading the 449 words.
 */
const MIN_RELIABILITY_OF_CAPTION_WORD = 0.3;

const trees = new WeakMap<ConceptTable, ConceptTree>();

/** Built once a table. A parent chain that runs in a circle is cut where it meets itself. */
export function treeOf(table: ConceptTable): ConceptTree {
  let tree = trees.get(table);
  if (!tree) trees.set(table, (tree = buildTree(table.concepts)));
  return tree;
}

function buildTree(concepts: readonly Concept[]): ConceptTree {
  const lineage = concepts.map((_, i) => lineageOf(concepts, i));
  const below = new Float64Array(concepts.length);
  for (const line of lineage) for (const word of line) below[word]!++;
  const most = Math.log(concepts.length);
  const texts = new Set(concepts.map(({ text }) => text));
  return {
    lineage,
    // A table of one word has no information to share out.
    specificity: Float32Array.from(below, (count) => (most > 0 ? (most - Math.log(count)) / most : 1)),
    isEvidence: concepts.map(({ kind, parent }) => kind !== "words" || parent >= 0),
    isName: concepts.map(
      ({ kind, parent, reliability, text }) =>
        kind !== "words" ||
        (parent >= 0 && reliability >= MIN_RELIABILITY_OF_CAPTION_WORD && !isAdjectiveOf(text, texts)),
    ),
  };
}

function lineageOf(concepts: readonly Concept[], start: number): number[] {
  const line: number[] = [];
  for (let i = start; i >= 0 && !line.includes(i); i = concepts[i]!.parent) line.push(i);
  return line;
}

/** `snowy` beside `snow`, `sandy` beside `sand`. */
function isAdjectiveOf(text: string, texts: ReadonlySet<string>): boolean {
  return text.endsWith("y") && texts.has(text.slice(0, -1));
}
