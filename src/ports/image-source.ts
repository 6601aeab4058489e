/** Where images come from: a stream of places, read one at a time. */
import type { AlbumenError } from "../errors.ts";

/** One place an image lies: a file, a URL, an entry of an archive. */
export interface Location {
  /** absolute path, URL, or `<absolute path of an archive>!/<entry>`; the key of this place in the catalog */
  readonly source: string;
  /** file name to keep in albums, without folders */
  readonly name: string;
  /** whose image it is; a place listed with several users belongs to each of them */
  readonly user: string | null;
  /**
   * Changes when the content may have changed, e.g. `size:mtimeNs:inode`; equal stamps are not read again.
   * null: not known before it is read (a URL).
   */
  readonly stamp: string | null;
}

export type SourceItem =
  | { readonly kind: "location"; readonly location: Location }
  /** a place that could not be listed (unreadable folder, missing file, broken line of a list) */
  | { readonly kind: "failed"; readonly source: string; readonly error: AlbumenError }
  /** a list is read from its start: what is remembered of its broken lines (`<source>:<line>`) is out of date */
  | { readonly kind: "list"; readonly source: string }
  /** a file that is no image by its name: counted, not read */
  | { readonly kind: "skipped"; readonly source: string };

export interface ReadOptions {
  readonly signal: AbortSignal;
  /** the stamp under which the catalog has this place's image; null: it has none, so the bytes are wanted whatever they are */
  readonly before: string | null;
}

export type ReadOutcome =
  | {
      readonly kind: "bytes";
      /** the reader may change or detach them */
      readonly bytes: Uint8Array;
      /** what the catalog is to remember; the location's own where that has one */
      readonly stamp: string;
    }
  /** the content is what it was under `before` (HTTP 304); never when `before` is null */
  | { readonly kind: "unchanged" };

export interface ImageSource {
  /** Deterministic order. Stops within one item when the signal fires. */
  list(signal: AbortSignal): AsyncIterable<SourceItem>;
  /** Errors: `FILE_*`, `FETCH_*`, `ARCHIVE_*`, `ABORTED`. */
  read(location: Location, options: ReadOptions): Promise<ReadOutcome>;
  /** Frees what listing and reading hold (archives, temporary files); reading opens them again. Absent: nothing is held. */
  close?(): Promise<void>;
}
