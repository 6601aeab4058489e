/** What every Matrix backend checks and how it cuts rows into blocks. */
import { AlbumenError } from "../../errors.ts";
import type { Vectors } from "../../core/vectors.ts";

/** Refuses vectors of different spaces, and an empty right side when there is something to compare with it. */
export function assertComparable(left: Vectors, right: Vectors): void {
  if (left.dims !== right.dims)
    throw new AlbumenError(
      "VECTORS_INVALID",
      `Vectors of ${left.dims} dims cannot be compared with vectors of ${right.dims}.`,
    );
  if (left.rows > 0 && right.rows === 0)
    throw new AlbumenError("VECTORS_INVALID", `${left.rows} vectors have nothing to be compared with.`);
}

/** Rows `start..end` as a view, no copy. */
export function rowBlock(vectors: Vectors, start: number, end: number): Vectors {
  return {
    data: vectors.data.subarray(start * vectors.dims, end * vectors.dims),
    rows: end - start,
    dims: vectors.dims,
  };
}
