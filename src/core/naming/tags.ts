/** Words that stand out in one image. Pure. */
import type { ConceptTable } from "../concepts.ts";
import { treeOf } from "./concept-tree.ts";

export interface Tag {
  readonly text: string;
  /** deviations above the background */
  readonly score: number;
}

const MAX_TAGS = 5;
/** A tag stands out of the background by so many deviations. Of one image less is noise; see `npm run eval:captions`. */
const TAG_STANDING = 3;
/** A tag fits at least this share of what the best one does. */
const TAG_FIT = 0.5;

/**
 * The words that fit an image best and stand out, best first; none when none does.
 *
 * @param fits cosine of the image to each concept, in the table's order: one row of a matrix product
 */
export function tagsOf(fits: ArrayLike<number>, concepts: ConceptTable): Tag[] {
  const { isName } = treeOf(concepts);
  const found: { readonly text: string; readonly fit: number; readonly score: number }[] = [];
  concepts.concepts.forEach(({ text, mean, deviation }, word) => {
    if (!isName[word]) return;
    const fit = fits[word]!;
    const score = (fit - mean) / deviation;
    if (score >= TAG_STANDING) found.push({ text, fit, score });
  });
  found.sort((a, b) => b.fit - a.fit);
  const best = found[0]?.fit ?? 0;
  return found
    .filter(({ fit }) => fit >= TAG_FIT * best)
    .slice(0, MAX_TAGS)
    .map(({ text, score }) => ({ text, score }));
}
