/**
 * The arithmetic on single rows that k-means needs between two multiplications, in AssemblyScript with 128-bit SIMD.
 * `node wasm/build.mjs` compiles it into src/core/cluster/rows-kernel.ts, which is committed.
 *
 * Rows are float32, `count` of them: a multiple of 16, filled up with zeros. Addresses are multiples of 16.
 */

/** Stands for a score that is out of the race; lower than any. */
const OUT = i32.MIN_VALUE;

/** The dot product, in four sums of four lanes, so that an addition need not wait for the one before it. */
function dot(a: usize, b: usize, count: usize): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  const end = a + count * 4;
  for (; a < end; a += 64) {
    s0 = f32x4.add(s0, f32x4.mul(v128.load(a), v128.load(b)));
    s1 = f32x4.add(s1, f32x4.mul(v128.load(a, 16), v128.load(b, 16)));
    s2 = f32x4.add(s2, f32x4.mul(v128.load(a, 32), v128.load(b, 32)));
    s3 = f32x4.add(s3, f32x4.mul(v128.load(a, 48), v128.load(b, 48)));
    b += 64;
  }
  return sumOf(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}

/** sums += sign · row, in float64 */
export function accumulate(sums: usize, row: usize, count: usize, sign: f64): void {
  const factor = f64x2.splat(sign);
  const end = row + count * 4;
  for (; row < end; row += 16) {
    const four = v128.load(row);
    const low = f64x2.promote_low_f32x4(four);
    const high = f64x2.promote_low_f32x4(
      i8x16.shuffle(four, four, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15),
    );
    v128.store(sums, f64x2.add(v128.load(sums), f64x2.mul(low, factor)));
    v128.store(sums, f64x2.add(v128.load(sums, 16), f64x2.mul(high, factor)), 16);
    sums += 32;
  }
}

/**
 * The nearest centroid of each row of a block: known from coarse scores with all `k` centroids where they lie far enough
 * apart, else by scoring those in float32 that could still be nearest.
 *
 * Tables of one entry a row:
 * @param scoresOf u32: where its scores are (i32, a piece of `k`; overwritten)
 * @param worths f64: what 1 is worth in its scores
 * @param errors f64: with any centroid the true score is within this of the coarse one
 * @param rowOf u32: where the row is
 * @param labels u32, in: the centroid that is probably nearest; out: the nearest
 * @param leads f64, out: by how much every other centroid scores less, at least; at or below 0 it is a tie
 * @param open u32, room for one entry more: the numbers of the rows that have to be scored in float32
 * @param slack what differences of two float32 scores may be off by
 */
export function decide(
  rows: usize,
  k: usize,
  slack: f64,
  scoresOf: usize,
  worths: usize,
  errors: usize,
  rowOf: usize,
  labels: usize,
  leads: usize,
  open: usize,
  centroids: usize,
  count: usize,
): void {
  let openEnd = open;
  for (let i: usize = 0; i < rows; i++) {
    const scores = <usize>load<u32>(scoresOf + i * 4);
    const end = scores + k * 4;
    let nearest = scores + <usize>load<u32>(labels + i * 4) * 4;
    let highest = takeOut(nearest);
    let others = highestOf(scores, end);
    if (others > highest) {
      store<i32>(nearest, highest);
      nearest = find(scores, others);
      highest = takeOut(nearest);
      others = highestOf(scores, end);
      store<u32>(labels + i * 4, <u32>((nearest - scores) >> 2));
    }
    const ahead = <f64>highest - <f64>others;
    const lead = ahead * load<f64>(worths + i * 8) - 2 * load<f64>(errors + i * 8) - slack;
    store<f64>(leads + i * 8, lead);
    if (lead <= 0) {
      store<u32>(openEnd, <u32>i);
      openEnd += 4;
    }
  }
  for (let at = open; at < openEnd; at += 4) {
    const i = <usize>load<u32>(at);
    // Rows lie far apart in memory: the next one is on its way while this one is scored.
    if (at + 4 < openEnd)
      store<i32>(openEnd, touch(<usize>load<u32>(rowOf + <usize>load<u32>(at + 4) * 4), count));
    decideFinely(
      <usize>load<u32>(scoresOf + i * 4),
      k,
      load<f64>(worths + i * 8),
      load<f64>(errors + i * 8),
      slack,
      <usize>load<u32>(rowOf + i * 4),
      labels + i * 4,
      leads + i * 8,
      centroids,
      count,
    );
  }
}

/** Of one row, the score of whose label is out of the race already. */
function decideFinely(
  scores: usize,
  k: usize,
  worth: f64,
  error: f64,
  slack: f64,
  row: usize,
  label: usize,
  lead: usize,
  centroids: usize,
  count: usize,
): void {
  const end = scores + k * 4;
  const byteLength = count * 4;
  let first = dot(row, centroids + <usize>load<u32>(label) * byteLength, count);
  let second: f64 = -Infinity;
  // A centroid with a lower coarse score than this scores less than the first by more than the slack.
  const floor = <i32>max(<f64>OUT + 1, Math.floor((<f64>first - slack - error) / worth));
  const floors = i32x4.splat(floor);
  let missed = i32x4.splat(OUT);
  let at = scores;
  while (at < end) {
    if (at + 16 <= end) {
      const four = v128.load(at);
      if (!v128.any_true(i32x4.ge_s(four, floors))) {
        missed = i32x4.max_s(missed, four);
        at += 16;
        continue;
      }
    }
    const last = min(at + 16, end);
    for (; at < last; at += 4) {
      const value = load<i32>(at);
      if (value < floor) {
        missed = i32x4.max_s(missed, i32x4.splat(value));
        continue;
      }
      const c = (at - scores) >> 2;
      const score = dot(row, centroids + c * byteLength, count);
      second = max(second, <f64>min(first, score));
      if (score > first) {
        first = score;
        store<u32>(label, <u32>c);
      }
    }
  }
  const most = highestLane(missed);
  if (most != OUT) second = max(second, <f64>most * worth + error);
  store<f64>(lead, <f64>first - second - slack);
}

/** Reads a byte of each cache line. Their sum has to go somewhere, or nothing would be read. */
function touch(row: usize, count: usize): i32 {
  let sum: i32 = 0;
  for (let at = row; at < row + count * 4; at += 64) sum += <i32>load<u8>(at);
  return sum;
}

function takeOut(at: usize): i32 {
  const score = load<i32>(at);
  store<i32>(at, OUT);
  return score;
}

function highestOf(from: usize, end: usize): i32 {
  let a = i32x4.splat(OUT);
  let b = a;
  for (; from + 32 <= end; from += 32) {
    a = i32x4.max_s(a, v128.load(from));
    b = i32x4.max_s(b, v128.load(from, 16));
  }
  let highest = highestLane(i32x4.max_s(a, b));
  for (; from < end; from += 4) highest = max(highest, load<i32>(from));
  return highest;
}

function highestLane(x: v128): i32 {
  return max(
    max(i32x4.extract_lane(x, 0), i32x4.extract_lane(x, 1)),
    max(i32x4.extract_lane(x, 2), i32x4.extract_lane(x, 3)),
  );
}

/** Where the score is, which must be there. */
function find(from: usize, score: i32): usize {
  while (load<i32>(from) != score) from += 4;
  return from;
}

/** Bytes of `rows` rows, see `quantize`; a row's step is its peak / `steps`, what is missing comes squared. */
export function quantizeRows(
  bytes: usize,
  dims: usize,
  row: usize,
  rows: usize,
  count: usize,
  steps: f32,
  step: usize,
  missing: usize,
): void {
  for (let i: usize = 0; i < rows; i++) {
    // So that a row of zeros can be divided by its peak.
    const worth = max(peak(row, count), <f32>1e-30) / steps;
    store<f32>(step + i * 4, worth);
    store<f32>(missing + i * 4, quantize(bytes, row, count, worth));
    bytes += dims;
    row += count * 4;
  }
}

/** The largest absolute value of a row. */
function peak(row: usize, count: usize): f32 {
  let most = f32x4.splat(0);
  const end = row + count * 4;
  for (; row < end; row += 16) most = f32x4.max(most, f32x4.abs(v128.load(row)));
  return max(
    max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
    max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)),
  );
}

/**
 * Bytes of a row: 128 plus the nearest whole number of steps, within [-127, 127].
 * Returns Σ (x - what its byte stands for)².
 */
function quantize(bytes: usize, row: usize, count: usize, step: f32): f32 {
  const scale = f32x4.splat(step);
  const inverse = f32x4.splat(1 / step);
  const middle = i8x16.splat(-128);
  let missing = f32x4.splat(0);
  const end = row + count * 4;
  for (; row < end; row += 64) {
    const a = f32x4.nearest(f32x4.mul(v128.load(row), inverse));
    const b = f32x4.nearest(f32x4.mul(v128.load(row, 16), inverse));
    const c = f32x4.nearest(f32x4.mul(v128.load(row, 32), inverse));
    const d = f32x4.nearest(f32x4.mul(v128.load(row, 48), inverse));
    missing = f32x4.add(missing, squareOf(f32x4.sub(v128.load(row), f32x4.mul(a, scale))));
    missing = f32x4.add(missing, squareOf(f32x4.sub(v128.load(row, 16), f32x4.mul(b, scale))));
    missing = f32x4.add(missing, squareOf(f32x4.sub(v128.load(row, 32), f32x4.mul(c, scale))));
    missing = f32x4.add(missing, squareOf(f32x4.sub(v128.load(row, 48), f32x4.mul(d, scale))));
    const low = i16x8.narrow_i32x4_s(i32x4.trunc_sat_f32x4_s(a), i32x4.trunc_sat_f32x4_s(b));
    const high = i16x8.narrow_i32x4_s(i32x4.trunc_sat_f32x4_s(c), i32x4.trunc_sat_f32x4_s(d));
    v128.store(bytes, v128.xor(i8x16.narrow_i16x8_s(low, high), middle));
    bytes += 16;
  }
  return sumOf(missing);
}

function squareOf(x: v128): v128 {
  return f32x4.mul(x, x);
}

function sumOf(x: v128): f32 {
  return (
    f32x4.extract_lane(x, 0) +
    f32x4.extract_lane(x, 1) +
    (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3))
  );
}
