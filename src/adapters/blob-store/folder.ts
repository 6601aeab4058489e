/** Blobs as files, two folders deep, so that none holds more than a few hundred of a million. */
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { BlobStore } from "../../ports/blob-store.ts";
import { asWriteError } from "../write-error.ts";
import { assertKey } from "./key.ts";

export interface FolderBlobStoreOptions {
  /** the catalog folder; made when it is not there */
  readonly catalog: string;
  /** folder of these blobs inside the catalog, e.g. `thumbnails` */
  readonly folder: string;
  /** with the dot, e.g. `.webp` */
  readonly extension: string;
}

/** Errors: `DISK_FULL`, `OUTPUT_UNWRITABLE`. `abcd…` lies at `<folder>/ab/cd/abcd….webp`. */
export function createFolderBlobStore({ catalog, folder, extension }: FolderBlobStoreOptions): BlobStore {
  const relativePath = (key: string) => {
    assertKey(key);
    return `${folder}/${key.slice(0, 2)}/${key.slice(2, 4)}/${key}${extension}`;
  };
  const absolutePath = (key: string) => join(catalog, relativePath(key));
  let writes = 0;

  async function has(key: string): Promise<boolean> {
    return stat(absolutePath(key)).then(
      () => true,
      (error: unknown) => unlessMissing(error, false),
    );
  }

  return {
    async put(key, bytes) {
      const path = absolutePath(key);
      // Beside its place, so that the rename stays on one disk; two writers of one key both succeed, with equal bytes.
      const temporary = `${path}.${process.pid}-${writes++}.tmp`;
      try {
        if (await has(key)) return;
        await mkdir(dirname(path), { recursive: true });
        await writeFile(temporary, bytes, { flag: "wx" });
        await rename(temporary, path);
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => undefined); // the first error is the one to tell
        throw asWriteError(error, path);
      }
    },
    async get(key) {
      return readFile(absolutePath(key)).catch((error: unknown) => unlessMissing(error, null));
    },
    has,
    async delete(key) {
      await rm(absolutePath(key), { force: true });
    },
    pathOf: relativePath,
  };
}

function unlessMissing<T>(error: unknown, missing: T): T {
  if ((error as NodeJS.ErrnoException).code === "ENOENT") return missing;
  throw error;
}
