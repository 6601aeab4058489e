/** Looks for byte strings in files, whatever kind of file: what a compressed one holds is looked at unpacked. */
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { throwIfAborted } from "../errors.ts";

export interface ScanResult {
  readonly files: number;
  /** as they lie on the disk or unpacked */
  readonly bytes: number;
  /** files with one of the strings in them */
  readonly found: readonly string[];
}

/** `paths`: files, and folders with all below them; what is not there holds nothing. Needles are not empty. */
export async function scanFiles(
  paths: readonly string[],
  needles: readonly Uint8Array[],
  signal: AbortSignal,
): Promise<ScanResult> {
  const sought = needles.map((needle) => Buffer.from(needle));
  const overlap = Math.max(0, ...sought.map((needle) => needle.length)) - 1;
  let files = 0;
  let bytes = 0;
  const found: string[] = [];
  for (const root of paths)
    for await (const path of filesBelow(root)) {
      throwIfAborted(signal);
      files++;
      let isFound = sought.some((needle) => path.includes(needle.toString("latin1")));
      let rest: Buffer = Buffer.alloc(0);
      const file = createReadStream(path, { signal, highWaterMark: 1 << 20 });
      const stream: Readable = path.endsWith(".gz") ? file.pipe(createGunzip()) : file;
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (isFound) continue;
        const window = Buffer.concat([rest, chunk]);
        isFound = sought.some((needle) => window.includes(needle));
        rest = window.subarray(Math.max(0, window.length - overlap));
      }
      if (isFound) found.push(path);
    }
  return { files, bytes, found };
}

async function* filesBelow(path: string): AsyncGenerator<string> {
  let entries;
  try {
    entries = await readdir(path, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOTDIR") yield path;
    else if (code !== "ENOENT") throw error;
    return;
  }
  for (const entry of entries) {
    const inside = join(path, entry.name);
    if (entry.isDirectory()) yield* filesBelow(inside);
    else if (entry.isFile()) yield inside;
  }
}
