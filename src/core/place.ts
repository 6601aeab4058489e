/** What a place's text says it is. Pure: nothing is looked at. */
import { IMAGE_EXTENSIONS, type ImageFormat } from "./image-format.ts";

/** `file`: a path of this machine; `entry`: `<path of an archive>!/<name inside>`. */
export type PlaceKind = "file" | "entry" | "url" | "s3";

const ARCHIVE = /\.(?:zip|cbz|tar|tar\.gz|tgz)$/i;
const ENTRY = /^(.*?\.(?:zip|cbz|tar|tar\.gz|tgz))!\/(.+)$/is;

export function placeKind(source: string): PlaceKind {
  if (/^https?:\/\//i.test(source)) return "url";
  if (/^s3:\/\//i.test(source)) return "s3";
  return ENTRY.test(source) ? "entry" : "file";
}

export function isArchiveName(path: string): boolean {
  return ARCHIVE.test(path);
}

export function entryPlace(archive: string, entry: string): string {
  return `${archive}!/${entry}`;
}

/** The two parts of an entry's place; null for any other place. */
export function splitEntry(source: string): { readonly archive: string; readonly entry: string } | null {
  const parts = ENTRY.exec(source);
  return parts ? { archive: parts[1]!, entry: parts[2]! } : null;
}

/** The file name that a place gives its image, without folders: the end of the path, of a URL without its query. */
export function placeName(source: string): string {
  const kind = placeKind(source);
  if (kind === "file" || kind === "entry") return lastName(source);
  const [, host = "", path = ""] = /^[a-z0-9]+:\/\/([^/?#]*)([^?#]*)/i.exec(source) ?? [];
  const name = lastName(path);
  try {
    return decodeURIComponent(name) || host;
  } catch {
    return name || host; // a "%" that stands for itself
  }
}

function lastName(path: string): string {
  return path.replace(/[\\/]+$/, "").replace(/^.*[\\/]/s, "");
}

/** `name` with an extension that tells the format, when it has none that an image may have: URLs often have not. */
export function withExtension(name: string, format: ImageFormat): string {
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase();
  if (extension !== undefined && IMAGE_EXTENSIONS.has(extension)) return name;
  return `${name}.${EXTENSION[format]}`;
}

/** `raw` and `video` have many; these stand for all. */
const EXTENSION: Record<ImageFormat, string> = {
  jpeg: "jpg",
  png: "png",
  webp: "webp",
  avif: "avif",
  gif: "gif",
  tiff: "tif",
  heic: "heic",
  bmp: "bmp",
  svg: "svg",
  raw: "dng",
  video: "mp4",
};
