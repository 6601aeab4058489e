/** Vectors of one space: rows of little-endian float32, appended, never rewritten. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { endianness } from "node:os";
import type { Vectors } from "../../core/vectors.ts";
import { AlbumenError } from "../../errors.ts";
import { asWriteError } from "../write-error.ts";

export interface VectorFile {
  /** Writes rows from row `at` on; whatever stood there is a leftover of a killed run. */
  write(at: number, vectors: Vectors): void;
  /** The rows with these numbers, which ascend. Errors: `CATALOG_CORRUPT` when it ends before the last. */
  read(rows: readonly number[]): Vectors;
  /** Overwrites rows with zeros; those past the end are none. */
  erase(rows: readonly number[]): void;
  /** whole rows that are there */
  count(): number;
}

/** A read or write call moves this much at most: the system cuts longer ones near 2 GiB. */
const CHUNK_BYTES = 1 << 28;

export function openVectorFile(path: string, dims: number): VectorFile {
  if (endianness() !== "LE")
    throw new AlbumenError("INTERNAL", "Vector files are little-endian; this machine is not.");
  const rowBytes = dims * 4;
  return {
    write(at, vectors) {
      try {
        mkdirSync(dirname(path), { recursive: true });
        writeRows(at, vectors);
      } catch (error) {
        throw asWriteError(error, path);
      }
    },
    erase(rows) {
      if (rows.length === 0 || !existsSync(path)) return;
      const file = openSync(path, "r+");
      try {
        const count = Math.floor(fstatSync(file).size / rowBytes);
        const zeros = new Uint8Array(rowBytes);
        for (const row of rows) if (row < count) writeSync(file, zeros, 0, rowBytes, row * rowBytes);
        fsyncSync(file);
      } catch (error) {
        throw asWriteError(error, path);
      } finally {
        closeSync(file);
      }
    },
    count: () => Math.floor((statSync(path, { throwIfNoEntry: false })?.size ?? 0) / rowBytes),
    read(rows) {
      const data = new Float32Array(rows.length * dims);
      if (rows.length === 0) return { data, rows: 0, dims };
      if (!existsSync(path)) throw tooFew();
      const file = openSync(path, "r");
      try {
        const bytes = new Uint8Array(data.buffer);
        if (fstatSync(file).size < (rows.at(-1)! + 1) * rowBytes) throw tooFew();
        for (const { at, from, count } of runsOf(rows)) {
          const end = (at + count) * rowBytes;
          for (let done = at * rowBytes; done < end;)
            done += readSync(
              file,
              bytes,
              done,
              Math.min(CHUNK_BYTES, end - done),
              from * rowBytes + done - at * rowBytes,
            );
        }
      } finally {
        closeSync(file);
      }
      return { data, rows: rows.length, dims };
    },
  };

  function writeRows(at: number, vectors: Vectors): void {
    const file = openSync(path, existsSync(path) ? "r+" : "w+");
    try {
      const bytes = new Uint8Array(vectors.data.buffer, vectors.data.byteOffset, vectors.rows * rowBytes);
      let done = 0;
      while (done < bytes.length)
        done += writeSync(
          file,
          bytes,
          done,
          Math.min(CHUNK_BYTES, bytes.length - done),
          at * rowBytes + done,
        );
      ftruncateSync(file, (at + vectors.rows) * rowBytes);
    } finally {
      closeSync(file);
    }
  }

  function tooFew(): AlbumenError {
    return new AlbumenError("CATALOG_CORRUPT", `${path} ends before the last vector it should hold.`, {
      hint: "Run albumen organize on the same folders again: it embeds what is missing.",
    });
  }
}

/** The same in memory, for tests. */
export function createMemoryVectorFile(dims: number): VectorFile {
  let data = new Float32Array(0);
  return {
    write(at, vectors) {
      const grown = new Float32Array((at + vectors.rows) * dims);
      grown.set(data.subarray(0, at * dims));
      grown.set(vectors.data.subarray(0, vectors.rows * dims), at * dims);
      data = grown;
    },
    read(rows) {
      const found = new Float32Array(rows.length * dims);
      for (const { at, from, count } of runsOf(rows))
        found.set(data.subarray(from * dims, (from + count) * dims), at * dims);
      return { data: found, rows: rows.length, dims };
    },
    erase(rows) {
      for (const row of rows) data.fill(0, row * dims, (row + 1) * dims);
    },
    count: () => data.length / dims,
  };
}

/** Runs of numbers that follow each other: `count` of them from the value `from` on, at index `at`. */
function* runsOf(
  rows: readonly number[],
): Generator<{ readonly at: number; readonly from: number; readonly count: number }> {
  for (let at = 0; at < rows.length;) {
    let end = at + 1;
    while (end < rows.length && rows[end] === rows[end - 1]! + 1) end++;
    yield { at, from: rows[at]!, count: end - at };
    at = end;
  }
}
