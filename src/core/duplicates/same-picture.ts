/**
 * Whether two pictures are one: re-encoded, scaled, cropped a little, marked or without colour. Compared in small grey copies,
 * laid over each other in every way that a crop allows. Pure.
 */
import type { Grey } from "../perceptual-hash.ts";
import { dot, normalize } from "../vectors.ts";

/** Side of the grey copies, px. */
export const COPY_SIDE = 64;
/** Side in which they are compared, px. */
const COMPARED_SIDE = 32;
/** What a crop may have left of each side, and how finely its place is looked for. */
const CROPS = [0.95, 0.9, 0.85];
const CROP_PLACES = 5;

/**
 * Chosen on a sixth of Caltech's pictures (255, five changes each, 510 pairs of different photos of one class), as high as 99 %
 * of each change allow: bench/duplicates.ts. Different photos reach .87 as a whole and .78 in the middle of their parts.
 */
const SAME_WHOLE = 0.85;
const SAME_PARTS = 0.95;
/** Parts a side. A mark lies over some of them, another drawing of the same thing differs in most. */
const PARTS = 4;
/** Share of an even part's deviation below which a part is a plane that says nothing. */
const TEXTURED = 0.05;
/** Standard deviation of luma below which a picture is a plane, and its correlation is chance. */
const LEAST_DEVIATION = 2;

/** The windows of one picture in which another may be seen whole; the first is the picture itself. */
export interface Views {
  readonly views: readonly Float32Array[];
  readonly isPlane: boolean;
}

/** `grey` is `COPY_SIDE` x `COPY_SIDE`, whatever the picture's shape was. */
export function viewsOf(grey: Grey): Views {
  const views = [viewOf(grey, 0, 0, 1)];
  for (const scale of CROPS)
    for (let row = 0; row < CROP_PLACES; row++)
      for (let column = 0; column < CROP_PLACES; column++) {
        const step = (1 - scale) / (CROP_PLACES - 1);
        views.push(viewOf(grey, column * step, row * step, scale));
      }
  return { views, isPlane: deviation(grey.data) < LEAST_DEVIATION };
}

export interface Agreement {
  /** correlation of the whole, in [-1, 1] */
  readonly whole: number;
  /** median of the correlations of the parts that are no planes, in [-1, 1] */
  readonly parts: number;
}

/** Of two pictures, either of them whole and the other as it is or cropped, as they fit best. Planes agree with nothing. */
export function agreement(a: Views, b: Views): Agreement {
  if (a.isPlane || b.isPlane) return { whole: 0, parts: 0 };
  let best = { whole: -1, a: a.views[0]!, b: b.views[0]! };
  const lay = (one: Float32Array, other: Float32Array): void => {
    const whole = dot(one, other);
    if (whole > best.whole) best = { whole, a: one, b: other };
  };
  for (const view of a.views) lay(view, b.views[0]!);
  for (const view of b.views) lay(a.views[0]!, view);
  return { whole: best.whole, parts: medianOfParts(best.a, best.b) };
}

export function isSamePicture(a: Views, b: Views): boolean {
  const { whole, parts } = agreement(a, b);
  return whole >= SAME_WHOLE && parts >= SAME_PARTS;
}

function medianOfParts(a: Float32Array, b: Float32Array): number {
  const side = COMPARED_SIDE / PARTS;
  const count = side * side;
  const found: number[] = [];
  for (let part = 0; part < PARTS * PARTS; part++) {
    const corner = Math.floor(part / PARTS) * side * COMPARED_SIDE + (part % PARTS) * side;
    let [sumA, sumB, squaresA, squaresB, products] = [0, 0, 0, 0, 0];
    for (let i = 0; i < count; i++) {
      const at = corner + Math.floor(i / side) * COMPARED_SIDE + (i % side);
      sumA += a[at]!;
      sumB += b[at]!;
      squaresA += a[at]! ** 2;
      squaresB += b[at]! ** 2;
      products += a[at]! * b[at]!;
    }
    const [varianceA, varianceB] = [squaresA - sumA ** 2 / count, squaresB - sumB ** 2 / count];
    // The whole has length 1, so an even part has 1 / PARTS^2 of it.
    if (Math.max(varianceA, varianceB) < TEXTURED / PARTS ** 2) continue;
    found.push((products - (sumA * sumB) / count) / Math.sqrt(Math.max(varianceA * varianceB, 1e-18)));
  }
  return found.length === 0 ? 0 : found.sort((x, y) => x - y)[found.length >> 1]!;
}

/** The square window with its corner at (left, top), `scale` wide, of a picture from 0 to 1: centred, of unit length. */
function viewOf({ data, width, height }: Grey, left: number, top: number, scale: number): Float32Array {
  const view = new Float32Array(COMPARED_SIDE * COMPARED_SIDE);
  const place = (from: number, i: number, length: number): number =>
    Math.min(length - 1.001, Math.max(0, (from + (scale * (i + 0.5)) / COMPARED_SIDE) * length - 0.5));
  for (let y = 0; y < COMPARED_SIDE; y++) {
    const fromY = place(top, y, height);
    const y0 = Math.floor(fromY);
    const down = fromY - y0;
    for (let x = 0; x < COMPARED_SIDE; x++) {
      const fromX = place(left, x, width);
      const x0 = Math.floor(fromX);
      const right = fromX - x0;
      const at = y0 * width + x0;
      const upper = data[at]! * (1 - right) + data[at + 1]! * right;
      const lower = data[at + width]! * (1 - right) + data[at + width + 1]! * right;
      view[y * COMPARED_SIDE + x] = upper * (1 - down) + lower * down;
    }
  }
  const mean = view.reduce((sum, value) => sum + value, 0) / view.length;
  for (let i = 0; i < view.length; i++) view[i]! -= mean;
  return normalize(view);
}

function deviation(values: Float32Array): number {
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  return Math.sqrt(Math.max(0, squares / values.length - (sum / values.length) ** 2));
}
