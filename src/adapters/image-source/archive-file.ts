/** What the archive formats have in common: entries that are listed once and read one by one. */
import type { AlbumenError } from "../../errors.ts";

export type ArchiveEntry =
  | {
      readonly kind: "file";
      /** as it stands in the archive; a key, never a path to write to */
      readonly name: string;
      /** see `Location.stamp` */
      readonly stamp: string;
    }
  | { readonly kind: "failed"; readonly name: string; readonly error: AlbumenError }
  | { readonly kind: "skipped"; readonly name: string };

export interface ArchiveFile {
  /**
   * The entries that `wants` names, in the archive's order; others are `skipped`. What goes wrong with the archive as a
   * whole is thrown after the entries before it: `ARCHIVE_CORRUPT`, `FILE_*`, `ABORTED`.
   */
  entries(wants: (name: string) => boolean, signal: AbortSignal): AsyncGenerator<ArchiveEntry>;
  /**
   * The first `most` bytes of an entry, or all. An entry is at hand once it was listed and until `forget`; null: it is
   * not. Errors: `ARCHIVE_CORRUPT`, `FILE_*`.
   */
  read(name: string, signal: AbortSignal, most?: number): Promise<Uint8Array | null>;
  forget(name: string): void;
  close(): Promise<void>;
}

export interface ArchiveLimits {
  /** a larger entry is refused unread */
  readonly maxBytes: number;
}

/**
 * An entry that is larger than `SUSPECT_BYTES` and shrank to less than 1 in `MOST_RATIO` is a bomb: no picture of that
 * size is that empty. Deflate goes to 1 in 1,032; a plain white bitmap, the emptiest picture there is, is let through
 * below the size.
 */
const MOST_RATIO = 200;
const SUSPECT_BYTES = 64 * 1024 * 1024;

export function isBomb(sizeBytes: number, packedBytes: number): boolean {
  return sizeBytes > SUSPECT_BYTES && sizeBytes > MOST_RATIO * packedBytes;
}
