/**
 * Finds the picture inside a camera's raw file: every maker puts an ordinary JPEG in, made by the camera itself. Where it lies
 * differs from maker to maker, that it starts and ends like any JPEG does not. Pure.
 */

/** A TIFF whose pixels are a sensor's (NEF, ARW, DNG, PEF, ...): one of its directories says so. Needs the whole file. */
export function isRawTiff(bytes: Uint8Array): boolean {
  const COLOR_FILTER_ARRAY = 32_803; // TIFF/EP, ISO 12234-2
  const LINEAR_RAW = 34_892; // DNG 1.7, PhotometricInterpretation
  return tiffEntries(bytes, PHOTOMETRIC).some(
    (value) => value === COLOR_FILTER_ARRAY || value === LINEAR_RAW,
  );
}

/** EXIF orientation of a TIFF or of a raw file made like one, 1..8; 1 when it says nothing. */
export function tiffOrientation(bytes: Uint8Array): number {
  const [value] = tiffEntries(bytes, ORIENTATION);
  return value !== undefined && value >= 1 && value <= 8 ? value : 1;
}

const PHOTOMETRIC = 262;
const ORIENTATION = 274;
const SUB_DIRECTORIES = 330;
const MAX_DIRECTORIES = 32;

/** The first value of a tag in every directory that has it, the first directory first. Broken structure ends the walk. */
function tiffEntries(bytes: Uint8Array, wanted: number): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.byteLength < 8) return [];
  const isLittle = view.getUint8(0) === 0x49;
  const found: number[] = [];
  const queue = [view.getUint32(4, isLittle)];
  const seen = new Set<number>();
  while (queue.length > 0 && seen.size < MAX_DIRECTORIES) {
    const at = queue.shift()!;
    if (at < 8 || at + 2 > view.byteLength || seen.has(at)) continue;
    seen.add(at);
    const count = view.getUint16(at, isLittle);
    const end = at + 2 + count * 12;
    for (let entry = at + 2; entry + 12 <= Math.min(end, view.byteLength); entry += 12) {
      const tag = view.getUint16(entry, isLittle);
      const isShort = view.getUint16(entry + 2, isLittle) === 3;
      const valueAt = entry + 8;
      if (tag === wanted)
        found.push(isShort ? view.getUint16(valueAt, isLittle) : view.getUint32(valueAt, isLittle));
      if (tag !== SUB_DIRECTORIES) continue;
      const children = Math.min(MAX_DIRECTORIES, view.getUint32(entry + 4, isLittle));
      const listAt = children === 1 ? valueAt : view.getUint32(valueAt, isLittle);
      for (let i = 0; i < children && listAt + 4 * i + 4 <= view.byteLength; i++)
        queue.push(view.getUint32(listAt + 4 * i, isLittle));
    }
    if (end + 4 <= view.byteLength) queue.push(view.getUint32(end, isLittle));
  }
  return found;
}

/** Starts that are looked at before the search gives up: a raw file holds two or three JPEGs, chance makes a few more. */
const MAX_STARTS = 1000;

/** The JPEG with the most pixels among those that lie whole in `bytes`; a view of them, null when there is none. */
export function largestJpegWithin(bytes: Uint8Array): Uint8Array | null {
  let best: { readonly jpeg: Uint8Array; readonly pixels: number } | null = null;
  let from = 0;
  for (let starts = 0; starts < MAX_STARTS; starts++) {
    const at = nextStart(bytes, from);
    if (at < 0) break;
    const found = readJpeg(bytes, at);
    if (found !== null && found.pixels > (best?.pixels ?? 0))
      best = { jpeg: bytes.subarray(at, found.end), pixels: found.pixels };
    from = found?.end ?? at + 3;
  }
  return best?.jpeg ?? null;
}

function nextStart(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1))
    if (bytes[at + 1] === 0xd8 && bytes[at + 2] === 0xff) return at;
  return -1;
}

/** Walks the segments; null for what is no JPEG, is cut off, or is lossless as sensors' data are (ITU T.81, annex B). */
function readJpeg(
  bytes: Uint8Array,
  start: number,
): { readonly end: number; readonly pixels: number } | null {
  const word = (at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  let pixels = 0;
  let at = start + 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) return null;
    const marker = bytes[at + 1]!;
    if (marker === 0xff) at += 1;
    else if (marker === 0xd9) return pixels > 0 ? { end: at + 2, pixels } : null;
    else {
      const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
      if (isFrame && marker > 0xc2) return null;
      if (isFrame) pixels = word(at + 5) * word(at + 7);
      const isScan = marker === 0xda;
      at += 2 + word(at + 2);
      if (isScan) at = scanEnd(bytes, at);
    }
  }
  return at + 2 <= bytes.length && word(at) === 0xffd9 && pixels > 0 ? { end: at + 2, pixels } : null;
}

/** The first marker after entropy-coded data; stuffed zeros and restart markers belong to them. */
function scanEnd(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1];
    if (next !== 0 && !(next !== undefined && next >= 0xd0 && next <= 0xd7) && next !== 0xff) return at;
  }
  return bytes.length;
}

/** The JPEG with an EXIF segment that holds this orientation and nothing else, before all others. */
export function withOrientation(jpeg: Uint8Array, orientation: number): Uint8Array {
  // prettier-ignore
  const segment = Uint8Array.of(
    0xff, 0xe1, 0, 34, 0x45, 0x78, 0x69, 0x66, 0, 0, // APP1, 34 bytes, "Exif"
    0x4d, 0x4d, 0, 42, 0, 0, 0, 8, // TIFF, big-endian, directory at 8
    0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0, // one entry, none after
  );
  const oriented = new Uint8Array(jpeg.length + segment.length);
  oriented.set(jpeg.subarray(0, 2));
  oriented.set(segment, 2);
  oriented.set(jpeg.subarray(2), 2 + segment.length);
  return oriented;
}
