/** What any name must be, whoever wrote it. Pure. */
import type { RejectedName } from "./evidence.ts";
import { foldName } from "./wording.ts";

export const MAX_NAME_WORDS = 4;
/** Folder names are cut at 255 bytes anyway; four words of any language fit into this. */
const MAX_NAME_CHARACTERS = 60;

export type CheckedName =
  { readonly kind: "good"; readonly text: string } | ({ readonly kind: "bad" } & RejectedName);

/** Names that say nothing; compared folded. */
const EMPTY_NAMES = new Set(
  "album,album name,alike,image,misc,miscellaneous,n a,name,new album,none,null,photo,photo album,picture,undefined,unknown,unnamed,unsorted,untitled,various"
    .split(",")
    .map(foldName),
);
/** How models begin when they answer us instead of the question. */
const REFUSAL = /^(?:i(?:['’]m| am| can| could| will| do| have)\b|sorry\b|as an ai\b|unable to\b|cannot\b)/i;
/** Control, format and private characters, line ends, and what paths are made of. */
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}/\\:*?"<>|]/u;
const LATIN = /^[\p{Script=Latin}\p{Script=Common}\p{Script=Inherited}]+$/u;

/**
 * A model's answer as a name: trimmed, single spaces, without the quotes around it and the full stop after it.
 * Nothing else is repaired: a name that had to be cut or cleaned is not the model's any more.
 *
 * @param language BCP 47; English is held to Latin letters
 */
export function checkName(answer: string, language = "en"): CheckedName {
  const bad = (because: string): CheckedName => ({ kind: "bad", text: answer, because });
  const text = answer
    .normalize("NFC")
    .trim()
    .replace(/^(["'“”‘’«»`])(.*)["'“”‘’«»`]$/u, "$2")
    .replace(/[.。]$/u, "")
    .replace(/ +/g, " ")
    .trim();
  if (text.length > MAX_NAME_CHARACTERS)
    return bad(`A name has at most ${MAX_NAME_CHARACTERS} characters; this has ${text.length}.`);
  if (UNSAFE.test(text) || text.startsWith("."))
    return bad("It holds characters that cannot be in a folder's name.");
  if (foldName(text) === "" || !/\p{L}/u.test(text)) return bad("There are no words in it.");
  const words = text.split(" ").length;
  if (words > MAX_NAME_WORDS) return bad(`A name has at most ${MAX_NAME_WORDS} words; this has ${words}.`);
  if (REFUSAL.test(text)) return bad("It is no name.");
  if (EMPTY_NAMES.has(foldName(text))) return bad("It says nothing about the pictures.");
  if (isEnglish(language) && !LATIN.test(text)) return bad("It is not English.");
  return { kind: "good", text };
}

/** `en`, `en-GB` … */
export function isEnglish(language: string): boolean {
  return /^en(?:-|$)/i.test(language);
}

/** A text that came from elsewhere, fit to stand in a sentence: one line, short. */
export function quoted(text: string, most = 40): string {
  const line = text.replace(/[\p{C}\p{Z}]+/gu, " ").trim();
  return `“${line.length > most ? `${line.slice(0, most)}…` : line}”`;
}
