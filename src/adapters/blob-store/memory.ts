/** Blobs in memory, for tests. */
import type { BlobStore } from "../../ports/blob-store.ts";
import { assertKey } from "./key.ts";

export function createMemoryBlobStore(): BlobStore {
  const blobs = new Map<string, Uint8Array>();
  return {
    async put(key, bytes) {
      assertKey(key);
      if (!blobs.has(key)) blobs.set(key, Uint8Array.from(bytes));
    },
    async get(key) {
      const bytes = blobs.get(key);
      return bytes ? Uint8Array.from(bytes) : null;
    },
    has: async (key) => blobs.has(key),
    async delete(key) {
      blobs.delete(key);
    },
    pathOf: () => null,
  };
}
