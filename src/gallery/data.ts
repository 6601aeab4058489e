/** What a gallery page is made of. Plain values: whoever has a catalog can fill them in. */
import type { ErrorCode } from "../errors.ts";
import type { NameEvidence, NameSource } from "../core/albums.ts";

export interface GalleryData {
  /** heading of the page, any text */
  readonly title: string;
  /** in the order to show them; `unsorted` is always shown last */
  readonly albums: readonly GalleryAlbum[];
  /** in any order */
  readonly images: readonly GalleryImage[];
  /** small pictures of all images for the map and as placeholders; null: the map shows coloured dots */
  readonly atlas: Atlas | null;
  /** image index → data URI (`data:image/…`), shown where the thumbnail's file is missing; see `previewOrder` */
  readonly previews: ReadonlyMap<number, string>;
  readonly failures: readonly GalleryFailure[];
  readonly receipt: GalleryReceipt;
}

export interface GalleryAlbum {
  /** unique; `unsorted` for the one that is none */
  readonly id: string;
  readonly name: string;
  readonly nameSource: NameSource;
  /** confidence, in [0, 1]; null for a user's name and a neutral one */
  readonly nameScore: number | null;
  readonly evidence: NameEvidence | null;
  /** the id of another album of this page, or null */
  readonly parentId: string | null;
  /** mean cosine of members to the centroid, in [-1, 1]; null without images of its own */
  readonly cohesion: number | null;
  /** how far its images' nearest neighbours are in it too, in [0, 1]; null where that is not known */
  readonly trust: number | null;
}

export interface GalleryImage {
  /** lower-case hex, unique */
  readonly sha256: string;
  /** path relative to the page, forward slashes, not percent-encoded */
  readonly file: string;
  /** the same for its thumbnail; null when there is none */
  readonly thumb: string | null;
  /** index into `albums` */
  readonly album: number;
  /** place on the map, in [0, 1], y downwards */
  readonly x: number;
  readonly y: number;
  /** cosine to the album's centroid, in [-1, 1] */
  readonly similarity: number;
  /** 0 for the medoid, 1, 2 … for the spread; -1 for all others */
  readonly representativeRank: number;
  /** another picture of its album stands for it: a better shot of the same moment, or the same picture; shown after all others */
  readonly isDouble: boolean;
  readonly caption: string | null;
  /** best first */
  readonly tags: readonly string[];
  /** ISO 8601, local time without zone where the camera knew none; null when unknown */
  readonly takenAt: string | null;
  /** pixels, after orientation */
  readonly width: number;
  readonly height: number;
}

/**
 * Square tiles of `tilePx` on sheets: image i is tile i % perSheet of sheet i / perSheet, where
 * perSheet = columns · rowsPerSheet, tiles running left to right, then down. Each tile holds the whole picture squeezed
 * into the square; the page knows its proportions.
 */
export interface Atlas {
  readonly tilePx: number;
  readonly columns: number;
  readonly rowsPerSheet: number;
  /** data URIs; the last sheet may have fewer rows */
  readonly sheets: readonly string[];
}

/** A file that could not be read or embedded. */
export interface GalleryFailure {
  /** the path or URL it came from */
  readonly source: string;
  readonly code: ErrorCode;
  readonly reason: string;
}

/** The record of the run that made the albums. */
export interface GalleryReceipt {
  /** of Albumen */
  readonly version: string;
  /** ISO 8601 with zone */
  readonly finishedAt: string;
  readonly model: { readonly id: string; readonly revision: string };
  readonly seed: number;
  /** how the number of albums was found, one sentence */
  readonly albumCountReason: string;
  /** places the images lie in; more than images when some are duplicates */
  readonly locations: number;
  /** in the order they ran */
  readonly stages: readonly { readonly name: string; readonly durationMs: number }[];
  /** anything else worth a line, e.g. that a smaller model was used */
  readonly notes: readonly string[];
}
