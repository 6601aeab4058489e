/** Vectors of one space: rows of little-endian float32, appended, never rewritten. */
import {
  closeSync,
  existsSync,
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
  /** Rows 0..rows-1. Errors: `CATALOG_CORRUPT` when it holds fewer. */
  read(rows: number): Vectors;
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
    count: () => Math.floor((statSync(path, { throwIfNoEntry: false })?.size ?? 0) / rowBytes),
    read(rows) {
      const data = new Float32Array(rows * dims);
      if (rows === 0) return { data, rows, dims };
      if (!existsSync(path)) throw tooFew(rows);
      const file = openSync(path, "r");
      try {
        const bytes = new Uint8Array(data.buffer);
        if (fstatSync(file).size < bytes.length) throw tooFew(rows);
        let done = 0;
        while (done < bytes.length)
          done += readSync(file, bytes, done, Math.min(CHUNK_BYTES, bytes.length - done), done);
      } finally {
        closeSync(file);
      }
      return { data, rows, dims };
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

  function tooFew(rows: number): AlbumenError {
    return new AlbumenError("CATALOG_CORRUPT", `${path} holds fewer than the ${rows} vectors it should.`, {
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
    read: (rows) => ({ data: data.slice(0, rows * dims), rows, dims }),
    count: () => data.length / dims,
  };
}
