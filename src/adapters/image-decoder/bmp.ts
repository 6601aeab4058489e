/** Windows bitmaps, which sharp does not read: all uncompressed kinds. Layout: Microsoft, "Bitmap Storage" and BITMAPV5HEADER. */
import { AlbumenError } from "../../errors.ts";
import type { CheckSize, RawPixels } from "./raw-pixels.ts";

const BI_RGB = 0;
const BI_BITFIELDS = 3;
const BI_ALPHABITFIELDS = 6;

interface BitmapHeader {
  readonly width: number;
  readonly height: number;
  /** the usual order is bottom row first */
  readonly isTopDown: boolean;
  readonly bitsPerPixel: number;
  /** byte offset of the pixels */
  readonly pixelsAt: number;
  /** BGRx entries of `entryBytes` each, at `paletteAt` */
  readonly palette: { readonly at: number; readonly entryBytes: number; readonly count: number };
  /** of red, green, blue, alpha; for 16 and 32 bits a pixel */
  readonly masks: readonly [number, number, number, number];
}

/** Errors: `IMAGE_UNSUPPORTED` for compressed kinds, `IMAGE_TRUNCATED`, `IMAGE_CORRUPT`, and what `checkSize` throws. */
export function decodeBmp(bytes: Uint8Array, checkSize: CheckSize): RawPixels {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = readHeader(view);
  const { width, height, bitsPerPixel } = header;
  if (width < 1 || height < 1)
    throw new AlbumenError("IMAGE_CORRUPT", `A bitmap of ${width} x ${height} px.`);
  checkSize(width, height);
  const rowBytes = Math.ceil((width * bitsPerPixel) / 32) * 4;
  if (header.pixelsAt + rowBytes * height > bytes.length)
    throw new AlbumenError("IMAGE_TRUNCATED", "The bitmap ends before its last row.");
  const channels = header.masks[3] === 0 ? 3 : 4;
  const data = new Uint8Array(width * height * channels);
  const readRow = bitsPerPixel <= 8 ? paletteRow(bytes, header) : maskedRow(view, header, channels);
  for (let y = 0; y < height; y++) {
    const row = header.isTopDown ? y : height - 1 - y;
    readRow(header.pixelsAt + row * rowBytes, data, y * width * channels);
  }
  return { data, width, height, channels };
}

function readHeader(view: DataView): BitmapHeader {
  const headerBytes = view.getUint32(14, true);
  if (view.byteLength < 14 + headerBytes)
    throw new AlbumenError("IMAGE_TRUNCATED", "The bitmap ends inside its header.");
  const pixelsAt = view.getUint32(10, true);
  const paletteAt = 14 + headerBytes;
  if (headerBytes === 12) {
    const bitsPerPixel = view.getUint16(24, true);
    assertBits(bitsPerPixel, [1, 4, 8, 24]);
    return {
      width: view.getUint16(18, true),
      height: view.getUint16(20, true),
      isTopDown: false,
      bitsPerPixel,
      pixelsAt,
      palette: { at: paletteAt, entryBytes: 3, count: paletteSize(bitsPerPixel, 0) },
      masks: defaultMasks(bitsPerPixel),
    };
  }
  const height = view.getInt32(22, true);
  const bitsPerPixel = view.getUint16(28, true);
  const compression = view.getUint32(30, true);
  assertBits(bitsPerPixel, [1, 4, 8, 16, 24, 32]);
  const hasMasks = compression === BI_BITFIELDS || compression === BI_ALPHABITFIELDS;
  if (compression !== BI_RGB && !(hasMasks && bitsPerPixel >= 16))
    throw new AlbumenError("IMAGE_UNSUPPORTED", `Bitmaps of compression ${compression} are not read.`, {
      hint: "Save the picture as PNG.",
    });
  return {
    width: view.getInt32(18, true),
    height: Math.abs(height),
    isTopDown: height < 0,
    bitsPerPixel,
    pixelsAt,
    palette: { at: paletteAt, entryBytes: 4, count: paletteSize(bitsPerPixel, view.getUint32(46, true)) },
    masks: hasMasks
      ? readMasks(view, headerBytes >= 56 || compression === BI_ALPHABITFIELDS)
      : defaultMasks(bitsPerPixel),
  };
}

function assertBits(bitsPerPixel: number, allowed: readonly number[]): void {
  if (!allowed.includes(bitsPerPixel))
    throw new AlbumenError("IMAGE_CORRUPT", `A bitmap of ${bitsPerPixel} bits a pixel.`);
}

function paletteSize(bitsPerPixel: number, stated: number): number {
  if (bitsPerPixel > 8) return 0;
  const full = 1 << bitsPerPixel;
  return stated === 0 ? full : Math.min(stated, full);
}

/** BI_RGB: 5 bits a channel in 16, 8 in 24 and 32; the fourth byte is padding, whatever it holds. */
function defaultMasks(bitsPerPixel: number): BitmapHeader["masks"] {
  return bitsPerPixel === 16 ? [0x7c00, 0x3e0, 0x1f, 0] : [0xff0000, 0xff00, 0xff, 0];
}

/** The masks lie right behind the 40 bytes of BITMAPINFOHEADER, be they the header's own or appended. */
function readMasks(view: DataView, hasAlpha: boolean): BitmapHeader["masks"] {
  if (view.byteLength < (hasAlpha ? 70 : 66))
    throw new AlbumenError("IMAGE_TRUNCATED", "The bitmap ends inside its header.");
  const mask = (i: number) => view.getUint32(54 + i * 4, true);
  return [mask(0), mask(1), mask(2), hasAlpha ? mask(3) : 0];
}

type ReadRow = (at: number, target: Uint8Array, to: number) => void;

function paletteRow(bytes: Uint8Array, { width, bitsPerPixel, palette }: BitmapHeader): ReadRow {
  const perByte = 8 / bitsPerPixel;
  const mask = (1 << bitsPerPixel) - 1;
  return (at, target, to) => {
    for (let x = 0; x < width; x++) {
      const shift = 8 - bitsPerPixel * ((x % perByte) + 1);
      const index = (bytes[at + Math.floor(x / perByte)]! >> shift) & mask;
      // An index past the palette is black, as everywhere else.
      const entry = palette.at + index * palette.entryBytes;
      for (let c = 0; c < 3; c++) target[to + c] = index < palette.count ? (bytes[entry + 2 - c] ?? 0) : 0;
      to += 3;
    }
  };
}

function maskedRow(view: DataView, header: BitmapHeader, channels: 3 | 4): ReadRow {
  const { width, bitsPerPixel } = header;
  const channelReaders = header.masks.slice(0, channels).map(channelReader);
  const pixelBytes = bitsPerPixel / 8;
  return (at, target, to) => {
    for (let x = 0; x < width; x++) {
      const pixel =
        pixelBytes === 4
          ? view.getUint32(at, true)
          : pixelBytes === 2
            ? view.getUint16(at, true)
            : view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
      for (const read of channelReaders) target[to++] = read(pixel);
      at += pixelBytes;
    }
  };
}

/** The bits under the mask, stretched to 0..255. */
function channelReader(mask: number): (pixel: number) => number {
  if (mask === 0) return () => 0;
  const shift = Math.clz32(mask & -mask) ^ 31;
  const max = mask >>> shift;
  return (pixel) => Math.round((((pixel & mask) >>> shift) / max) * 255);
}
