/** What the first bytes of a file say it is, and whether its last ones are missing. Names are never asked. Pure. */

/** `raw`: a camera's sensor data, seen by the preview inside; `video`: seen by one frame. */
export type ImageFormat =
  "jpeg" | "png" | "webp" | "avif" | "gif" | "tiff" | "heic" | "bmp" | "svg" | "raw" | "video";

/** By which a file is taken for a picture before it is opened, lower case. */
export const IMAGE_EXTENSIONS: ReadonlySet<string> = new Set(
  (
    "jpg jpeg jpe jfif png webp avif gif tif tiff heic heif hif bmp dib svg " +
    "dng cr2 cr3 nef nrw arw srf sr2 orf rw2 raf pef srw " +
    "mp4 m4v mov webm mkv avi 3gp"
  ).split(" "),
);

/** Bytes that `sniffImageFormat` looks at; an SVG's root element may come late. */
export const SNIFF_BYTES = 4096;

/** The format by its signature; null for anything that is no picture of these kinds. The head of the file is enough. */
export function sniffImageFormat(bytes: Uint8Array): ImageFormat | null {
  if (startsWith(bytes, 0, [0xff, 0xd8, 0xff])) return "jpeg";
  if (startsWith(bytes, 0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return "png";
  const magic = ascii(bytes, 0, 4);
  if (magic === "RIFF" && ascii(bytes, 8, 12) === "WEBP") return "webp";
  if (magic === "GIF8" && /^[79]a$/.test(ascii(bytes, 4, 6))) return "gif";
  if (/^II(RO|RS|U\0)$|^MMOR$/.test(magic) || (/^II\*\0$/.test(magic) && ascii(bytes, 8, 10) === "CR"))
    return "raw"; // Olympus, Panasonic, Canon: TIFF in all but the first bytes
  if (ascii(bytes, 0, 15) === "FUJIFILMCCD-RAW") return "raw";
  if (magic === "\x1aE\xdf\xa3" || (magic === "RIFF" && ascii(bytes, 8, 12) === "AVI ")) return "video";
  if (magic === "II*\0" || magic === "MM\0*" || magic === "II+\0" || magic === "MM\0+") return "tiff";
  if (ascii(bytes, 4, 8) === "ftyp") return sniffBrands(bytes);
  if (magic.startsWith("BM") && bytes.length >= 26 && isBitmapHeaderSize(bytes)) return "bmp";
  return isSvg(bytes) ? "svg" : null;
}

/**
 * Whether the file ends before the data of its first picture does, by the lengths that the format itself states.
 * Needs the whole file. True only when something is surely missing; bad lengths elsewhere are corruption, not this.
 */
export function endsEarly(bytes: Uint8Array, format: ImageFormat): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (format) {
    case "jpeg":
      return !hasJpegEnd(view);
    case "png":
      return pngEndsEarly(view);
    case "gif":
      return gifEndsEarly(view);
    case "webp":
      return view.byteLength < 8 || view.getUint32(4, true) + 8 > view.byteLength;
    case "avif":
    case "heic":
      return boxesEndEarly(view);
    case "tiff":
      return tiffEndsEarly(view);
    case "bmp":
      return view.byteLength < 6 || view.getUint32(2, true) > view.byteLength;
    case "raw":
      return false; // the preview tells
    case "video":
      return boxesEndEarly(view) && ascii(bytes, 4, 8) === "ftyp";
    case "svg":
      return !ascii(bytes, Math.max(0, bytes.length - 1024), bytes.length).includes(">");
  }
}

function startsWith(bytes: Uint8Array, at: number, expected: readonly number[]): boolean {
  return expected.every((byte, i) => bytes[at + i] === byte);
}

function ascii(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}

/** ISO base media files state their kinds as four-letter brands: one major, then all that they satisfy. */
function sniffBrands(bytes: Uint8Array): ImageFormat | null {
  const size = Math.min(bytes.length, 256, ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0));
  const brands: string[] = [];
  for (let at = 8; at + 4 <= size; at += 4) if (at !== 12) brands.push(ascii(bytes, at, at + 4));
  if (brands.some((brand) => brand === "avif" || brand === "avis")) return "avif";
  if (brands.some((brand) => /^(hei[cxms]|hev[cxms]|mif1|msf1)$/.test(brand))) return "heic";
  if (brands[0] === "crx ") return "raw";
  return brands.some((brand) => /^(isom|iso[2-9]|mp4[12]|avc1|qt {2}|M4V |3g[ep2-9].|dash|MSNV)$/.test(brand))
    ? "video"
    : null;
}

/** "BM" alone opens too many texts; the header behind it has one of few lengths. */
function isBitmapHeaderSize(bytes: Uint8Array): boolean {
  return [12, 40, 52, 56, 64, 108, 124].includes(bytes[14]!) && startsWith(bytes, 15, [0, 0, 0]);
}

function isSvg(bytes: Uint8Array): boolean {
  const head = ascii(bytes, 0, SNIFF_BYTES).replace(/^\u00ef\u00bb\u00bf/, "");
  return (
    /^\s*<(\?xml|!--|!DOCTYPE\s+svg|([\w-]+:)?svg[\s>])/i.test(head) && /<([\w-]+:)?svg[\s>]/i.test(head)
  );
}

/** An end marker after the first scan has begun; thumbnails inside EXIF have theirs before it. */
function hasJpegEnd(view: DataView): boolean {
  let at = 2;
  while (at + 4 <= view.byteLength && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) at += 1;
    else if (marker === 0xda) break;
    else at += 2 + view.getUint16(at + 2);
  }
  for (let end = view.byteLength - 2; end > at; end--)
    if (view.getUint8(end) === 0xff && view.getUint8(end + 1) === 0xd9) return true;
  return false;
}

function pngEndsEarly(view: DataView): boolean {
  const IEND = 0x49454e44;
  let at = 8;
  while (at + 8 <= view.byteLength) {
    if (view.getUint32(at + 4) === IEND) return false;
    at += 12 + view.getUint32(at);
  }
  return true;
}

/** Walks to the end of the first frame; later frames are not read. */
function gifEndsEarly(view: DataView): boolean {
  if (view.byteLength < 13) return true;
  const tableBytes = (packed: number) => (packed & 0x80 ? 3 << ((packed & 7) + 1) : 0);
  let at = 13 + tableBytes(view.getUint8(10));
  const skipSubBlocks = () => {
    while (at < view.byteLength) {
      const size = view.getUint8(at);
      at += 1 + size;
      if (size === 0) return;
    }
  };
  while (at < view.byteLength) {
    const block = view.getUint8(at);
    if (block === 0x21) {
      at += 2;
      skipSubBlocks();
    } else if (block === 0x2c) {
      if (at + 11 > view.byteLength) return true;
      at += 11 + tableBytes(view.getUint8(at + 9));
      skipSubBlocks();
      return at > view.byteLength || view.getUint8(at - 1) !== 0;
    } else return false;
  }
  return true;
}

function boxesEndEarly(view: DataView): boolean {
  let at = 0;
  while (at + 8 <= view.byteLength) {
    let size = view.getUint32(at);
    if (size === 0) return false; // reaches to the end, wherever that is
    if (size === 1) {
      if (at + 16 > view.byteLength) return true;
      size = Number(view.getBigUint64(at + 8));
    }
    if (size < 8) return false;
    at += size;
  }
  return at > view.byteLength;
}

/** The first directory, and the strips or tiles it points to, lie inside the file. */
function tiffEndsEarly(view: DataView): boolean {
  const isLittle = view.getUint8(0) === 0x49;
  if (view.byteLength < 8 || view.getUint16(2, isLittle) !== 42) return false; // BigTIFF: not looked at
  const directory = view.getUint32(4, isLittle);
  if (directory + 2 > view.byteLength) return true;
  const entries = view.getUint16(directory, isLittle);
  if (directory + 2 + entries * 12 > view.byteLength) return true;
  const TYPE_BYTES: Record<number, number> = { 3: 2, 4: 4 };
  const values = (wanted: readonly number[]): number[] | null => {
    for (let i = 0; i < entries; i++) {
      const at = directory + 2 + i * 12;
      if (!wanted.includes(view.getUint16(at, isLittle))) continue;
      const size = TYPE_BYTES[view.getUint16(at + 2, isLittle)];
      const count = view.getUint32(at + 4, isLittle);
      if (size === undefined) return [];
      const from = size * count <= 4 ? at + 8 : view.getUint32(at + 8, isLittle);
      if (from + size * count > view.byteLength) return null;
      return Array.from({ length: count }, (_, j) =>
        size === 2 ? view.getUint16(from + j * 2, isLittle) : view.getUint32(from + j * 4, isLittle),
      );
    }
    return [];
  };
  const offsets = values([273, 324]);
  const lengths = values([279, 325]);
  if (!offsets || !lengths) return true;
  return offsets.some((offset, i) => offset + (lengths[i] ?? 0) > view.byteLength);
}
