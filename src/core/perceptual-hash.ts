/** What pixels say of a picture without any model: a hash that survives re-encoding, how sharp it is, how well exposed. Pure. */
import type { DecodedImage } from "./resample.ts";

/** Luma, row-major: `data[y * width + x]`, 0..255. */
export interface Grey {
  readonly data: Float32Array;
  readonly width: number;
  readonly height: number;
}

/** Side of the square that is hashed, and of the block of low frequencies that is kept, px. */
const HASHED_SIDE = 32;
const KEPT_SIDE = 8;
const KEPT = KEPT_SIDE * KEPT_SIDE;

/** Each pixel the mean of the area that it covers, rounded; never enlarged. Aspect is the caller's to keep. */
export function shrinkByArea(
  { data, width: w, height: h }: DecodedImage,
  width: number,
  height: number,
): DecodedImage {
  const [toWidth, toHeight] = [Math.min(w, width), Math.min(h, height)];
  const shrunk = new Uint8Array(toWidth * toHeight * 3);
  const columns = edges(w, toWidth);
  const rows = edges(h, toHeight);
  for (let y = 0, to = 0; y < toHeight; y++)
    for (let x = 0; x < toWidth; x++, to += 3) {
      const [top, bottom] = [rows[2 * y]!, rows[2 * y + 1]!];
      const [left, right] = [columns[2 * x]!, columns[2 * x + 1]!];
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let row = top; row < bottom; row++)
        for (let at = (row * w + left) * 3, end = (row * w + right) * 3; at < end; at += 3) {
          red += data[at]!;
          green += data[at + 1]!;
          blue += data[at + 2]!;
        }
      const count = (bottom - top) * (right - left);
      shrunk[to] = red / count + 0.5;
      shrunk[to + 1] = green / count + 0.5;
      shrunk[to + 2] = blue / count + 0.5;
    }
  return { data: shrunk, width: toWidth, height: toHeight };
}

/** Rec. 601 luma. */
export function greyOf({ data, width, height }: DecodedImage): Grey {
  const grey = new Float32Array(width * height);
  for (let i = 0, at = 0; i < grey.length; i++, at += 3)
    grey[i] = 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
  return { data: grey, width, height };
}

/** Each pixel the mean of the area that it covers; enlarging repeats pixels. */
export function resizeGrey({ data, width: w, height: h }: Grey, width: number, height: number): Grey {
  const resized = new Float32Array(width * height);
  const columns = edges(w, width);
  const rows = edges(h, height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [top, bottom] = [rows[2 * y]!, rows[2 * y + 1]!];
      const [left, right] = [columns[2 * x]!, columns[2 * x + 1]!];
      let sum = 0;
      for (let row = top; row < bottom; row++)
        for (let at = row * w + left, end = row * w + right; at < end; at++) sum += data[at]!;
      resized[y * width + x] = sum / ((bottom - top) * (right - left));
    }
  return { data: resized, width, height };
}

/** First and one-past-last pixel of each of `parts` spans over `length`, never empty. */
function edges(length: number, parts: number): Int32Array {
  const spans = new Int32Array(2 * parts);
  for (let i = 0; i < parts; i++) {
    const from = Math.min(length - 1, Math.floor((i * length) / parts));
    spans[2 * i] = from;
    spans[2 * i + 1] = Math.max(from + 1, Math.floor(((i + 1) * length) / parts));
  }
  return spans;
}

/** DCT-II basis: `COSINES[u * HASHED_SIDE + x]`. */
const COSINES = Float64Array.from({ length: KEPT_SIDE * HASHED_SIDE }, (_, i) => {
  const [u, x] = [Math.floor(i / HASHED_SIDE), i % HASHED_SIDE];
  return Math.cos(((2 * x + 1) * u * Math.PI) / (2 * HASHED_SIDE));
});

/**
 * 64 bits as 16 hexadecimal digits: which of the 8 x 8 lowest frequencies of the 32 x 32 luma lie above their median
 * (Zauner 2010, "Implementation and Benchmarking of Perceptual Image Hash Functions", section 3.2.2). Pictures that look
 * alike differ in few bits; unrelated ones in about 32.
 */
export function perceptualHash(grey: Grey): string {
  const { data } = resizeGrey(grey, HASHED_SIDE, HASHED_SIDE);
  const rows = new Float64Array(HASHED_SIDE * KEPT_SIDE); // [y][u]
  for (let y = 0; y < HASHED_SIDE; y++)
    for (let u = 0; u < KEPT_SIDE; u++) {
      let sum = 0;
      for (let x = 0; x < HASHED_SIDE; x++) sum += data[y * HASHED_SIDE + x]! * COSINES[u * HASHED_SIDE + x]!;
      rows[y * KEPT_SIDE + u] = sum;
    }
  const kept = new Float64Array(KEPT); // [v][u]
  for (let v = 0; v < KEPT_SIDE; v++)
    for (let u = 0; u < KEPT_SIDE; u++) {
      let sum = 0;
      for (let y = 0; y < HASHED_SIDE; y++) sum += rows[y * KEPT_SIDE + u]! * COSINES[v * HASHED_SIDE + y]!;
      kept[v * KEPT_SIDE + u] = sum;
    }
  // The first is the mean brightness, far above all others; the median leaves it out.
  const sorted = kept.slice(1).sort();
  const median = sorted[sorted.length >> 1]!;
  let hash = "";
  for (let i = 0; i < KEPT; i += 4) {
    let digit = 0;
    for (let bit = 0; bit < 4; bit++) digit = digit * 2 + (kept[i + bit]! > median ? 1 : 0);
    hash += digit.toString(16);
  }
  return hash;
}

const BITS_OF_DIGIT = [0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4];

/** Bits in which two hashes differ, 0..64. */
export function hashDistance(a: string, b: string): number {
  let bits = 0;
  for (let i = 0; i < a.length; i++)
    bits += BITS_OF_DIGIT[Number.parseInt(a[i]!, 16) ^ Number.parseInt(b[i]!, 16)]!;
  return bits;
}

/**
 * Variance of the Laplacian of the luma, >= 0; the larger, the sharper (Pech-Pacheco et al. 2000,
 * "Diatom autofocusing in brightfield microscopy"). To be compared between shots of one scene, at one
 * size, only.
 */
export function sharpness({ data, width, height }: Grey): number {
  let sum = 0;
  let squares = 0;
  for (let y = 1; y < height - 1; y++)
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      const laplacian = data[at - 1]! + data[at + 1]! + data[at - width]! + data[at + width]! - 4 * data[at]!;
      sum += laplacian;
      squares += laplacian * laplacian;
    }
  const count = (width - 2) * (height - 2);
  return width < 3 || height < 3 ? 0 : squares / count - (sum / count) ** 2;
}

/**
 * How near the pixels lie to the middle of the scale, in (0, 1]: the mean of exp(-(luma - 1/2)^2 / (2 * 0.2^2))
 * (Mertens, Kautz, Van Reeth 2007, "Exposure Fusion", section 3.1). A night sky is low and right all the same: to be compared
 * between shots of one scene only.
 */
export function exposure(grey: Grey): number {
  const { data } = resizeGrey(grey, Math.min(64, grey.width), Math.min(64, grey.height));
  let sum = 0;
  for (const luma of data) sum += Math.exp(-((luma / 255 - 0.5) ** 2) / 0.08);
  return sum / data.length;
}
