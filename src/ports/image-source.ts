/** Where images come from: a stream of places, read one at a time. */
import type { AlbumenError } from "../errors.ts";

/** One place an image lies: a path or URL. */
export interface Location {
  /** absolute path or URL; the key of this location in the catalog */
  readonly source: string;
  /** file name to keep in albums, without folders */
  readonly name: string;
  readonly user: string | null;
  /** changes when the content may have changed, e.g. `size:mtimeMs:inode`; equal stamps are not read again */
  readonly stamp: string;
  /** bytes, as listed */
  readonly sizeBytes: number;
}

export type SourceItem =
  | { readonly kind: "location"; readonly location: Location }
  /** a place that could not be listed (unreadable folder, missing file) */
  | { readonly kind: "failed"; readonly source: string; readonly error: AlbumenError }
  /** a file that is no image by its name: counted, not read */
  | { readonly kind: "skipped"; readonly source: string };

export interface ImageSource {
  /** Deterministic order. Stops within one item when the signal fires. */
  list(signal: AbortSignal): AsyncIterable<SourceItem>;
  /** Errors: `FILE_*`. */
  read(location: Location, signal: AbortSignal): Promise<Uint8Array>;
}
