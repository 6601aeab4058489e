/** The file system as the applier needs it: a root to build in, sources beside it, and no verb that overwrites. */

/**
 * A place is either relative to the output's root ("Dogs/a.jpg", always with "/") or absolute: a source.
 * Relative places never leave the root: a ".." in one, or a symbolic link among its folders, is `OUTPUT_CONFLICT`.
 *
 * Every verb that makes something is exclusive: where anything stands already it throws `OUTPUT_CONFLICT` and
 * changes nothing. `unsupported` means that the file system cannot do it between these two places, and that
 * nothing was changed. Other errors: `FILE_NOT_FOUND`, `FILE_UNREADABLE` (the place read from),
 * `FILE_UNMOVABLE` (a source that may not be taken away), `OUTPUT_UNWRITABLE`, `DISK_FULL`.
 */
export interface Output {
  /** What stands at a place; null when nothing does. */
  inspect(place: string): Promise<Entry | null>;
  /** Every file and folder below the root, sorted; `.albumen` and what is in it left out. */
  list(signal: AbortSignal): Promise<Listed[]>;
  /** Lower-case hex. */
  sha256(place: string, signal: AbortSignal): Promise<string>;
  read(place: string, signal: AbortSignal): AsyncIterable<Uint8Array>;

  /** Makes a folder and those above it; one that stands already is well. */
  makeFolder(place: string): Promise<void>;
  /** Removes a folder when it is empty; "not-empty" leaves it. */
  removeFolder(place: string): Promise<"done" | "not-empty">;
  /** Hard link, to the file itself where `from` is a symbolic link. */
  link(from: string, to: string): Promise<"done" | "unsupported">;
  /** Reflink: a copy that shares its blocks until one of the two changes. */
  clone(from: string, to: string): Promise<"done" | "unsupported">;
  /** A full copy with the original's modification time. */
  copy(from: string, to: string, signal: AbortSignal): Promise<void>;
  /** Returns once a file's bytes and its name are on the disk (fsync), not in the system's memory alone. */
  flush(place: string): Promise<void>;
  /** Renames a file or folder; to itself in another case is well. */
  rename(from: string, to: string): Promise<"done" | "unsupported">;
  /** Writes a new file, on the disk (fsync) when it returns. */
  write(
    place: string,
    bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void>;
  /** Deletes one file; none there is well. The caller has seen to it that nothing is lost. */
  remove(place: string): Promise<void>;
  /** The one verb that overwrites, in one instant: for Albumen's own exports, which the caller has checked. */
  replace(from: string, to: string): Promise<void>;
}

export interface Entry {
  /** `link`: a source that is a symbolic link to a file; size and stamp are that file's. In the output one is `other`. */
  readonly kind: "file" | "folder" | "link" | "other";
  readonly sizeBytes: number;
  /** milliseconds since 1970 */
  readonly modifiedMs: number;
  /** size, modification time and file number: as long as it is the same, the content is; survives a rename */
  readonly stamp: string;
  /** names this file has (hard links) */
  readonly links: number;
}

export interface Listed {
  readonly path: string;
  readonly kind: "file" | "folder" | "other";
}
