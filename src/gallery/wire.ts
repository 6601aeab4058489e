/** How a gallery travels inside its page: columns instead of objects, each word once. Pure, both ways. */
import { UNSORTED, type NameSource } from "../core/albums.ts";
import { ERROR_CODES } from "../errors.ts";
import type { GalleryData, GalleryReceipt } from "./data.ts";
import { explainName } from "./explain.ts";
import { displayText } from "./text.ts";

export interface GalleryWire {
  readonly title: string;
  readonly albums: readonly AlbumWire[];
  readonly images: ImageColumns;
  readonly previews: readonly (readonly [image: number, dataUri: string])[];
  readonly atlas: { readonly tilePx: number; readonly columns: number; readonly rowsPerSheet: number } | null;
  readonly failures: readonly {
    readonly code: string;
    readonly meaning: string;
    readonly files: readonly FailedFile[];
  }[];
  readonly receipt: GalleryReceipt;
}

export interface AlbumWire {
  readonly id: string;
  readonly name: string;
  readonly source: NameSource;
  readonly score: number | null;
  /** index into the albums, or -1 */
  readonly parent: number;
  readonly cohesion: number | null;
  readonly trust: number | null;
  /** sentences */
  readonly why: readonly string[];
  /** the evidence's words, best first; lead in deviations */
  readonly words: readonly (readonly [text: string, lead: number])[];
}

export interface FailedFile {
  readonly source: string;
  readonly reason: string;
}

/** Entry i of each column belongs to image i. */
export interface ImageColumns {
  readonly sha: readonly string[];
  readonly folders: readonly string[];
  /** index into `folders` */
  readonly folder: readonly number[];
  readonly name: readonly string[];
  /** `*` stands for the image's sha; "" when there is none */
  readonly thumb: readonly string[];
  readonly album: readonly number[];
  /** ten-thousandths */
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** thousandths */
  readonly similarity: readonly number[];
  readonly rank: readonly number[];
  /** numbers of the images that another one stands for */
  readonly doubles: readonly number[];
  readonly caption: readonly string[];
  readonly words: readonly string[];
  /** indexes into `words` */
  readonly tags: readonly (readonly number[])[];
  readonly takenAt: readonly string[];
  readonly width: readonly number[];
  readonly height: readonly number[];
}

/** One image, as the page's script sees it. */
export interface Picture {
  /** its place in the page's list, which is also its tile */
  readonly index: number;
  readonly sha: string;
  /** relative path, as on disk */
  readonly file: string;
  /** file name, fit to show */
  readonly name: string;
  readonly thumb: string | null;
  readonly album: number;
  readonly x: number;
  readonly y: number;
  readonly similarity: number;
  readonly rank: number;
  readonly isDouble: boolean;
  readonly caption: string;
  readonly tags: readonly string[];
  readonly takenAt: string;
  readonly width: number;
  readonly height: number;
}

export function encodeGallery(data: GalleryData): GalleryWire {
  const { images } = data;
  // The page shows Unsorted last; moving it here keeps every index of the page in that order.
  const order = data.albums.map((_, i) => i);
  order.sort((a, b) => Number(data.albums[a]!.id === UNSORTED) - Number(data.albums[b]!.id === UNSORTED));
  const placeOf = new Map(order.map((album, place) => [album, place]));
  const placeOfId = new Map(order.map((album, place) => [data.albums[album]!.id, place]));
  const folders = new Dictionary();
  const words = new Dictionary();
  return {
    title: displayText(data.title),
    albums: order.map((i): AlbumWire => {
      const album = data.albums[i]!;
      return {
        id: album.id,
        name: displayText(album.name),
        source: album.nameSource,
        score: rounded(album.nameScore),
        parent: album.parentId === null ? -1 : (placeOfId.get(album.parentId) ?? -1),
        cohesion: rounded(album.cohesion),
        trust: rounded(album.trust),
        why: explainName(album).map(displayText),
        words: (album.evidence?.words ?? [])
          .slice(0, 6)
          .map(({ text, lead }) => [displayText(text), rounded(lead)!]),
      };
    }),
    images: {
      sha: images.map((image) => image.sha256),
      folder: images.map((image) => folders.add(folderOf(image.file))),
      folders: folders.entries,
      name: images.map((image) => nameOf(image.file)),
      thumb: images.map((image) => image.thumb?.replace(image.sha256, "*") ?? ""),
      album: images.map((image) => placeOf.get(image.album)!),
      x: images.map((image) => Math.round(image.x * 10_000)),
      y: images.map((image) => Math.round(image.y * 10_000)),
      similarity: images.map((image) => Math.round(image.similarity * 1000)),
      rank: images.map((image) => image.representativeRank),
      doubles: images.flatMap((image, i) => (image.isDouble ? [i] : [])),
      caption: images.map((image) => displayText(image.caption ?? "")),
      tags: images.map((image) => image.tags.map((tag) => words.add(displayText(tag)))),
      words: words.entries,
      takenAt: images.map((image) => displayText(image.takenAt ?? "")),
      width: images.map((image) => image.width),
      height: images.map((image) => image.height),
    },
    previews: [...data.previews],
    atlas: data.atlas && {
      tilePx: data.atlas.tilePx,
      columns: data.atlas.columns,
      rowsPerSheet: data.atlas.rowsPerSheet,
    },
    failures: groupFailures(data),
    receipt: {
      ...data.receipt,
      albumCountReason: displayText(data.receipt.albumCountReason),
      notes: data.receipt.notes.map(displayText),
    },
  };
}

/** Most alike to its album first; of a burst, or of copies of one picture, one alone, and the others behind all else. */
export function byLikeness(a: Picture, b: Picture): number {
  return Number(a.isDouble) - Number(b.isDouble) || b.similarity - a.similarity;
}

export function decodePictures(columns: ImageColumns): Picture[] {
  const doubles = new Set(columns.doubles);
  return columns.sha.map((sha, i): Picture => {
    const folder = columns.folders[columns.folder[i]!]!;
    const name = columns.name[i]!;
    return {
      index: i,
      sha,
      file: folder === "" ? name : `${folder}/${name}`,
      name: displayText(name),
      thumb: columns.thumb[i] === "" ? null : columns.thumb[i]!.replace("*", sha),
      album: columns.album[i]!,
      x: columns.x[i]! / 10_000,
      y: columns.y[i]! / 10_000,
      similarity: columns.similarity[i]! / 1000,
      rank: columns.rank[i]!,
      isDouble: doubles.has(i),
      caption: columns.caption[i]!,
      tags: columns.tags[i]!.map((word) => columns.words[word]!),
      takenAt: columns.takenAt[i]!,
      width: columns.width[i]!,
      height: columns.height[i]!,
    };
  });
}

function groupFailures({ failures }: GalleryData): GalleryWire["failures"] {
  const codes = [...new Set(failures.map((failure) => failure.code))].sort();
  return codes.map((code) => ({
    code,
    meaning: ERROR_CODES[code],
    files: failures
      .filter((failure) => failure.code === code)
      .map(({ source, reason }) => ({ source: displayText(source), reason: displayText(reason) })),
  }));
}

class Dictionary {
  readonly entries: string[] = [];
  readonly #placeOf = new Map<string, number>();

  add(entry: string): number {
    const known = this.#placeOf.get(entry);
    if (known !== undefined) return known;
    this.#placeOf.set(entry, this.entries.length);
    return this.entries.push(entry) - 1;
  }
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1000) / 1000;
}
