/** Date, place and camera from an EXIF block. Whatever is missing or makes no sense is null; nothing throws. */
import exifReader from "exifreader";
import type { ImageFacts } from "../../ports/image-decoder.ts";

export type ExifFacts = Pick<ImageFacts, "takenAt" | "latitude" | "longitude" | "camera">;

const NO_FACTS: ExifFacts = { takenAt: null, latitude: null, longitude: null, camera: null };

/** `exif` is a TIFF structure, with or without the six bytes `Exif\0\0` before it. */
export function readExif(exif: Uint8Array | undefined): ExifFacts {
  if (!exif) return NO_FACTS;
  const hasPrefix = exif[0] === 0x45 && exif[1] === 0x78;
  const block = hasPrefix ? exif.subarray(6) : exif;
  let tags;
  try {
    // oxlint-disable-next-line import/no-named-as-default-member -- CommonJS: Node finds no names in it
    tags = exifReader.loadView(new DataView(block.buffer, block.byteOffset, block.byteLength), {
      expanded: true,
    });
  } catch {
    return NO_FACTS; // A broken block tells nothing; the picture may be whole all the same.
  }
  const text = (name: "DateTimeOriginal" | "DateTimeDigitized" | "DateTime" | "Make" | "Model") =>
    cleanText(tags.exif?.[name]?.description);
  return {
    takenAt:
      parseDate(text("DateTimeOriginal")) ??
      parseDate(text("DateTimeDigitized")) ??
      parseDate(text("DateTime")),
    ...parsePlace(tags.gps?.Latitude, tags.gps?.Longitude),
    camera: cameraName(text("Make"), text("Model")),
  };
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
function parsePlace(latitude: unknown, longitude: unknown): Pick<ExifFacts, "latitude" | "longitude"> {
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
