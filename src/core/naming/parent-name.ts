/** The name of a folder of albums, made from theirs. Pure. */
import { foldTyping } from "../album-edits.ts";
import type { Album, AlbumName } from "../albums.ts";
import { MAX_NAME_WORDS } from "./name-rules.ts";

/**
 * "Kitchens and Bathrooms"; of more than two, "Fruit, Peppers and more". The largest children speak, and those with a
 * name of their own before those with a neutral one. A broader word over all of them would read better, but words
 * learned from single pictures name mixtures badly ("Mountain Bikes" over skiing, bicycles and cliffs), and what the
 * children are called is never wrong.
 *
 * @param children at least two, largest first
 * @param taken names in use
 */
export function nameParent(children: readonly Album[], taken: readonly string[]): AlbumName {
  const telling = children.filter((child) => child.name.source !== "neutral");
  const speakers = (telling.length > 0 ? telling : children).map((child) => child.name.text);
  const rest = (shown: number): string => (shown < children.length ? " and more" : "");
  const [first, second] = [speakers[0]!, speakers[1]];
  const both =
    second === undefined
      ? null
      : children.length > 2
        ? `${first}, ${second}${rest(2)}`
        : `${first} and ${second}`;
  const wanted = both !== null && wordsOf(both) <= MAX_NAME_WORDS ? both : `${first}${rest(1)}`;
  const isTaken = new Set(taken.map(foldTyping));
  let text = wanted;
  for (let n = 2; isTaken.has(foldTyping(text)); n++) text = `${wanted} ${n}`;
  return {
    text,
    source: "neutral",
    score: null,
    evidence: {
      words: [],
      captionWords: [],
      reason: `It holds ${children.length} albums that are closer to each other than to the rest; the largest name it.`,
    },
  };
}

function wordsOf(text: string): number {
  return text.split(/\s+/).length;
}
