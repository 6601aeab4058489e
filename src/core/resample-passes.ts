/** Pillow's two resampling passes: weights in fixed point, and the loops over pixels in WebAssembly (wasm/resample.ts). Pure. */
import { RESAMPLE_KERNEL } from "./resample-kernel.ts";

export type ResampleFilter = "bicubic" | "bilinear" | "lanczos";

/** One axis of a resize: the stretch [from, to) of the source becomes `scaledTo` px, of which `count` from `first` on are wanted. */
export interface Axis {
  readonly from: number;
  readonly to: number;
  /** no pixel outside [low, high) is read */
  readonly low: number;
  readonly high: number;
  readonly scaledTo: number;
  readonly first: number;
  readonly count: number;
}

/** Weights of every output pixel of one axis. */
export interface AxisTable {
  readonly count: number;
  /** length of the source less that of the result, px; negative in enlargement */
  readonly removed: number;
  /** the source pixels that any output pixel reads: [low, high) */
  readonly low: number;
  readonly high: number;
  /** first source pixel of each output pixel, counted from `low` */
  readonly starts: Int32Array;
  /** number of source pixels of each output pixel */
  readonly taps: Int32Array;
  /** weights of output pixel i at `[i * stride]`, in units of 2^-22 */
  readonly weights: Int32Array;
  readonly stride: number;
}

/** Pillow's: 32 bits less 8 of a pixel less 2 for what negative lobes overshoot. */
const PRECISION_BITS = 22;

const SUPPORT: Record<ResampleFilter, number> = { bilinear: 1, bicubic: 2, lanczos: 3 };

function kernelValue(filter: ResampleFilter, distance: number): number {
  const x = Math.abs(distance);
  if (filter === "bilinear") return x < 1 ? 1 - x : 0;
  if (filter === "bicubic") {
    const a = -0.5; // Catmull-Rom, as in Pillow; OpenCV and Photoshop use -0.75
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
  }
  return distance >= -3 && distance < 3 ? sinc(distance) * sinc(distance / 3) : 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

/** A folder tends to hold few different sizes; a table is about 20 kB. */
const MAX_TABLES = 128;
const tables = new Map<string, AxisTable>();

export function axisTable(axis: Axis, filter: ResampleFilter): AxisTable {
  const { from, to, low, high, scaledTo, first, count } = axis;
  const key = [filter, from, to, low, high, scaledTo, first, count].join(" ");
  let table = tables.get(key);
  if (!table) {
    table = makeAxisTable(axis, filter);
    if (tables.size >= MAX_TABLES) tables.delete(tables.keys().next().value!);
    tables.set(key, table);
  }
  return table;
}

/** `precompute_coeffs` and `normalize_coeffs_8bpc` of Pillow's Resample.c, in their order of operations. */
function makeAxisTable(axis: Axis, filter: ResampleFilter): AxisTable {
  const { from, to, count } = axis;
  const scale = (to - from) / axis.scaledTo;
  const filterScale = Math.max(scale, 1);
  const support = SUPPORT[filter] * filterScale;
  const stride = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(count);
  const taps = new Int32Array(count);
  const weights = new Int32Array(count * stride);
  const row = new Float64Array(stride);
  const inverse = 1 / filterScale;
  let low = axis.high;
  let high = axis.low;
  for (let i = 0; i < count; i++) {
    const center = from + (axis.first + i + 0.5) * scale;
    const start = Math.max(axis.low, Math.trunc(center - support + 0.5));
    const end = Math.min(axis.high, Math.trunc(center + support + 0.5));
    let sum = 0;
    for (let x = start; x < end; x++)
      sum += row[x - start] = kernelValue(filter, (x - center + 0.5) * inverse);
    for (let j = 0; j < end - start; j++) {
      const weight = (row[j]! / sum) * (1 << PRECISION_BITS);
      weights[i * stride + j] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    starts[i] = start;
    taps[i] = end - start;
    low = Math.min(low, start);
    high = Math.max(high, end);
  }
  for (let i = 0; i < count; i++) starts[i]! -= low;
  return { count, removed: to - from - axis.scaledTo, low, high, starts, taps, weights, stride };
}

/**
 * The picture (interleaved RGB, rows of `width` px) under both tables: `x.count * y.count` pixels.
 * The passes round to 8 bits each, so their order shows. Across goes first, but down does where it removes more than twice
 * as many pixels as across: so Pillow 13.0 behaves (found by comparing it with both orders at
 * 58 sizes; 12.0 always goes across first).
 */
export function resample(data: Uint8Array, width: number, x: AxisTable, y: AxisTable): Uint8Array {
  const columns = x.high - x.low;
  const rows = y.high - y.low;
  const isDownFirst = y.removed > 0 && y.removed > 2 * x.removed;
  const betweenBytes = 3 * (isDownFirst ? columns * y.count : x.count * rows);
  const targetBytes = 3 * x.count * y.count;
  const { exports, arena } = takeKernel(
    tableBytes(x) + tableBytes(y) + 3 * columns * rows + betweenBytes + targetBytes + 6 * SLACK_BYTES,
  );
  const across = placeTable(arena, x);
  const down = placeTable(arena, y);
  const source = arena.reserve(3 * columns * rows);
  const between = arena.reserve(betweenBytes);
  const target = arena.reserve(targetBytes);
  for (let row = 0; row < rows; row++) {
    const from = 3 * ((y.low + row) * width + x.low);
    arena.bytes.set(data.subarray(from, from + 3 * columns), source + 3 * columns * row);
  }
  if (isDownFirst) {
    exports.vertical(source, 3 * columns, ...down, y.count, between);
    exports.horizontal(between, 3 * columns, y.count, ...across, x.count, target);
  } else {
    exports.horizontal(source, 3 * columns, rows, ...across, x.count, between);
    exports.vertical(between, 3 * x.count, ...down, y.count, target);
  }
  return arena.bytes.slice(target, target + targetBytes);
}

/** Room after each block for the vector loads and stores that run past its end. */
const SLACK_BYTES = 16;
/** A larger memory is let go after use: WebAssembly's never shrinks. */
const KEPT_BYTES = 64 * 1024 * 1024;
const PAGE_BYTES = 65_536;

interface KernelExports {
  readonly memory: WebAssembly.Memory;
  horizontal(
    source: number,
    rowBytes: number,
    rows: number,
    starts: number,
    taps: number,
    weights: number,
    stride: number,
    count: number,
    target: number,
  ): void;
  vertical(
    source: number,
    rowBytes: number,
    starts: number,
    taps: number,
    weights: number,
    stride: number,
    count: number,
    target: number,
  ): void;
}

/** The kernel's memory, handed out front to back, afresh for each image. */
interface Arena {
  readonly bytes: Uint8Array;
  /** the address of `size` bytes, aligned to 16 */
  reserve(size: number): number;
}

let module: WebAssembly.Module | undefined;
let kernel: KernelExports | undefined;

function takeKernel(neededBytes: number): { exports: KernelExports; arena: Arena } {
  module ??= new WebAssembly.Module(Uint8Array.from(atob(RESAMPLE_KERNEL), (char) => char.charCodeAt(0)));
  const exports = (kernel ??= new WebAssembly.Instance(module).exports as unknown as KernelExports);
  const missing = neededBytes - exports.memory.buffer.byteLength;
  if (missing > 0) exports.memory.grow(Math.ceil(missing / PAGE_BYTES));
  const bytes = new Uint8Array(exports.memory.buffer);
  if (bytes.length > KEPT_BYTES) kernel = undefined;
  let next = 0;
  const reserve = (size: number) => {
    const address = next;
    next = Math.ceil((next + size) / SLACK_BYTES + 1) * SLACK_BYTES;
    return address;
  };
  return { exports, arena: { bytes, reserve } };
}

function tableBytes(table: AxisTable): number {
  return 4 * (2 * table.count + table.weights.length) + 6 * SLACK_BYTES;
}

/** Addresses of starts, taps and weights, and the stride: as the kernel takes them. */
function placeTable(arena: Arena, table: AxisTable): [number, number, number, number] {
  const place = (values: Int32Array) => {
    const address = arena.reserve(values.byteLength);
    new Int32Array(arena.bytes.buffer, address, values.length).set(values);
    return address;
  };
  return [place(table.starts), place(table.taps), place(table.weights), table.stride];
}
