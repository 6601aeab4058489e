/**
 * Tar archives. A plain one is read in place, by where each entry's bytes begin. A packed one can only be read from
 * its start to its end: while it is listed, its pictures go to a temporary file, which has lost its name before the
 * first byte is written to it, so that the system frees it however this process ends.
 */
import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { pipeline, Transform } from "node:stream";
import { createGunzip } from "node:zlib";
import { extract, type Header } from "tar-stream";
import { AlbumenError, isAlbumenError, messageOf, throwIfAborted } from "../../errors.ts";
import { asWriteError } from "../write-error.ts";
import { isBomb, type ArchiveEntry, type ArchiveFile, type ArchiveLimits } from "./archive-file.ts";

export interface TarOptions extends ArchiveLimits {
  /** by gzip */
  readonly isPacked: boolean;
  /** folder for the temporary file of a packed one; made when it is not there */
  readonly scratch: string;
}

interface Stretch {
  readonly at: number;
  readonly sizeBytes: number;
}

export async function openTar(path: string, options: TarOptions): Promise<ArchiveFile> {
  const { isPacked, scratch, maxBytes } = options;
  const atHand = new Map<string, Stretch>();
  const bytes = isPacked ? await anonymousFile(scratch) : await open(path, "r");
  let spooled = 0;

  const broken = (what: string, cause: unknown): AlbumenError =>
    isAlbumenError(cause)
      ? cause
      : new AlbumenError("ARCHIVE_CORRUPT", `${what} cannot be read: ${messageOf(cause)}.`, { cause });

  /** Keeps an entry's bytes; returns where. */
  const spool = async (entry: AsyncIterable<Uint8Array>): Promise<number> => {
    const from = spooled;
    for await (const chunk of entry) {
      for (let done = 0; done < chunk.length;)
        try {
          const { bytesWritten } = await bytes.write(chunk, done, chunk.length - done, spooled);
          done += bytesWritten;
          spooled += bytesWritten;
        } catch (error) {
          throw asWriteError(error, scratch);
        }
    }
    return from;
  };

  return {
    async *entries(wants, signal): AsyncGenerator<ArchiveEntry> {
      const input = createReadStream(path);
      const parser = extract();
      // The parser is destroyed with the error of whichever stream fails, and throws it below.
      const done = (): void => {};
      if (isPacked) pipeline(input, createGunzip(), bombGuard(path, input), parser, done);
      else pipeline(input, parser, done);
      try {
        for await (const entry of parser) {
          throwIfAborted(signal);
          // The declaration lacks where the entry's bytes begin; the library has it since 3.0.
          const { name, type, size = 0, mtime, byteOffset } = entry.header as Header & { byteOffset: number };
          const isFile = type === "file" || type === "contiguous-file";
          const isWanted = isFile && wants(name);
          if (!isWanted || size > maxBytes) {
            entry.resume();
            if (type === "directory") continue;
            yield isWanted
              ? {
                  kind: "failed",
                  name,
                  error: new AlbumenError(
                    "FILE_TOO_LARGE",
                    `${name} in ${path} has ${size} bytes; the limit is ${maxBytes}.`,
                  ),
                }
              : { kind: "skipped", name };
            continue;
          }
          const at = isPacked
            ? await spool(entry as AsyncIterable<unknown> as AsyncIterable<Uint8Array>)
            : byteOffset;
          if (!isPacked) entry.resume();
          atHand.set(name, { at, sizeBytes: size });
          yield { kind: "file", name, stamp: `${size}:${mtime?.getTime() ?? 0}` };
        }
      } catch (error) {
        throw broken(path, error);
      } finally {
        input.destroy();
      }
    },
    async read(name, signal, most = Infinity) {
      const stretch = atHand.get(name);
      if (!stretch) return null;
      throwIfAborted(signal);
      const whole = new Uint8Array(Math.min(stretch.sizeBytes, most));
      try {
        for (let at = 0; at < whole.length;) {
          const { bytesRead } = await bytes.read(whole, at, whole.length - at, stretch.at + at);
          if (bytesRead === 0) throw new Error("it ends early");
          at += bytesRead;
        }
        return whole;
      } catch (error) {
        throw broken(`${name} in ${path}`, error);
      }
    },
    forget: (name) => void atHand.delete(name),
    async close() {
      atHand.clear();
      await bytes.close();
    },
  };
}

async function anonymousFile(folder: string): Promise<FileHandle> {
  const path = join(folder, `unpacked-${randomBytes(6).toString("hex")}.tmp`);
  try {
    await mkdir(folder, { recursive: true });
    const file = await open(path, "wx+");
    await rm(path);
    return file;
  } catch (error) {
    throw asWriteError(error, path);
  }
}

/** Lets through what was unpacked as long as it is no bomb by what it was unpacked from. */
function bombGuard(path: string, input: { readonly bytesRead: number }): Transform {
  let unpacked = 0;
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      unpacked += chunk.length;
      // All of it counts, not one entry: the format says nothing of how small an entry was packed.
      if (!isBomb(unpacked, input.bytesRead)) return done(null, chunk);
      done(
        new AlbumenError(
          "FILE_TOO_LARGE",
          `${path} unpacks from ${input.bytesRead} to more than ${unpacked} bytes, as only a bomb does.`,
        ),
      );
    },
  });
}
