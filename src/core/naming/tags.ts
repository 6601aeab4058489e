/** Words that stand out in one image. Pure. */
import type { ConceptTable } from "../concepts.ts";
import { treeOf } from "./concept-tree.ts";

export interface Tag {
  readonly text: string;
  /** deviations above the background */
  readonly score: number;
}

const MAX_TAGS = 5;
/**
 * A tag stands out of the background by so many deviations. On the tuning folders of caltech_a bars from 1 to 3 do
 * equally well (the best tag is right in .44); photos of people and dogs, of which the background is full, need a low one.
 */
const TAG_STANDING = 2;
/**
 * A tag fits at least this share of what the best one does. On the same folders .65 gives 4.0 tags a picture, and a right
 * one for .61 of the pictures; a half gives 4.8 and .64.
 */
const TAG_FIT = 0.65;

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
