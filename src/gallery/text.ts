/** Text from strangers (file names, captions, names) made fit to show, to search and to inline. Pure. */

const LONGEST = 600;

// Controls break lines and layouts; bidirectional overrides make "gpj.exe" read as "exe.jpg"; a surrogate without its
// other half is no character.
const UNSHOWABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** At most 600 characters; controls, bidirectional marks and halves of surrogate pairs become U+FFFD. */
export function displayText(text: string): string {
  // Cut before replacing, so that a pair cut in two is seen as such.
  const shown = (text.length > LONGEST ? text.slice(0, LONGEST) : text).replace(UNSHOWABLE, "\ufffd");
  return text.length > LONGEST ? `${shown}…` : shown;
}

// prettier-ignore
const LETTERS: Readonly<Record<string, string>> = {
  ß: "ss", æ: "ae", œ: "oe", ø: "o", đ: "d", ð: "d", þ: "th", ł: "l", ı: "i", ħ: "h",
};

/** Case and accents taken away, so that "Cafe" finds "Café" and "strasse" "Straße". */
export function fold(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/\p{M}/gu, "")
    .replace(/[ßæœøđðþłıħ]/g, (letter) => LETTERS[letter]!);
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** JSON that cannot end its `<script>`, start a comment in it, or make the source read other than it is. */
export function jsonForScript(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * A relative path as a URL that stays relative to the page: each segment is percent-encoded, so neither a scheme, a
 * host, a query nor a fragment can come from a file name.
 */
export function relativeUrl(path: string): string {
  const segments = path.split("/").filter((segment) => segment !== "" && segment !== ".");
  const encoded = segments.map((segment) => encodeURIComponent(segment.replace(/\p{Cs}/gu, "\ufffd")));
  return `./${encoded.join("/")}`;
}

/** "1 picture", "2,418 pictures" */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
