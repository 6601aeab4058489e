/** Takes the archives of package indexes apart. Entries that would land outside of the folder, and links, are refused. */
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import tar from "tar-stream";
import yauzl from "yauzl";
import { AlbumenError, isAlbumenError, messageOf } from "../../errors.ts";
import { throwIfStorage } from "../cache.ts";

/** More than any model that fits a machine; what claims more is a bomb. */
const MAX_UNPACKED_BYTES = 64e9;

/** A wheel. Errors: `MODEL_CORRUPT`, `DISK_FULL`, `CACHE_UNWRITABLE`, `ABORTED`. */
export async function unpackZip(path: string, into: string, signal: AbortSignal): Promise<void> {
  await told(path, into, async () => {
    // yauzl refuses names that are absolute or climb, and data that is longer than its entry says.
    const zip = await yauzl.openPromise(path);
    let bytes = 0;
    try {
      for await (const entry of zip.eachEntry()) {
        if (entry.fileName.endsWith("/")) continue;
        bytes += entry.uncompressedSize;
        if (bytes > MAX_UNPACKED_BYTES) throw tooLarge(path);
        await write(join(into, entry.fileName), await zip.openReadStreamPromise(entry), signal);
      }
    } finally {
      zip.close();
    }
  });
}

/** An npm tarball. Errors: as `unpackZip`. */
export async function unpackTarball(path: string, into: string, signal: AbortSignal): Promise<void> {
  await told(path, into, async () => {
    let bytes = 0;
    const take = async ({ name, type, size }: tar.Header, entry: Readable): Promise<void> => {
      const isInside = /^[^/\\]/.test(name) && !name.split(/[/\\]/).includes("..");
      if (type !== "file" || !isInside) return void entry.resume();
      bytes += size ?? 0;
      if (bytes > MAX_UNPACKED_BYTES) throw tooLarge(path);
      await write(join(into, name), entry, signal);
    };
    const extract = tar.extract();
    extract.on("entry", (header, entry, next) => {
      // It fails with the archive, which the pipeline tells of.
      entry.on("error", () => {});
      // A streamx stream is one of Node's in all that matters here; its types do not say so.
      void tell(take(header, entry as unknown as Readable), next);
    });
    await pipeline(createReadStream(path), createGunzip(), extract, { signal });
  });
}

async function tell(work: Promise<void>, next: (error?: Error) => void): Promise<void> {
  try {
    await work;
  } catch (error) {
    return next(error instanceof Error ? error : new Error(messageOf(error)));
  }
  next();
}

async function write(path: string, from: Readable, signal: AbortSignal): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await pipeline(from, createWriteStream(path, { flags: "wx" }), { signal });
}

async function told(path: string, into: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (isAlbumenError(error) || (error instanceof Error && error.name === "AbortError")) throw error;
    throwIfStorage(error, into);
    throw new AlbumenError("MODEL_CORRUPT", `${path} cannot be unpacked: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function tooLarge(path: string): AlbumenError {
  return new AlbumenError("MODEL_CORRUPT", `${path} would unpack to more than ${MAX_UNPACKED_BYTES} bytes.`);
}
