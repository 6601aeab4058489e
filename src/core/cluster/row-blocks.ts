/** Hands chosen rows to a kernel in blocks, without copying where they lie close together. Pure. */

export interface RowBlock<T> {
  /** rows one after the other, at most `SPARE` times the wanted ones */
  readonly data: T;
  readonly rows: number;
  /** the row of the block at which the i-th wanted row is */
  positionOf(i: number): number;
}

// Copying a row costs about as much as comparing half a row: a third of unwanted rows may come along.
export const SPARE = 1.5;

/** @param wanted ascending */
export function rowBlock<T extends Float32Array | Uint8Array>(
  data: T,
  dims: number,
  wanted: Int32Array,
): RowBlock<T> {
  const rows = wanted.length;
  const first = wanted[0];
  const span = wanted[rows - 1] - first + 1;
  if (span <= SPARE * rows)
    return {
      data: data.subarray(first * dims, (first + span) * dims) as T,
      rows: span,
      positionOf: (i) => wanted[i] - first,
    };
  const copy = new (data.constructor as new (length: number) => T)(rows * dims);
  for (let i = 0; i < rows; i++) copy.set(data.subarray(wanted[i] * dims, (wanted[i] + 1) * dims), i * dims);
  return { data: copy, rows, positionOf: (i) => i };
}
