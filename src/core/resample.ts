/** From pixels of any size to a model's input, byte for byte as the original processors do. Pure. */
import { AlbumenError } from "../errors.ts";
import { RESAMPLE_KERNEL } from "./resample-kernel.ts";

/** Interleaved RGB, 8 bits a channel, EXIF orientation applied, alpha over white: `data[(y * width + x) * 3 + c]`. */
export interface DecodedImage {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** How a picture becomes the square that a model sees. */
export interface InputSpec {
  /** side of the square, px */
  readonly side: number;
  /**
   * centre-square: crop the centre square of the short side, then resize it;
   * shortest-edge: resize so that the short side is `resizeTo`, then crop the centre;
   * squash: resize both sides to `side`, whatever the shape.
   */
  readonly fit: "centre-square" | "shortest-edge" | "squash";
  /** short side before the crop, px; only for shortest-edge, else equal to `side` */
  readonly resizeTo: number;
  readonly filter: "bicubic" | "bilinear" | "lanczos";
}

export type ResampleFilter = InputSpec["filter"];

/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Resizes exactly as Pillow's `Image.resize(…, reducing_gap=None)` does on RGB: the same bytes, not just close ones.
 * Sides are >= 1 px.
 */
export function resizePillow(
  image: DecodedImage,
  width: number,
  height: number,
  filter: ResampleFilter,
): DecodedImage {
  assertSide(width);
  assertSide(height);
  return resample(
    image,
    axisTable(
      { from: 0, to: image.width, low: 0, high: image.width, scaledTo: width, first: 0, count: width },
      filter,
    ),
    axisTable(
      { from: 0, to: image.height, low: 0, high: image.height, scaledTo: height, first: 0, count: height },
      filter,
    ),
  );
}

/**
 * The square of `spec.side` px that the model sees.
 *
 * `original` is the picture's size before a decoder shrank it on load. The crop is placed in the original's
 * coordinates, because rounding it to the shrunk grid moves it by up to half a pixel of the result, which
 * costs more than the shrinking does (mean error 4.7 levels against 0.7 on a 12-megapixel test picture).
 * Without shrinking the result is Pillow's, byte for byte.
 */
export function fitImage(image: DecodedImage, spec: InputSpec, original: Size = image): DecodedImage {
  assertSide(spec.side);
  const { side, filter } = spec;
  const x = fitAxis(spec, original.width, original);
  const y = fitAxis(spec, original.height, original);
  return resample(
    image,
    axisTable(shrunk(x, image.width / original.width, image.width, side), filter),
    axisTable(shrunk(y, image.height / original.height, image.height, side), filter),
  );
}

/**
 * The size to which a decoder should shrink a picture on load before `fitImage`: the size itself when it is not
 * worth it. Shrinking leaves three times the short side that the model needs (at two, the mean error is twice as large),
 * and pays only where it at least halves the picture. A vector picture is drawn in that size, however small it says it is.
 */
export function decodeSize(spec: InputSpec, original: Size, isVector = false): Size {
  const short = spec.fit === "shortest-edge" ? spec.resizeTo : spec.side;
  const wanted = (SHRINK_MARGIN * short) / Math.min(original.width, original.height);
  const scale = isVector || wanted <= 0.5 ? wanted : 1;
  const scaled = (length: number) => Math.min(MAX_DECODED_SIDE, Math.max(1, Math.ceil(length * scale)));
  return { width: scaled(original.width), height: scaled(original.height) };
}

const SHRINK_MARGIN = 3; // mean error .26 levels, max 9 (at 2: .70, 20; at 4: .30, 8) on a 12-megapixel test picture
/** A strip of 1,000 x 200,000 px must not be held in full; only its long side shrinks, and `fitImage` allows for it. */
const MAX_DECODED_SIDE = 16_384;

/** One axis of a resize: the stretch [from, to) of the source becomes `scaledTo` px, of which `count` from `first` on are wanted. */
interface Axis {
  readonly from: number;
  readonly to: number;
  /** no pixel outside [low, high) is read */
  readonly low: number;
  readonly high: number;
  readonly scaledTo: number;
  readonly first: number;
  readonly count: number;
}

/** In the original's pixels. */
function fitAxis(spec: InputSpec, length: number, { width, height }: Size): Axis {
  const short = Math.min(width, height);
  const { side } = spec;
  if (spec.fit === "squash")
    return { from: 0, to: length, low: 0, high: length, scaledTo: side, first: 0, count: side };
  if (spec.fit === "centre-square") {
    const from = Math.floor((length - short) / 2);
    return { from, to: from + short, low: from, high: from + short, scaledTo: side, first: 0, count: side };
  }
  if (spec.resizeTo < side)
    throw new AlbumenError(
      "MODEL_INCOMPATIBLE",
      `A crop of ${side} px cannot be taken from a short side of ${spec.resizeTo} px.`,
    );
  const scaledTo = Math.trunc((spec.resizeTo * length) / short);
  const first = Math.floor((scaledTo - side) / 2);
  return { from: 0, to: length, low: 0, high: length, scaledTo, first, count: side };
}

function shrunk(axis: Axis, scale: number, length: number, count: number): Axis {
  if (scale === 1) return axis;
  const from = axis.from * scale;
  const to = axis.to * scale;
  return { ...axis, from, to, low: Math.floor(from), high: Math.min(length, Math.ceil(to)), count };
}

function assertSide(side: number): void {
  if (!Number.isInteger(side) || side < 1)
    throw new AlbumenError("MODEL_INCOMPATIBLE", `An image cannot be resized to a side of ${side} px.`);
}

/** Weights of every output pixel of one axis. */
interface AxisTable {
  readonly count: number;
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

function axisTable(axis: Axis, filter: ResampleFilter): AxisTable {
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
  return { count, low, high, starts, taps, weights, stride };
}

/** Across first, then down, 8 bits between the passes: the order and the rounding of Pillow. */
function resample(image: DecodedImage, x: AxisTable, y: AxisTable): DecodedImage {
  const rows = y.high - y.low;
  const sourceRowBytes = (x.high - x.low) * 3;
  const rowBytes = x.count * 3;
  const stripRows = Math.min(rows, Math.max(1, Math.floor(STRIP_BYTES / sourceRowBytes)));
  const { exports, arena } = takeKernel(
    tableBytes(x) +
      tableBytes(y) +
      sourceRowBytes * stripRows +
      rowBytes * (rows + y.count) +
      6 * SLACK_BYTES,
  );

  const across = placeTable(arena, x);
  const strip = arena.reserve(sourceRowBytes * stripRows);
  const between = arena.reserve(rowBytes * rows);
  for (let row = 0; row < rows; row += stripRows) {
    const n = Math.min(stripRows, rows - row);
    for (let r = 0; r < n; r++) {
      const from = ((y.low + row + r) * image.width + x.low) * 3;
      arena.bytes.set(image.data.subarray(from, from + sourceRowBytes), strip + r * sourceRowBytes);
    }
    exports.horizontal(strip, sourceRowBytes, n, ...across, x.count, between + row * rowBytes);
  }
  const down = placeTable(arena, y);
  const target = arena.reserve(rowBytes * y.count);
  exports.vertical(between, rowBytes, ...down, y.count, target);
  return { data: arena.bytes.slice(target, target + rowBytes * y.count), width: x.count, height: y.count };
}

// The loops themselves: wasm/resample.ts. In JavaScript they take 6.2 ms from 768 to 224 px, there 1.1 (bench/decode.ts).

/** Source rows are handed over in strips that stay in the second-level cache. */
const STRIP_BYTES = 256 * 1024;
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
