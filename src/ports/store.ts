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
export interface LocationRow {
  /** absolute path or URL; unique */
  readonly source: string;
  readonly name: string;
  readonly user: string | null;
  readonly stamp: string;
  readonly image: string;
}

/** One place that gave no image. */
export interface FailureRow {
  readonly source: string;
  /** a failed place is not tried again while its stamp stays the same */
  readonly stamp: string;
  readonly code: ErrorCode;
  readonly reason: string;
  readonly attempts: number;
  /** ISO 8601, UTC */
  readonly at: string;
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
  readonly locations: readonly LocationRow[];
  readonly failures: readonly FailureRow[];
  readonly vectors: VectorBatch | null;
}

export interface KnownPlace {
  readonly stamp: string;
  readonly image: string | null;
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

  /** Every known place by its source: its stamp, and its image, or null where it failed. */
  knownPlaces(): Promise<Map<string, KnownPlace>>;
  record(batch: IngestBatch): Promise<void>;

  images(): Promise<ImageRow[]>;
  locations(): Promise<LocationRow[]>;
  failures(): Promise<FailureRow[]>;
  clearFailures(sources: readonly string[]): Promise<void>;
  /** Which images have a vector in this space; rows whose vector is lost are forgotten. */
  embedded(space: string): Promise<Set<string>>;
  /** Rows in the order they were written. */
  vectors(space: string): Promise<{ readonly images: string[]; readonly vectors: Vectors }>;

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

  close(): Promise<void>;
}
