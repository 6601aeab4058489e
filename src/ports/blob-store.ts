/** Immutable bytes under a key, e.g. thumbnails by content hash. */
export interface BlobStore {
  /** Atomic: a reader sees the whole blob or none. Writing an existing key is a no-op. Keys: `[a-z0-9]{4,64}`. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  get(key: string): Promise<Uint8Array | null>;
  has(key: string): Promise<boolean>;
  delete(key: string): Promise<void>;
  /** Where a key lies, relative to the catalog folder with forward slashes; null when it has no place on disk. */
  pathOf(key: string): string | null;
}
