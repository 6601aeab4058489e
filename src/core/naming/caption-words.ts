/** Finds a table's words in captions. Pure. */
import type { ConceptTable } from "../concepts.ts";
import { treeOf } from "./concept-tree.ts";
import { foldName } from "./wording.ts";

/** Words of a table are at most this long, in words ("black and gold garden spider" is not in captions). */
const LONGEST = 3;

const indices = new WeakMap<ConceptTable, ReadonlyMap<string, number>>();

/** From the folded text to the word's index; adjectives, verbs and the like are left out, singulars go first. */
function indexOf(concepts: ConceptTable): ReadonlyMap<string, number> {
  let index = indices.get(concepts);
  if (!index) {
    const { isEvidence } = treeOf(concepts);
    const built = new Map<string, number>();
    concepts.concepts.forEach(({ text }, word) => {
      const key = foldName(text);
      const known = built.get(key);
      if (isEvidence[word] && (known === undefined || text === key)) built.set(key, word);
    });
    indices.set(concepts, (index = built));
  }
  return index;
}

/** Indices of the table's nouns that a caption holds, in its order; the longest match counts, plural or singular. */
export function nounsIn(caption: string, concepts: ConceptTable): number[] {
  const index = indexOf(concepts);
  const tokens = foldName(caption).split(" ");
  const found: number[] = [];
  for (let at = 0; at < tokens.length;) {
    let length = Math.min(LONGEST, tokens.length - at);
    let word: number | undefined;
    for (; length > 0; length--) {
      word = index.get(tokens.slice(at, at + length).join(" "));
      if (word !== undefined) break;
    }
    if (word !== undefined) found.push(word);
    at += Math.max(1, length);
  }
  return found;
}

/** How many of the captions hold each noun of the table. A caption counts once for a noun. */
export function countNouns(captions: readonly string[], concepts: ConceptTable): Map<number, number> {
  return countOnce(captions.map((caption) => nounsIn(caption, concepts)));
}

/** The same, where a narrower noun counts for its broader ones too: `boy` for `child` and `person`. */
export function countMentions(captions: readonly string[], concepts: ConceptTable): Map<number, number> {
  const { lineage } = treeOf(concepts);
  return countOnce(captions.map((caption) => nounsIn(caption, concepts).flatMap((noun) => lineage[noun]!)));
}

function countOnce(lists: readonly (readonly number[])[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const list of lists) for (const item of new Set(list)) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}
