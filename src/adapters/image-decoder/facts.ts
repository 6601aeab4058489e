/** What a file says of itself in EXIF, XMP and IPTC. Whatever is missing or makes no sense is null; nothing throws. */
import exifReader, { type ExpandedTags, type XmpTags } from "exifreader";
import type { ImageFacts } from "../../ports/image-decoder.ts";

export type WrittenFacts = Pick<
  ImageFacts,
  "takenAt" | "latitude" | "longitude" | "camera" | "title" | "keywords"
>;

/** The blocks of metadata as they lie in a file of any format. */
export interface MetadataBlocks {
  /** a TIFF structure, with or without the six bytes `Exif\0\0` before it */
  readonly exif?: Uint8Array | undefined;
  /** RDF/XML, UTF-8 */
  readonly xmp?: Uint8Array | undefined;
  /** Photoshop's image resources, with IPTC among them */
  readonly iptc?: Uint8Array | undefined;
}

export function readFacts(blocks: MetadataBlocks): WrittenFacts {
  // One by one: a broken block tells nothing, and the others may be whole all the same.
  const exif = readTags({ exif: blocks.exif });
  const xmp = readTags({ xmp: blocks.xmp }).xmp ?? exif.xmp; // a TIFF holds the other two in its directory
  const iptc = readTags({ iptc: blocks.iptc }).iptc ?? exif.iptc;
  const text = (name: "DateTimeOriginal" | "DateTimeDigitized" | "DateTime" | "Make" | "Model") =>
    cleanText(exif.exif?.[name]?.description);
  return {
    takenAt:
      parseDate(text("DateTimeOriginal")) ??
      parseDate(text("DateTimeDigitized")) ??
      parseDate(xmpText(xmp, "DateCreated")) ??
      parseDate(xmpText(xmp, "CreateDate")) ??
      parseDate(iptcDate(iptc)) ??
      parseDate(text("DateTime")),
    ...parsePlace(exif.gps?.Latitude, exif.gps?.Longitude),
    camera: cameraName(text("Make"), text("Model")),
    title: firstText(
      xmpText(xmp, "title"),
      cleanText(iptc?.["Object Name"]?.description),
      cleanText(iptc?.["Headline"]?.description),
      // Cameras fill ImageDescription with their own names; a title is taken from it only when nothing else is.
      cleanText(exif.exif?.["ImageDescription"]?.description),
    ),
    keywords: keywordsOf([
      ...listOf(xmp?.["subject"]?.value),
      ...[iptc?.["Keywords"] ?? []].flat().map(({ description }) => description),
    ]),
  };
}

const APP1 = 0xe1;
const APP13 = 0xed;
const MAX_SEGMENT_BYTES = 0xffff - 2;

/** The reader takes files, not blocks, so the block travels in the head of a JPEG. What it cannot read says nothing. */
function readTags({ exif, xmp, iptc }: MetadataBlocks): ExpandedTags {
  try {
    if (exif) {
      const hasPrefix = exif[0] === 0x45 && exif[1] === 0x78;
      return load(hasPrefix ? exif.subarray(6) : exif);
    }
    if (xmp) return load(jpegHead(APP1, "http://ns.adobe.com/xap/1.0/\0", xmp));
    if (iptc) return load(jpegHead(APP13, "Photoshop 3.0\0", iptc));
  } catch {
    // Below: nothing is known.
  }
  return {};
}

function load(bytes: Uint8Array): ExpandedTags {
  // oxlint-disable-next-line import/no-named-as-default-member -- CommonJS: Node finds no names in it
  return exifReader.loadView(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
    expanded: true,
  });
}

function jpegHead(marker: number, name: string, block: Uint8Array): Uint8Array {
  const label = Buffer.from(name, "latin1");
  // libvips hands IPTC on with its label, XMP without.
  const body = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
  const payload = body.subarray(0, label.length).equals(label) ? body : Buffer.concat([label, body]);
  if (payload.length > MAX_SEGMENT_BYTES) return new Uint8Array(0);
  const size = payload.length + 2;
  return Buffer.concat([
    Uint8Array.of(0xff, 0xd8, 0xff, marker, size >> 8, size & 0xff),
    payload,
    Uint8Array.of(0xff, 0xda, 0, 2, 0xff, 0xd9),
  ]);
}

function xmpText(xmp: XmpTags | undefined, name: string): string {
  const tag = xmp?.[name];
  if (tag === undefined) return "";
  return typeof tag.value === "string" ? cleanText(tag.value) : (listOf(tag.value)[0] ?? "");
}

/** The texts of an RDF list; a lone text is a list of one. */
function listOf(value: unknown): string[] {
  if (typeof value === "string") return [cleanText(value)];
  if (!Array.isArray(value)) return [];
  return value.map((item: unknown) =>
    typeof item === "object" && item !== null && "value" in item ? cleanText(item.value) : "",
  );
}

/** `20210506` and `070809+0100` → a date as EXIF writes it. */
function iptcDate(iptc: ExpandedTags["iptc"]): string {
  const digits = (name: "Date Created" | "Time Created") =>
    cleanText(iptc?.[name]?.description).replace(/\D/g, "");
  const [day, time] = [digits("Date Created"), digits("Time Created").padEnd(6, "0")];
  return `${day.slice(0, 4)}:${day.slice(4, 6)}:${day.slice(6, 8)} ${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4, 6)}`;
}

function firstText(...texts: readonly string[]): string | null {
  return texts.find((text) => text !== "") ?? null;
}

const MAX_KEYWORDS = 100;

function keywordsOf(found: readonly unknown[]): string[] {
  return [...new Set(found.map(cleanText))].filter((word) => word !== "").slice(0, MAX_KEYWORDS);
}

/** `2021:05:06 07:08:09` → `2021-05-06T07:08:09`; null for dates that no calendar has, such as a camera's `0000:00:00`. */
function parseDate(text: string): string | null {
  const match = /^(\d{4})[:\-/](\d\d)[:\-/](\d\d)[ T](\d\d):(\d\d):(\d\d)/.exec(text);
  if (!match) return null;
  const [, year, month, day, hour, minute, second] = match;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const time = new Date(`${iso}Z`);
  const isReal = !Number.isNaN(time.getTime()) && time.toISOString().startsWith(iso);
  return isReal && Number(year) >= 1800 ? iso : null;
}

/** Both or neither. Exactly 0, 0 is what receivers write before they know. */
function parsePlace(latitude: unknown, longitude: unknown): Pick<WrittenFacts, "latitude" | "longitude"> {
  if (typeof latitude !== "number" || typeof longitude !== "number")
    return { latitude: null, longitude: null };
  const isOnEarth = Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180; // false for NaN
  return isOnEarth && (latitude !== 0 || longitude !== 0)
    ? { latitude, longitude }
    : { latitude: null, longitude: null };
}

/** `Canon` and `Canon EOS 5D` → `Canon EOS 5D`. */
function cameraName(make: string, model: string): string | null {
  const brand = make.split(" ")[0]!.toLowerCase();
  const name = brand !== "" && model.toLowerCase().startsWith(brand) ? model : `${make} ${model}`.trim();
  return name === "" ? null : name;
}

const MAX_TEXT = 100;

function cleanText(value: unknown): string {
  if (typeof value !== "string") return "";
  return value
    .replace(/[\p{Cc}\ufffd]+/gu, " ") // cameras pad with NUL, and garbage holds anything
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, MAX_TEXT);
}
