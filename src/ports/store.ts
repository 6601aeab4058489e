/** The rows of a catalog: images, where they lie, what failed, their vectors, and the albums. */
import type { AlbumEvent } from "../core/album-edits.ts";
import type { Album } from "../core/albums.ts";
import type { Vectors } from "../core/vectors.ts";
import type { ErrorCode } from "../errors.ts";
import type { ImageFacts } from "./image-decoder.ts";

/** One distinct picture; `image` is the SHA-256 of its bytes in lower-case hex, everywhere. */
export interface ImageRow {
  readonly image: string;
  readonly sizeBytes: number;
  readonly facts: ImageFacts;
}

/** One place an image lies. */
export interface Place {
  /** as `Location.source`; unique */
  readonly source: string;
  readonly name: string;
  /** null: it was never read */
  readonly stamp: string | null;
  readonly image: string;
}

/** A place as a batch brings it. */
export interface PlaceRow extends Omit<Place, "image"> {
  /** null: it gave none; a failure row of the same batch tells why */
  readonly image: string | null;
  /** added to the users that it has already */
  readonly users: readonly string[];
}

/** What the catalog has of a place before it is read. */
export interface KnownPlace {
  /** as it was recorded, with the extension that the content gave it where its own had none */
  readonly name: string;
  readonly stamp: string | null;
  /** null: it failed */
  readonly image: string | null;
  /** why it failed; null when it did not */
  readonly failure: ErrorCode | null;
  /** whether the user that was asked about is noted with it; always true for nobody */
  readonly isOwned: boolean;
}

/** One place that gave no image. */
export interface FailureRow {
  readonly source: string;
  readonly code: ErrorCode;
  readonly reason: string;
  /** how often it was tried, over all runs */
  readonly attempts: number;
  /** ISO 8601, UTC; of the last try */
  readonly at: string;
}

/** A part of a long list in the order of `source`: what follows `after`; null: from the start. */
export interface Page {
  readonly after: string | null;
  readonly limit: number;
}

export interface VectorBatch {
  /** key of the space, see `spaceKey` */
  readonly space: string;
  /** image of each row */
  readonly images: readonly string[];
  readonly vectors: Vectors;
}

/** What one step of ingest found; written whole or not at all. */
export interface IngestBatch {
  readonly images: readonly ImageRow[];
  readonly places: readonly PlaceRow[];
  /** `attempts` is added to those of earlier runs */
  readonly failures: readonly FailureRow[];
  readonly vectors: VectorBatch | null;
}

/** What is to leave no trace. */
export interface Erasure {
  readonly images: readonly string[];
  /** places, as `Location.source` */
  readonly sources: readonly string[];
  /** who owns nothing any more; null: nobody */
  readonly user: string | null;
}

/** Numbers of rows. */
export interface StoreCounts {
  readonly images: number;
  /** that have an image */
  readonly places: number;
  readonly failures: number;
}

/** A text that a model wrote about an image: a caption, or tags. */
export interface AnnotationRow {
  readonly image: string;
  readonly text: string;
  /** what it means is the recipe's to say */
  readonly score: number;
}

/** One thing that happened to the albums. */
export interface HistoryEvent extends AlbumEvent {
  /** ISO 8601, UTC */
  readonly at: string;
}

/** One execution, for the receipt. */
export interface RunRow {
  readonly id: number;
  readonly command: string;
  /** ISO 8601, UTC */
  readonly startedAt: string;
  /** counts, seconds by stage, models, settings; shaped by pipeline/receipt.ts */
  readonly receipt: unknown;
}

export interface Store {
  /** Small remembered facts (encoder, settings, sources); null when never set. */
  meta(key: string): Promise<string | null>;
  setMeta(key: string, value: string): Promise<void>;

  /**
   * One entry a question, in order; null: the catalog has never heard of the place. Of a place that could not even be
   * listed there is a failure row only.
   */
  known(
    places: readonly { readonly source: string; readonly user: string | null }[],
  ): Promise<(KnownPlace | null)[]>;
  record(batch: IngestBatch): Promise<void>;

  /** Answers at once, however much there is. */
  counts(): Promise<StoreCounts>;
  /** Of those asked about, those that are there. */
  images(images: readonly string[]): Promise<Map<string, ImageRow>>;
  /** Images whose hash begins with `prefix` (hex), at most `limit`. */
  imagesStartingWith(prefix: string, limit: number): Promise<string[]>;
  /** The image that lies at a place; null when none does. */
  imageAt(source: string): Promise<string | null>;
  /** Where each of the images lies, first the place that was known first; of each image at most `most`. */
  placesOf(images: readonly string[], most: number): Promise<Map<string, Place[]>>;
  /** Images that lie in `least` places or more. Reads every place: a second at millions. */
  crowded(least: number): Promise<string[]>;
  /** Places, failed ones included, whose source begins with `prefix`. */
  countBelow(prefix: string): Promise<number>;
  /** Who owns an image and where, by `source` and user; one entry with null for a place that nobody owns. */
  ownersOf(image: string): Promise<{ readonly source: string; readonly user: string | null }[]>;
  /** Everyone who owns a place, by name. */
  users(): Promise<string[]>;
  /** Everything that lies at the places of one user, in blocks. */
  placesOfUser(user: string): AsyncIterable<readonly Place[]>;

  failures(page: Page): Promise<FailureRow[]>;
  /** The places that failed, with whom they belong to. */
  failedPlaces(page: Page): Promise<PlaceRow[]>;
  clearFailures(sources: readonly string[]): Promise<void>;
  /** Those of a list's lines: `<list>:<line>`. */
  clearLineFailures(list: string): Promise<void>;

  /** Of those asked about, the images that have a vector in this space; rows whose vector is lost are forgotten. */
  embedded(space: string, images: readonly string[]): Promise<Set<string>>;
  /** In the order they were written; of one user's images, or of all (null). */
  vectors(
    space: string,
    user: string | null,
  ): Promise<{ readonly images: string[]; readonly vectors: Vectors }>;
  /** Of these images, in the order they were written. */
  vectorsOf(
    space: string,
    images: readonly string[],
  ): Promise<{ readonly images: string[]; readonly vectors: Vectors }>;
  /** Forgets the vectors of these images in every space. */
  dropVectors(images: readonly string[]): Promise<void>;

  annotations(recipe: string): Promise<Map<string, AnnotationRow>>;
  annotate(recipe: string, rows: readonly AnnotationRow[]): Promise<void>;

  albums(): Promise<Album[]>;
  /** Replaces all albums and adds to history in one transaction. */
  saveAlbums(albums: readonly Album[], events: readonly HistoryEvent[]): Promise<void>;
  /** Newest first. */
  history(limit: number): Promise<HistoryEvent[]>;

  saveRun(run: Omit<RunRow, "id">): Promise<void>;
  /** The newest run of any kind; null before the first. */
  lastRun(): Promise<RunRow | null>;

  /**
   * Erases rows, vectors and captions of these images and places, and every line of history and runs that names one. What stood
   * in the files is overwritten, not just let go of. Doing it again changes nothing.
   */
  erase(what: Erasure): Promise<void>;
  /** Rewrites the database without its free room: what was erased before is in no file afterwards. */
  compact(): Promise<void>;

  close(): Promise<void>;
}
