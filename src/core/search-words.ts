/** Reads a search as words the encoder knows, for when no text model is at hand. Pure. */
import type { Concept } from "./concepts.ts";
import { foldTyping } from "./album-edits.ts";

export interface WordMatch {
  /** the concept that is the whole query, or null */
  readonly whole: number | null;
  /** concepts named within the query, longest first found, left to right */
  readonly parts: readonly number[];
  /** nearest concepts by spelling, best first; only when neither of the others found any */
  readonly nearest: readonly number[];
}

const NEAREST = 5;

/** Case, accents and plain plurals do not matter. */
export function matchWords(query: string, concepts: readonly Concept[]): WordMatch {
  const known = new Map<string, number>();
  // Everyday words come first in the table and win over rarer namesakes.
  concepts.forEach((concept, i) => {
    const key = singular(foldTyping(concept.text));
    if (!known.has(key)) known.set(key, i);
  });
  const folded = foldTyping(query)
    .replace(/[^\p{L}\p{N}\s-]/gu, " ")
    .replace(/\s+/g, " ")
    .trim();
  const whole = known.get(singular(folded)) ?? null;
  if (whole !== null) return { whole, parts: [whole], nearest: [] };

  const words = folded.split(" ").filter(Boolean);
  const parts: number[] = [];
  for (let from = 0; from < words.length;) {
    let taken = 0;
    for (let length = Math.min(4, words.length - from); length > 0 && taken === 0; length--) {
      const found = known.get(singular(words.slice(from, from + length).join(" ")));
      if (found === undefined) continue;
      if (!parts.includes(found)) parts.push(found);
      taken = length;
    }
    from += taken || 1;
  }
  if (parts.length > 0) return { whole: null, parts, nearest: [] };

  const grams = trigrams(folded);
  const nearest = concepts
    .map((concept, i) => ({ i, score: dice(grams, trigrams(foldTyping(concept.text))) }))
    .sort((a, b) => b.score - a.score || a.i - b.i)
    .slice(0, NEAREST)
    .map(({ i }) => i);
  return { whole: null, parts: [], nearest };
}

/** English plurals of the last word, as far as spelling tells: "berries", "boxes", "dogs", but not "glass". */
function singular(text: string): string {
  if (/[^aeiou]ies$/.test(text)) return text.replace(/ies$/, "y");
  if (/(s|x|z|ch|sh)es$/.test(text)) return text.replace(/es$/, "");
  if (/[^su]s$/.test(text)) return text.replace(/s$/, "");
  return text;
}

function trigrams(text: string): Set<string> {
  const padded = `  ${text} `;
  const grams = new Set<string>();
  for (let i = 0; i + 3 <= padded.length; i++) grams.add(padded.slice(i, i + 3));
  return grams;
}

/** Sørensen–Dice coefficient, in [0, 1]. */
function dice(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let shared = 0;
  for (const gram of a) if (b.has(gram)) shared++;
  return (2 * shared) / (a.size + b.size);
}
