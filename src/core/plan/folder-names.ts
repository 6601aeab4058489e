/** Names of folders and files that every operating system accepts and that cannot leave their folder. Pure. */

/** Longest name of ext4, APFS and NTFS alike: bytes of UTF-8 are never fewer than UTF-16 units. */
const MAX_NAME_BYTES = 255;

/** A longer one is part of the name ("Mr. Smith and friends"), not an extension. */
const EXTENSION = /\.[\p{L}\p{N}]{1,16}$/u;

/** Device names of Windows, with or without an extension (learn.microsoft.com, "Naming Files, Paths"). */
const RESERVED = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$)(?=\s*(?:\.|$))/iu;

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/**
 * The folder name nearest to `text`. Characters that some system forbids become "-"; control and
 * text-direction characters go; so do marks at the start that hide a folder (".") or that shells and
 * spreadsheets read as an option or a formula ("-", "=", "+", "@", "~"), and dots and spaces at the end.
 * Never empty, never "." or "..", at most 255 bytes of UTF-8, NFC. Idempotent.
 */
export function safeFolderName(text: string): string {
  const name = withoutForbidden(text)
    .replace(/\p{Zs}+/gu, " ")
    .replace(/^[\s.\-=+@~]+/u, "");
  return finished(name, "", "Album");
}

/** The file name nearest to `name`: as `safeFolderName`, but its spaces and marks stay and so does its extension. */
export function safeFileName(name: string): string {
  const clean = withoutForbidden(name).trim();
  const extension = EXTENSION.exec(clean)?.[0] ?? "";
  return finished(
    clean.slice(0, clean.length - extension.length).replace(/^[\s.]+/u, ""),
    extension,
    "image",
  );
}

/**
 * Equal for names that some file system takes for one: those that differ in case or in Unicode composition only.
 * It folds more than any of them ("ß" and "ss" are one), which costs a needless number and never a file.
 */
export function nameKey(name: string): string {
  return name.normalize("NFD").toUpperCase().toLowerCase().normalize("NFC");
}

/** `Dogs`, `Dogs (2)`, `Dogs (12)`: is `name` the wanted one, perhaps numbered? */
export function isNumbered(name: string, wanted: string): boolean {
  if (name === wanted) return true;
  const number = / \((\d+)\)(?:\.[^.]*)?$/u.exec(name)?.[1];
  return number !== undefined && name === numbered(wanted, Number(number), extensionOf(wanted));
}

/** The names in use in one folder, and the next free one. */
export interface NameRoom {
  /** `wanted` or, when that is taken, the first free of "wanted (2)", "wanted (3)" …; taken from now on. */
  take(wanted: string): string;
  /** Marks a name as in use. */
  add(name: string): void;
  has(name: string): boolean;
}

export function createNameRoom(taken: Iterable<string> = []): NameRoom {
  const keys = new Set<string>();
  for (const name of taken) keys.add(nameKey(name));
  // Without it, ten thousand files called image.jpg would try fifty million names.
  const nextNumber = new Map<string, number>();
  return {
    take(wanted) {
      const wantedKey = nameKey(wanted);
      let name = wanted;
      let number = nextNumber.get(wantedKey) ?? 2;
      while (keys.has(nameKey(name))) name = numbered(wanted, number++, extensionOf(wanted));
      nextNumber.set(wantedKey, number);
      keys.add(nameKey(name));
      return name;
    },
    add: (name) => void keys.add(nameKey(name)),
    has: (name) => keys.has(nameKey(name)),
  };
}

function extensionOf(name: string): string {
  return EXTENSION.exec(name)?.[0] ?? "";
}

function numbered(name: string, number: number, extension: string): string {
  const suffix = ` (${number})${extension}`;
  const stem = name.slice(0, name.length - extension.length);
  return cut(stem, MAX_NAME_BYTES - byteLength(suffix)).trimEnd() + suffix;
}

function withoutForbidden(text: string): string {
  return (
    text
      .normalize("NFC")
      .replace(/[\t\n\v\f\r\u0085\p{Zl}\p{Zp}]+/gu, " ")
      // Joiners stay: emoji, Persian and Indic scripts are written with them.
      .replace(/(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Surrogate}\p{Noncharacter_Code_Point}]/gu, "")
      .replace(/[/\\:*?"<>|]/gu, "-")
      .normalize("NFC")
  );
}

function finished(stem: string, extension: string, fallback: string): string {
  const visible = /[^\s.\p{Cf}\p{M}]/u.test(stem) ? stem : fallback;
  const unreserved = visible.replace(RESERVED, "$1_");
  const fitting = cut(unreserved, MAX_NAME_BYTES - byteLength(extension));
  // A stem before an extension may end in a dot or space; a whole name may not, on Windows.
  return extension === "" ? fitting.replace(/[\s.]+$/u, "") || fallback : fitting + extension;
}

/** The longest start of `text` of at most `bytes` that ends between two graphemes, or where one alone is longer, inside it. */
function cut(text: string, bytes: number): string {
  if (byteLength(text) <= bytes) return text;
  let kept = "";
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    const size = byteLength(segment);
    if (used + size > bytes) break;
    kept += segment;
    used += size;
  }
  if (kept !== "") return kept;
  for (const character of text) {
    const size = byteLength(character);
    if (used + size > bytes) break;
    kept += character;
    used += size;
  }
  return kept;
}

/** Bytes of UTF-8. The text holds no lone surrogates. */
function byteLength(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
