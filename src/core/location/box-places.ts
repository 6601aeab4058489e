/**
 * Takes places out of the boxes of a film (ISO/IEC 14496-12 and QuickTime), in place. A box with a place becomes a `free` box of the
 * same length, which players skip; what cannot be taken out so is told. Pure but for the bytes that it is given.
 */
import type { Removal } from "./tiff-gps.ts";

const CONTAINERS = new Set(["moov", "trak", "mdia", "minf", "stbl", "udta", "ilst"]);
/** QuickTime's and 3GPP's box with a place. */
const PLACE_BOXES = new Set(["\xa9xyz", "loci"]);
/** Tracks of GoPro, Google, Sony and DJI, and a dash camera's list: a place a second, deep among other measurements. */
const TELEMETRY = /gpmd|camm|rtmd|djmd|dbgi|gps0|com\.apple\.quicktime\.location/;
const UNREADABLE_BOXES = new Set(["cmov", "gps ", "GPS ", "NCDT", "NCTG"]);
const NAMES_A_PLACE = /location|gps|latitude|longitude/i;
const MAX_DEPTH = 12;

export function removePlacesFromBoxes(bytes: Uint8Array, from: number, to: number): Removal {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let removal: Removal = "none";
  const note = (found: Removal): void => {
    if (removal !== "unsafe" && found !== "none") removal = found;
  };
  const free = (box: Box): void => {
    bytes.set([0x66, 0x72, 0x65, 0x65], box.body - 4 - (box.isLong ? 8 : 0)); // "free"
    bytes.fill(0, box.body, box.end);
    note("removed");
  };
  const text = ({ body, end }: Box): string => latin1(bytes, body, end);

  const walk = (start: number, end: number, parent: string, depth: number, placeKeys: Set<number>): void => {
    for (const box of boxesIn(view, start, end)) {
      const { type } = box;
      if (PLACE_BOXES.has(type)) free(box);
      else if (UNREADABLE_BOXES.has(type)) note("unsafe");
      else if (type === "stsd" && TELEMETRY.test(text(box))) note("unsafe");
      else if (parent === "ilst" && placeKeys.has(view.getUint32(box.body - 4))) free(box);
      else if (parent === "ilst" && type === "----" && NAMES_A_PLACE.test(text(box))) free(box);
      else if (type === "meta" && depth < MAX_DEPTH) {
        // A full box in MP4, a plain one in QuickTime.
        const isPlain = latin1(bytes, box.body + 4, box.body + 8) === "hdlr";
        const children = box.body + (isPlain ? 0 : 4);
        walk(children, box.end, type, depth + 1, placeKeysOf(bytes, view, children, box.end));
      } else if (CONTAINERS.has(type) && depth < MAX_DEPTH)
        walk(box.body, box.end, type, depth + 1, type === "ilst" ? placeKeys : new Set());
      else if (parent === "udta" && /GPS|ISO6709/.test(text(box))) note("unsafe");
      else if (type === "uuid" && /ExifGPS/.test(text(box))) note("unsafe"); // Sony's own XML
    }
  };
  walk(from, to, "", 0, new Set());
  return removal;
}

interface Box {
  readonly type: string;
  readonly body: number;
  readonly end: number;
  readonly isLong: boolean;
}

/** The boxes that lie whole in the span, up to the first that does not. */
function* boxesIn(view: DataView, from: number, to: number): Generator<Box> {
  let at = from;
  while (at + 8 <= to) {
    let size = view.getUint32(at);
    const isLong = size === 1;
    if (isLong && at + 16 > to) return;
    if (isLong) size = Number(view.getBigUint64(at + 8));
    if (size === 0) size = to - at;
    const body = at + (isLong ? 16 : 8);
    if (body > at + size || at + size > to) return;
    const type = String.fromCharCode(...[4, 5, 6, 7].map((i) => view.getUint8(at + i)));
    yield { type, body, end: at + size, isLong };
    at += size;
  }
}

/** Numbers of the keys that name a place; QuickTime's `keys` box counts from 1, and `ilst` uses the number as a type. */
function placeKeysOf(bytes: Uint8Array, view: DataView, from: number, to: number): Set<number> {
  const numbers = new Set<number>();
  for (const { type, body, end } of boxesIn(view, from, to)) {
    if (type !== "keys") continue;
    for (let at = body + 8, number = 1; at + 8 <= end; number++) {
      const size = view.getUint32(at);
      if (size < 8) break;
      if (NAMES_A_PLACE.test(latin1(bytes, at + 8, Math.min(end, at + size)))) numbers.add(number);
      at += size;
    }
  }
  return numbers;
}

/** One character a byte. */
export function latin1(bytes: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let at = from; at < to; at += 8192)
    text += String.fromCharCode(...bytes.subarray(at, Math.min(to, at + 8192)));
  return text;
}
