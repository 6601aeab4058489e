/** What the pixels of a decoded picture say without any model. */
import { rgbaToThumbHash } from "thumbhash";
import { exposure, greyOf, perceptualHash, sharpness, shrinkByArea } from "../../core/perceptual-hash.ts";
import type { DecodedImage } from "../../core/resample.ts";
import type { PictureLooks } from "../../ports/image-decoder.ts";

/** Short side at which looks are measured, px: what every encoder's decoding leaves of a larger picture. */
const MEASURED_SIDE = 256;
/** Longest side that a thumbhash may be made from, px. */
const THUMBHASH_SIDE = 100;

export function looksOf(picture: DecodedImage): PictureLooks {
  const small = shrinkBy(picture, MEASURED_SIDE / Math.min(picture.width, picture.height));
  const grey = greyOf(small);
  return {
    perceptualHash: perceptualHash(grey),
    sharpness: sharpness(grey),
    exposure: exposure(grey),
    thumbhash: thumbhash(shrinkBy(small, THUMBHASH_SIDE / Math.max(small.width, small.height))),
  };
}

function shrinkBy(picture: DecodedImage, scale: number): DecodedImage {
  const side = (length: number): number => Math.max(1, Math.round(length * Math.min(1, scale)));
  return shrinkByArea(picture, side(picture.width), side(picture.height));
}

function thumbhash({ data, width, height }: DecodedImage): string {
  const rgba = new Uint8Array(width * height * 4);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    rgba[to] = data[from]!;
    rgba[to + 1] = data[from + 1]!;
    rgba[to + 2] = data[from + 2]!;
    rgba[to + 3] = 255;
  }
  return Buffer.from(rgbaToThumbHash(width, height, rgba)).toString("base64");
}
