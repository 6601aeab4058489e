/** From pixels of any size to a model's input, byte for byte as the original processors do. Pure. */
import { AlbumenError } from "../errors.ts";
import { axisTable, resample, type Axis, type ResampleFilter } from "./resample-passes.ts";

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
  readonly filter: ResampleFilter;
}

export type { ResampleFilter };

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
  const whole = (length: number, scaledTo: number): Axis => {
    return { from: 0, to: length, low: 0, high: length, scaledTo, first: 0, count: scaledTo };
  };
  const x = axisTable(whole(image.width, width), filter);
  const y = axisTable(whole(image.height, height), filter);
  return { data: resample(image.data, image.width, x, y), width, height };
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
  const axis = (length: number, whole: number) =>
    axisTable(shrunk(fitAxis(spec, whole, original), length / whole, length), filter);
  const x = axis(image.width, original.width);
  const y = axis(image.height, original.height);
  return { data: resample(image.data, image.width, x, y), width: side, height: side };
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

/** The same axis in the pixels of a picture that was shrunk by `scale` to `length`. */
function shrunk(axis: Axis, scale: number, length: number): Axis {
  if (scale === 1) return axis;
  const from = axis.from * scale;
  const to = axis.to * scale;
  return { ...axis, from, to, low: Math.floor(from), high: Math.min(length, Math.ceil(to)) };
}

function assertSide(side: number): void {
  if (!Number.isInteger(side) || side < 1)
    throw new AlbumenError("MODEL_INCOMPATIBLE", `An image cannot be resized to a side of ${side} px.`);
}
