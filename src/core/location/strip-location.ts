/**
 * Takes the place out of a picture or film, and nothing else: what is left has the same pixels and all its other metadata, where
 * they were. Pure.
 *
 * [Note: finding places] EXIF and XMP lie in a dozen containers in as many ways, and one file may hold several (the
 * previews of a raw file, the second picture of a phone's JPEG, the film behind a motion photo). Both announce themselves, a TIFF header
 * by eight fixed bytes and XMP by its root element, so the whole file is searched for them instead of each container being parsed;
 * a TIFF header counts only when a GPS directory hangs on it. Containers matter where they interleave, compress or check: PNG's chunks,
 * JPEG's extended XMP, the boxes of films.
 */
import { latin1, removePlacesFromBoxes } from "./box-places.ts";
import { stripPng, type Zlib } from "./png-places.ts";
import { removeGps, type Removal } from "./tiff-gps.ts";
import { placesInXmp, type Span } from "./xmp-places.ts";

export type { Zlib };

export type Stripped =
  | { readonly kind: "clean" }
  /** a copy, of the same length but for PNGs with packed texts */
  | { readonly kind: "stripped"; readonly bytes: Uint8Array }
  /** it has a place, or may have one, that cannot be taken out safely */
  | { readonly kind: "unsafe" };

/** `file`: all of it, or one top-level box of a film. */
export function stripLocation(file: Uint8Array, zlib: Zlib): Stripped {
  const bytes = startsWith(file, 0, "\x89PNG\r\n\x1a\n")
    ? stripPng(file, stripBlock, zlib)
    : stripBlock(file);
  if (bytes === null) return { kind: "unsafe" };
  return bytes === file ? { kind: "clean" } : { kind: "stripped", bytes };
}

function stripBlock(block: Uint8Array): Uint8Array | null {
  const bytes = new Uint8Array(block);
  const removals = [
    ...removeFromExif(bytes),
    removeFromXmp(bytes),
    ...filmsIn(bytes).map((at) => removePlacesFromBoxes(bytes, at, bytes.length)),
  ];
  if (removals.includes("unsafe") || hasMatroskaPlace(bytes)) return null;
  return removals.includes("removed") ? bytes : block;
}

function removeFromExif(bytes: Uint8Array): Removal[] {
  if (startsWith(bytes, 0, "II+\0") || startsWith(bytes, 0, "MM\0+")) return ["unsafe"]; // BigTIFF: not read
  return [...tiffHeaders(bytes)].map((at) => {
    const { end, isGpsItself } = blockAround(bytes, at);
    return removeGps(bytes, at, end, isGpsItself);
  });
}

/** See [Note: finding places]. A label before it, or the file's start, says so even of a header with a number of its maker's own. */
function tiffHeaders(bytes: Uint8Array): Set<number> {
  const found = new Set<number>();
  const addIfOrdered = (at: number): void => {
    if (startsWith(bytes, at, "II") || startsWith(bytes, at, "MM")) found.add(at);
  };
  addIfOrdered(0);
  for (const label of ["Exif\0\0", "EXIF"])
    for (let at = indexOf(bytes, label, 0); at >= 0; at = indexOf(bytes, label, at + 1))
      addIfOrdered(at + (label === "EXIF" ? 8 : label.length)); // WebP's chunk has its length between
  for (let mark = bytes.indexOf(42); mark >= 0; mark = bytes.indexOf(42, mark + 1)) {
    if (startsWith(bytes, mark - 2, "II*\0\x08\0\0\0")) found.add(mark - 2);
    if (startsWith(bytes, mark - 3, "MM\0*\0\0\0\x08")) found.add(mark - 3);
  }
  return found;
}

/** What is known of the block whose TIFF header lies at `at`, by what stands before it. */
function blockAround(bytes: Uint8Array, at: number) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isExif = startsWith(bytes, at - 6, "Exif\0\0");
  const before = isExif ? at - 6 : at; // of the label, if there is one
  let end = bytes.length;
  if (isExif && before >= 4 && view.getUint16(before - 4) === 0xffe1)
    end = before - 2 + view.getUint16(before - 2);
  const isWebpChunk = startsWith(bytes, before - 8, "EXIF");
  const isGpsItself = startsWith(bytes, before - 4, "CMT4") && before >= 8;
  if (isWebpChunk) end = before + view.getUint32(before - 4, true);
  if (isGpsItself) end = before - 8 + view.getUint32(before - 8);
  return { isGpsItself, end: Math.max(at, Math.min(end, bytes.length)) };
}

const ROOT = "<rdf:RDF";
const ROOT_END = "</rdf:RDF>";
/** Of XMP that does not end, looked at so far. */
const MAX_OPEN_BYTES = 1_000_000;
/** The same in two bytes a letter, which nobody embeds. */
const WIDE_ROOT = "<\0r\0d\0f\0:\0R\0D\0F";

function removeFromXmp(bytes: Uint8Array): Removal {
  let removal: Removal = "none";
  const blank = (pieces: readonly Span[]): void => {
    const found = placesInXmp(pieces.map(({ from, to }) => latin1(bytes, from, to)).join(""));
    for (const span of found ?? []) {
      if (!blankWithin(bytes, pieces, span)) removal = "unsafe";
      if (removal === "none") removal = "removed";
    }
    if (found === null) removal = "unsafe";
  };
  const extended = extendedXmp(bytes);
  for (const pieces of extended) blank(pieces);
  const isExtended = (at: number): boolean =>
    extended.some((pieces) => pieces.some(({ from, to }) => at >= from && at < to));
  for (let at = bytes.indexOf(0x3c); at >= 0; at = bytes.indexOf(0x3c, at + 1)) {
    if (startsWith(bytes, at, WIDE_ROOT)) return "unsafe";
    if (!startsWith(bytes, at, ROOT) || isExtended(at)) continue;
    const end = indexOf(bytes, ROOT_END, at);
    if (end >= 0) blank([{ from: at, to: end }]);
    // Cut off: a patient reader may still make out a place.
    else if (placesInXmp(latin1(bytes, at, Math.min(bytes.length, at + MAX_OPEN_BYTES)))?.length !== 0)
      return "unsafe";
  }
  return removal;
}

/** False when what is to go is no text: a block within it that was not known of. */
function blankWithin(bytes: Uint8Array, pieces: readonly Span[], { from, to }: Span): boolean {
  let at = 0; // of the piece, in the text
  for (const piece of pieces) {
    const start = piece.from + Math.max(0, from - at);
    const end = Math.min(piece.to, piece.from + to - at);
    if (start < end) {
      if (bytes.subarray(start, end).includes(0xff)) return false;
      bytes.fill(0x20, start, end);
    }
    at += piece.to - piece.from;
  }
  return true;
}

const EXTENSION = "http://ns.adobe.com/xmp/extension/\0";
/** Digest of the whole (32 digits), its length and this piece's offset. */
const EXTENSION_HEADER_BYTES = EXTENSION.length + 32 + 4 + 4;

/** XMP too long for one JPEG segment, each a list of pieces in order (XMP specification part 3, section 1.1.3.1). */
function extendedXmp(bytes: Uint8Array): Span[][] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pieces = new Map<string, (Span & { readonly offset: number })[]>();
  if (!startsWith(bytes, 0, "\xff\xd8\xff")) return [];
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda;) {
    const end = at + 2 + view.getUint16(at + 2);
    const from = at + 4 + EXTENSION_HEADER_BYTES;
    if (
      bytes[at + 1] === 0xe1 &&
      startsWith(bytes, at + 4, EXTENSION) &&
      from <= end &&
      end <= bytes.length
    ) {
      const digest = latin1(bytes, at + 4 + EXTENSION.length, at + 4 + EXTENSION.length + 32);
      const known = pieces.get(digest) ?? [];
      pieces.set(digest, [...known, { from, to: end, offset: view.getUint32(from - 4) }]);
    }
    at = end;
  }
  return [...pieces.values()].map((list) => list.toSorted((a, b) => a.offset - b.offset));
}

/** Where films start: the file itself, or behind the picture of a motion photo; 0 too for one box of a film. */
function filmsIn(bytes: Uint8Array): number[] {
  if (/^(?:ftyp|moov|meta|uuid|udta|free|skip|mdat|wide)$/.test(latin1(bytes, 4, 8))) {
    const inner = indexOf(bytes, "mpvd", 8); // of a HEIC
    return inner < 0 ? [0] : [0, ...behind(bytes, inner)];
  }
  return startsWith(bytes, 0, "\xff\xd8\xff") ? behind(bytes, 2) : [];
}

function behind(bytes: Uint8Array, from: number): number[] {
  const films: number[] = [];
  for (let at = indexOf(bytes, "ftyp", from); at >= 0; at = indexOf(bytes, "ftyp", at + 1))
    if (at >= 4 && /^(?:mp4|iso|avc1|qt|M4V|3g)/.test(latin1(bytes, at + 4, at + 8))) films.push(at - 4);
  return films;
}

/** A tag's name is an element with the number 45A3 (RFC 9559, section 5.1.8.1.2.1). Its block is under a checksum, so it stays. */
function hasMatroskaPlace(bytes: Uint8Array): boolean {
  if (!startsWith(bytes, 0, "\x1aE\xdf\xa3")) return false;
  for (let at = indexOf(bytes, "\x45\xa3", 0); at >= 0; at = indexOf(bytes, "\x45\xa3", at + 1))
    if (/^.{1,8}[\w./-]*(?:LOCATION|GPS|LATITUDE|LONGITUDE)/is.test(latin1(bytes, at + 2, at + 80)))
      return true;
  return false;
}

function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  if (at < 0 || at + text.length > bytes.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

function indexOf(bytes: Uint8Array, text: string, from: number): number {
  const first = text.charCodeAt(0);
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1))
    if (startsWith(bytes, at, text)) return at;
  return -1;
}
