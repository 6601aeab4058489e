/** Comparing rows in bytes: three times as fast as float32 where the processor multiplies bytes, and a known error. */
import * as ort from "../../models/onnxruntime.ts";
import { throwIfAborted } from "../../errors.ts";
import type { Screen } from "../../core/cluster/kernels.ts";
import { rowBlock } from "../../core/cluster/row-blocks.ts";
import { copyPadded, openRowKernel, paddedDims } from "../../core/cluster/row-kernel.ts";
import type { Vectors } from "../../core/vectors.ts";
import type { Call } from "../../ports/call.ts";
import { assertComparable } from "./blocks.ts";
import { int32Of } from "./outputs.ts";

// A byte is one of 127 steps to either side of the middle.
const STEPS = 127;
const MIDDLE = 128;
// 4 MiB of scores a call, and long enough calls: 23 ms against 39 with half of it (n=100k, d=512, 256 centroids).
const MOST_SCORES = 2 ** 20;
const BLOCK_ROWS = { least: 256, most: 4096 };
// float32 rounding in the making of steps, gaps and scores, all below 2 and few: generous.
const ROUNDING = 1e-6;
// Points are unit rows but for rounding.
const LONGEST_POINT = 1.001;
// So that centroids of zeros can be divided by their peak.
const LEAST_PEAK = 1e-30;

/**
 * With x̂, ĉ what the bytes of x and c stand for, |x·c - x̂·ĉ| <= |x - x̂| |c| + |x̂| |c - ĉ| (Cauchy and Schwarz), and
 * all four lengths are known. x̂·ĉ itself is a sum of integers, so exact.
 *
 * Holds the points a second time in a quarter of their size.
 */
export function createScreen(
  points: Vectors,
  centroidCount: number,
  session: ort.InferenceSession,
  call: Call,
): Screen {
  const bytes = bytesOf(points, call);
  const middle = new ort.Tensor("uint8", Uint8Array.of(MIDDLE), []);
  const { least, most } = BLOCK_ROWS;
  return {
    maxRows: Math.max(least, Math.min(most, Math.floor(MOST_SCORES / centroidCount))),
    against(centroids) {
      assertComparable(points, centroids);
      const k = centroids.rows;
      const columns = columnsOf(centroids);
      return {
        async score(rows, into) {
          throwIfAborted(call.signal);
          const block = rowBlock(bytes.data, bytes.dims, rows);
          const left = new ort.Tensor("uint8", block.data, [block.rows, bytes.dims]);
          const product = new ort.Tensor("int32", into.subarray(0, block.rows * k), [block.rows, k]);
          await session.run({ left, right: columns.tensor, middle }, { product });
          return {
            startOf: (i) => block.positionOf(i) * k,
            worthOf: (i) => bytes.step[rows[i]] * columns.step,
            errorOf(i) {
              const gap = bytes.gap[rows[i]];
              return gap * columns.longest + (LONGEST_POINT + gap) * columns.gap + ROUNDING;
            },
          };
        },
      };
    },
  };
}

/** Rows as bytes: row x stands for x̂ = step · (byte - 128). */
interface ByteRows {
  readonly data: Uint8Array;
  readonly dims: number;
  readonly step: Float32Array;
  /** at least |x - x̂| */
  readonly gap: Float32Array;
}

const QUANTIZED_AT_ONCE = 256;

function bytesOf({ data, rows, dims }: Vectors, call: Call): ByteRows {
  const width = paddedDims(dims);
  const block = Math.min(rows, QUANTIZED_AT_ONCE);
  const bytesAt = 4 * width * block;
  // The kernel writes whole rows of `width`, so the last one runs over its end.
  const stepAt = bytesAt + Math.ceil((block * dims + width) / 16) * 16;
  const missingAt = stepAt + 4 * block;
  const kernel = openRowKernel(missingAt + 4 * block);
  const { buffer } = kernel.memory;
  const staged = new Float32Array(buffer, 0, width * block);
  const bytes = new Uint8Array(rows * dims);
  const step = new Float32Array(rows);
  const gap = new Float32Array(rows);
  for (let from = 0; from < rows; from += block) {
    throwIfAborted(call.signal);
    const count = Math.min(block, rows - from);
    copyPadded(data.subarray(from * dims, (from + count) * dims), dims, staged, width);
    kernel.quantizeRows(bytesAt, dims, 0, count, width, STEPS, stepAt, missingAt);
    bytes.set(new Uint8Array(buffer, bytesAt, count * dims), from * dims);
    step.set(new Float32Array(buffer, stepAt, count), from);
    // The kernel sums in float32: a thousandth covers its rounding.
    gap.set(
      new Float32Array(buffer, missingAt, count).map((squared) => 1.001 * Math.sqrt(squared)),
      from,
    );
  }
  return { data: bytes, dims, step, gap };
}

interface Columns {
  /** one column a centroid */
  readonly tensor: ort.Tensor;
  /** what one level is worth, the same for all so that their products can be compared */
  readonly step: number;
  /** the largest |c - ĉ| and |c| */
  readonly gap: number;
  readonly longest: number;
}

function columnsOf({ data, rows, dims }: Vectors): Columns {
  let peak = LEAST_PEAK;
  for (let at = 0; at < data.length; at++) peak = Math.max(peak, Math.abs(data[at]));
  const step = peak / STEPS;
  const columns = new Int8Array(dims * rows);
  let gap = 0;
  let longest = 0;
  for (let c = 0; c < rows; c++) {
    let missing = 0;
    let squares = 0;
    for (let j = 0; j < dims; j++) {
      const x = data[c * dims + j];
      const level = Math.round(x / step);
      columns[j * rows + c] = level;
      missing += (x - level * step) ** 2;
      squares += x * x;
    }
    gap = Math.max(gap, Math.sqrt(missing));
    longest = Math.max(longest, Math.sqrt(squares));
  }
  return { tensor: new ort.Tensor("int8", columns, [dims, rows]), step, gap, longest };
}

/**
 * Whether sums of byte products come out right at the extremes. Without VNNI, x86 adds pairs of them in 16 bits, which
 * overflow: 2 · 255 · 127 > 2¹⁵ - 1. Where they do not, bytes are no faster either.
 */
export async function multipliesBytesExactly(session: ort.InferenceSession): Promise<boolean> {
  const dims = 64;
  const rows = 16;
  const columns = 32;
  const found = await session.run({
    left: new ort.Tensor("uint8", new Uint8Array(rows * dims).fill(255), [rows, dims]),
    right: new ort.Tensor(
      "int8",
      Int8Array.from({ length: columns * dims }, (_, i) => (i % 2 ? STEPS : -STEPS)),
      [dims, columns],
    ),
    middle: new ort.Tensor("uint8", Uint8Array.of(0), []),
  });
  const most = dims * 255 * STEPS;
  return int32Of(found["product"]).every((sum, i) => sum === (i % 2 ? most : -most));
}
