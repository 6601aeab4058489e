/** Takes places out of PNG, chunk by chunk (W3C PNG, third edition, sections 5.3, 5.5 and 11.3). Pure. */
import { latin1 } from "./box-places.ts";
import { isPlaceName } from "./xmp-places.ts";

/** zlib, which the core has none of. */
export interface Zlib {
  /** null when it is no zlib stream, or too long for metadata */
  inflate(deflated: Uint8Array): Uint8Array | null;
  deflate(bytes: Uint8Array): Uint8Array;
}

/** What becomes of a block of metadata: itself when it holds no place, null when that cannot be taken out. */
export type StripBlock = (block: Uint8Array) => Uint8Array | null;

const SIGNATURE_BYTES = 8;

/** The same array when nothing had to be done. A packed text may change its length. */
export function stripPng(png: Uint8Array, strip: StripBlock, zlib: Zlib): Uint8Array | null {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const parts: Uint8Array[] = [png.subarray(0, SIGNATURE_BYTES)];
  let isChanged = false;
  let at = SIGNATURE_BYTES;
  while (at + 12 <= png.length) {
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > png.length) break;
    const type = latin1(png, at + 4, at + 8);
    const body = png.subarray(at + 8, end);
    const stripped = type === "IDAT" || type === "fdAT" ? body : stripChunk(type, body, strip, zlib);
    if (stripped === null) return null;
    if (stripped === body) parts.push(png.subarray(at, end + 4));
    else {
      parts.push(chunkOf(type, stripped));
      isChanged = true;
    }
    at = end + 4;
  }
  const rest = png.subarray(at); // behind the end
  const strippedRest = strip(rest);
  if (strippedRest === null) return null;
  return isChanged || strippedRest !== rest ? concat([...parts, strippedRest]) : png;
}

function stripChunk(type: string, body: Uint8Array, strip: StripBlock, zlib: Zlib): Uint8Array | null {
  if (type !== "tEXt" && type !== "zTXt" && type !== "iTXt") return strip(body);
  const keyEnd = indexOfZero(body, 0);
  const key = latin1(body, 0, Math.min(keyEnd, 80));
  const isDeflated = type === "zTXt" || (type === "iTXt" && body[keyEnd + 1] === 1);
  let from = keyEnd + 1;
  if (type === "zTXt") from += 1; // method
  if (type === "iTXt") from = indexOfZero(body, indexOfZero(body, keyEnd + 3) + 1) + 1; // flag, method, language, translation
  const stored = body.subarray(from);
  const text = isDeflated ? zlib.inflate(stored) : stored;
  if (text === null) return body; // nobody else can read it either
  const stripped = stripText(key, text, strip);
  if (stripped === text || stripped === null) return stripped === null ? null : body;
  return concat([body.subarray(0, from), isDeflated ? zlib.deflate(stripped) : stripped]);
}

function stripText(key: string, text: Uint8Array, strip: StripBlock): Uint8Array | null {
  if (isPlaceName(key) || /location/i.test(key))
    return text.every((byte) => byte === SPACE) ? text : new Uint8Array(text.length).fill(SPACE);
  if (!/^Raw profile type /i.test(key)) return strip(text);
  // ImageMagick's profiles: a name and a length, then pairs of digits in lines.
  const head = /^\s*\S+\s+\d+\s/.exec(latin1(text, 0, 100))?.[0].length ?? 0;
  const digits = [...text.keys()].filter((i) => i >= head && isHexDigit(text[i]!));
  const profile = Uint8Array.from({ length: digits.length >> 1 }, (_, i) =>
    Number.parseInt(String.fromCharCode(text[digits[2 * i]!]!, text[digits[2 * i + 1]!]!), 16),
  );
  const stripped = strip(profile);
  if (stripped === null || stripped === profile) return stripped === null ? null : text;
  const rewritten = Uint8Array.from(text);
  stripped.forEach((byte, i) => {
    const pair = byte.toString(16).padStart(2, "0");
    rewritten[digits[2 * i]!] = pair.charCodeAt(0);
    rewritten[digits[2 * i + 1]!] = pair.charCodeAt(1);
  });
  return rewritten;
}

const SPACE = 0x20;

function isHexDigit(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}

function indexOfZero(bytes: Uint8Array, from: number): number {
  const at = bytes.indexOf(0, from);
  return at < 0 ? bytes.length : at;
}

function chunkOf(type: string, body: Uint8Array): Uint8Array {
  const chunk = new Uint8Array(body.length + 12);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, body.length);
  for (let i = 0; i < 4; i++) chunk[4 + i] = type.charCodeAt(i);
  chunk.set(body, 8);
  view.setUint32(8 + body.length, crc32(chunk.subarray(4, 8 + body.length)));
  return chunk;
}

/** As in ISO 3309, bit by bit: texts are short. */
function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
