/** Says in plain words why an album is called what it is called. Pure. */
import type { NameProof } from "../core/albums.ts";
import type { GalleryAlbum } from "./data.ts";

/** Sentences, most telling first. */
export function explainName(album: GalleryAlbum): string[] {
  const { evidence } = album;
  const lines: string[] = [];
  if (album.nameSource === "user") lines.push("You gave this name; Albumen never changes it.");
  if (album.nameSource === "llm") lines.push("A language model chose this name from the evidence below.");
  if (!evidence) {
    if (album.nameSource === "neutral")
      lines.push("No word stood out, so the name says only what is certain.");
    return lines;
  }
  if (evidence.reason !== "") lines.push(evidence.reason);
  const best = evidence.words[0];
  if (best) lines.push(`“${best.text}” fits these pictures ${comparison(best.lead)} the other albums.`);
  const also = evidence.words.slice(1, 4).filter((word) => word.lead >= 1);
  if (also.length > 0) lines.push(`Also ahead: ${listOf(also.map((word) => `“${word.text}”`))}.`);
  if (evidence.proof) lines.push(...sayProof(evidence.proof));
  if (evidence.english !== undefined) lines.push(`In English it is “${evidence.english}”.`);
  if (evidence.captionWords.length > 0) {
    const words = evidence.captionWords.slice(0, 4).map(({ text, count }) => `“${text}” (${count})`);
    lines.push(`Captions of its pictures share ${listOf(words)}.`);
  }
  return lines;
}

function sayProof(proof: NameProof): string[] {
  if (proof.kind === "proven")
    return [
      `Tested on its pictures: on ${Math.round(100 * proof.share)} % of them it fits at least as well as any other album's name.`,
    ];
  return proof.kind === "unproven"
    ? [`Tested on its pictures, and not proven: ${proof.because}`]
    : [`Not tested on its pictures: ${proof.because}`];
}

/** `lead` is in deviations over the sibling albums. */
function comparison(lead: number): string {
  if (lead >= 3) return "far better than";
  if (lead >= 2) return "clearly better than";
  if (lead >= 1) return "somewhat better than";
  return "hardly better than";
}

/** "a", "a and b", "a, b and c" */
function listOf(items: readonly string[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)!}`;
}
