/** Rows of unit vectors in one Float32Array, and the few operations on them that every stage needs. Pure. */
import { AlbumenError } from "../errors.ts";

/**
 * Row-major: component j of row i is `data[i * dims + j]`.
 * Rows have unit length unless said otherwise, so dot = cosine, in [-1, 1].
 */
export interface Vectors {
  readonly data: Float32Array;
  readonly rows: number;
  readonly dims: number;
}

/** Neighbours of each query, best first: entry j of query i is at `[i * k + j]`. */
export interface Neighbours {
  readonly k: number;
  readonly index: Int32Array;
  /** cosine, in [-1, 1] */
  readonly similarity: Float32Array;
}

export function makeVectors(data: Float32Array, dims: number): Vectors {
  if (dims < 1 || data.length % dims !== 0)
    throw new AlbumenError("VECTORS_INVALID", `${data.length} numbers cannot be rows of ${dims}.`);
  return { data, rows: data.length / dims, dims };
}

export function emptyVectors(dims: number): Vectors {
  return { data: new Float32Array(0), rows: 0, dims };
}

/** A view of row i; writing to it writes to the vectors. */
export function rowOf(vectors: Vectors, i: number): Float32Array {
  return vectors.data.subarray(i * vectors.dims, (i + 1) * vectors.dims);
}

/** A copy holding the given rows in the given order. */
export function takeRows(vectors: Vectors, rows: ArrayLike<number>): Vectors {
  const { dims } = vectors;
  const data = new Float32Array(rows.length * dims);
  for (let i = 0; i < rows.length; i++) data.set(rowOf(vectors, rows[i]!), i * dims);
  return { data, rows: rows.length, dims };
}

/** At most `most` of the places in a list, spread over all of it: images come ordered by similarity or by date. */
export function spreadOver(length: number, most: number): number[] {
  const count = Math.min(length, most);
  return Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * length) / count));
}

export function concatVectors(parts: readonly Vectors[], dims: number): Vectors {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const data = new Float32Array(rows * dims);
  let at = 0;
  for (const part of parts) {
    if (part.dims !== dims)
      throw new AlbumenError("VECTORS_INVALID", `Vectors of ${part.dims} dims cannot join ${dims}.`);
    data.set(part.data, at);
    at += part.data.length;
  }
  return { data, rows, dims };
}

export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j]! * b[j]!;
  return sum;
}

/** Scales each row to unit length in place; a zero row stays zero. */
export function normalizeRows(vectors: Vectors): Vectors {
  for (let i = 0; i < vectors.rows; i++) normalize(rowOf(vectors, i));
  return vectors;
}

/** Scales to unit length in place; zero stays zero. */
export function normalize(row: Float32Array): Float32Array {
  let sum = 0;
  for (let j = 0; j < row.length; j++) sum += row[j]! * row[j]!;
  if (sum > 0) {
    const scale = 1 / Math.sqrt(sum);
    for (let j = 0; j < row.length; j++) row[j]! *= scale;
  }
  return row;
}

/** The mean of the given rows (all when omitted), not normalised. Summed in float64. */
export function meanOf(vectors: Vectors, rows?: ArrayLike<number>): Float32Array {
  const { dims } = vectors;
  const sum = new Float64Array(dims);
  const count = rows ? rows.length : vectors.rows;
  for (let i = 0; i < count; i++) {
    const at = (rows ? rows[i]! : i) * dims;
    for (let j = 0; j < dims; j++) sum[j]! += vectors.data[at + j]!;
  }
  const mean = new Float32Array(dims);
  if (count > 0) for (let j = 0; j < dims; j++) mean[j] = sum[j]! / count;
  return mean;
}

/** Refuses NaN and infinite components, naming the row. */
export function assertFinite(vectors: Vectors): void {
  for (let i = 0; i < vectors.data.length; i++)
    if (!Number.isFinite(vectors.data[i]!))
      throw new AlbumenError(
        "VECTORS_INVALID",
        `Row ${Math.floor(i / vectors.dims)} has a component that is not a finite number.`,
      );
}
