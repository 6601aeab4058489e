/**
 * The two passes of core/resample.ts in AssemblyScript with 128-bit SIMD: one output pixel (across) or eight bytes
 * (down) at a time. Integer sums wrap and commute, so the bytes are those of Pillow's scalar loops.
 * `node wasm/build.mjs` compiles it into src/core/resample-kernel.ts, which is committed.
 *
 * Reads run up to 8 bytes past the last pixel and writes up to 7: the caller leaves that room.
 */

/** Pillow's PRECISION_BITS: weights are in units of 2^-22. */
const PRECISION_BITS: i32 = 22;
const HALF: i32 = 1 << (PRECISION_BITS - 1);

/** RGB rows of `rowBytes` become RGB rows of `count` pixels. Tables are i32; `weights` has `stride` entries a pixel. */
export function horizontal(
  source: usize,
  rowBytes: usize,
  rows: i32,
  starts: usize,
  taps: usize,
  weights: usize,
  stride: usize,
  count: usize,
  target: usize,
): void {
  for (let y = 0; y < rows; y++) {
    for (let i: usize = 0; i < count; i++) {
      let pixel = source + <usize>load<u32>(starts + i * 4) * 3;
      let weight = weights + i * stride * 4;
      const end = weight + load<u32>(taps + i * 4) * 4;
      // Two sums, so that a multiplication need not wait for the one before it.
      let even = i32x4.splat(HALF);
      let odd = i32x4.splat(0);
      for (; weight + 4 < end; weight += 8) {
        even = i32x4.add(even, i32x4.mul(widen(v128.load32_zero(pixel)), v128.load32_splat(weight)));
        odd = i32x4.add(odd, i32x4.mul(widen(v128.load32_zero(pixel + 3)), v128.load32_splat(weight + 4)));
        pixel += 6;
      }
      if (weight < end)
        even = i32x4.add(even, i32x4.mul(widen(v128.load32_zero(pixel)), v128.load32_splat(weight)));
      const sum = i32x4.shr_s(i32x4.add(even, odd), PRECISION_BITS);
      const clipped = i16x8.narrow_i32x4_s(sum, sum);
      // The fourth byte is rubbish and lies where the next pixel goes.
      v128.store32_lane(target, i8x16.narrow_i16x8_u(clipped, clipped), 0);
      target += 3;
    }
    source += rowBytes;
  }
}

/** Rows of `rowBytes` become `count` rows of as many bytes. */
export function vertical(
  source: usize,
  rowBytes: usize,
  starts: usize,
  taps: usize,
  weights: usize,
  stride: usize,
  count: usize,
  target: usize,
): void {
  for (let i: usize = 0; i < count; i++) {
    const top = source + <usize>load<u32>(starts + i * 4) * rowBytes;
    const first = weights + i * stride * 4;
    const end = first + load<u32>(taps + i * 4) * 4;
    for (let x: usize = 0; x < rowBytes; x += 8) {
      let low = i32x4.splat(HALF);
      let high = low;
      let at = top + x;
      for (let weight = first; weight < end; weight += 4) {
        const bytes = i16x8.extend_low_i8x16_u(v128.load64_zero(at));
        const factor = v128.load32_splat(weight);
        low = i32x4.add(low, i32x4.mul(i32x4.extend_low_i16x8_u(bytes), factor));
        high = i32x4.add(high, i32x4.mul(i32x4.extend_high_i16x8_u(bytes), factor));
        at += rowBytes;
      }
      const clipped = i16x8.narrow_i32x4_s(
        i32x4.shr_s(low, PRECISION_BITS),
        i32x4.shr_s(high, PRECISION_BITS),
      );
      v128.store64_lane(target + x, i8x16.narrow_i16x8_u(clipped, clipped), 0);
    }
    target += rowBytes;
  }
}

/** Four bytes to four i32. */
function widen(bytes: v128): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes));
}
