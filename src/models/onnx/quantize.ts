/** Weights in fewer bits than the 32 that a network computes with. Pure. */

/** 8-bit weights: value = data x the scale of its row. */
export interface Quantized {
  readonly data: Int8Array;
  readonly scales: Float32Array;
}

/** -128 is left out, so that the range is as wide below 0 as above. */
const LARGEST = 127;

/** One scale a row of a row-major matrix, so that the largest magnitude of the row is 127; a row of zeros has the scale 1. */
export function quantizeRows(matrix: Float32Array, columns: number): Quantized {
  const rows = matrix.length / columns;
  const scales = new Float32Array(rows);
  const data = new Int8Array(matrix.length);
  for (let row = 0; row < rows; row++) {
    const [start, end] = [row * columns, (row + 1) * columns];
    let largest = 0;
    for (let i = start; i < end; i++) largest = Math.max(largest, Math.abs(matrix[i]!));
    scales[row] = largest === 0 ? 1 : largest / LARGEST;
    const scale = scales[row];
    for (let i = start; i < end; i++) data[i] = Math.round(matrix[i]! / scale);
  }
  return { data, scales };
}

/** IEEE 754 binary16 bits, rounded to nearest, ties to even; beyond 65,504 the infinities. */
export function toHalves(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) halves[i] = toHalf(bits[i]!);
  return halves;
}

function toHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65,520 and above round to infinity
  if (magnitude < 0x38800000) {
    // Below 2^-14 halves have a fixed step of 2^-24: adding 0.5 puts that step at the last bit of the sum's fraction.
    scratch.float[0] = 0.5;
    const half = scratch.bits[0]!;
    scratch.bits[0] = magnitude;
    scratch.float[0] = scratch.float[0] + 0.5;
    return sign | (scratch.bits[0] - half);
  }
  const rebased = magnitude - 0x38000000; // exponent bias 127 to 15
  return sign | ((rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13);
}

const buffer = new ArrayBuffer(4);
const scratch = { float: new Float32Array(buffer), bits: new Uint32Array(buffer) };
