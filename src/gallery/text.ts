/** Text from strangers (file names, captions, names) made fit to show, to search and to inline. Pure. */

const LONGEST = 600;

// Controls break lines and layouts; bidirectional overrides make "gpj.exe" read as "exe.jpg".
// oxlint-disable-next-line no-control-regex
const UNSHOWABLE =
  /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** At most 600 characters; controls, bidirectional marks and halves of surrogate pairs become U+FFFD. */
export function displayText(text: string): string {
  // Cut before replacing, so that a pair cut in two is seen as such.
  const shown = (text.length > LONGEST ? text.slice(0, LONGEST) : text).replace(UNSHOWABLE, "\ufffd");
  return text.length > LONGEST ? `${shown}…` : shown;
}

const LETTERS: Readonly<Record<string, string>> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  đ: "d",
  ð: "d",
  þ: "th",
  ł: "l",
  ı: "i",
  ħ: "h", // prettier-ignore
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

/** JSON that cannot end its `<script>`, start a comment in it, or break older parsers of scripts. */
export function jsonForScript(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * A relative path as a URL that stays relative to the page: each segment is percent-encoded, so neither a scheme, a
 * host, a query nor a fragment can come from a file name.
 */
export function relativeUrl(path: string): string {
  const segments = path.split("/").filter((segment) => segment !== "" && segment !== ".");
  return `./${segments.map((segment) => encodeURIComponent(segment.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd"))).join("/")}`;
}

/** "1 picture", "2,418 pictures" */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
