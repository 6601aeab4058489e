/** A published model, wherever it is published: pinned to one revision, its files by name. */

export interface Repository {
  /** what it is pinned by, 40 hexadecimal digits or a version; null: by the digest of the files that are read */
  readonly revision: string | null;
  /** for people: which server, client or folder */
  readonly place: string;
  /** as its card states it; null: it does not */
  readonly licence: string | null;
  /** every file by its path within the repository, with its size in bytes where that is known */
  readonly files: ReadonlyMap<string, number | null>;
  /**
   * Brings files and says where they lie. Errors: `MODEL_FETCH_FAILED`, `MODEL_CORRUPT`, `DISK_FULL`,
   * `CACHE_UNWRITABLE`, `ABORTED`.
   */
  fetch(
    names: readonly string[],
    onProgress: (doneBytes: number) => void,
  ): Promise<ReadonlyMap<string, string>>;
  /** What else its owners publish under the same name, newest revision first; empty where there is no such thing. */
  otherRevisions(): Promise<readonly string[]>;
  /** The fetched files are not needed any more. */
  discard(): Promise<void>;
  /** Safe to call at any time, more than once. What was fetched so far stays for the next run. */
  close(): Promise<void>;
}
