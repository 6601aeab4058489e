/** Opens the WebAssembly kernel of wasm/rows.ts, which says what each function does, over a memory of the wanted size. Pure. */
import { ROWS_KERNEL } from "./rows-kernel.ts";

/** Addresses are in bytes; those of rows, scores and sums are multiples of 16. `count` is `paddedDims` of the rows. */
export interface RowKernel {
  readonly memory: WebAssembly.Memory;
  accumulate(sums: number, row: number, count: number, sign: 1 | -1): void;
  decide(
    rows: number,
    k: number,
    slack: number,
    scoresOf: number,
    worths: number,
    errors: number,
    rowOf: number,
    labels: number,
    leads: number,
    open: number,
    centroids: number,
    count: number,
  ): void;
  quantizeRows(
    bytes: number,
    dims: number,
    row: number,
    rows: number,
    count: number,
    steps: number,
    step: number,
    missing: number,
  ): void;
}

const PAGE_BYTES = 65_536;
let module: WebAssembly.Module | undefined;

export function openRowKernel(sizeBytes: number): RowKernel {
  module ??= new WebAssembly.Module(Uint8Array.from(atob(ROWS_KERNEL), (char) => char.charCodeAt(0)));
  const kernel = new WebAssembly.Instance(module).exports as unknown as RowKernel;
  const missing = sizeBytes - kernel.memory.buffer.byteLength;
  if (missing > 0) kernel.memory.grow(Math.ceil(missing / PAGE_BYTES));
  return kernel;
}

/** The kernel works in steps of 16 floats; a row is filled up with zeros. */
export function paddedDims(dims: number): number {
  return Math.ceil(dims / 16) * 16;
}

/** Copies rows to rows of `width`. */
export function copyPadded(from: Float32Array, dims: number, to: Float32Array, width: number): void {
  if (width === dims) to.set(from);
  else
    for (let at = 0, row = 0; at < from.length; at += dims, row++)
      to.set(from.subarray(at, at + dims), row * width);
}
