import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import sharp from "sharp";
import { drawPicture, toSharp } from "../../test/fixtures/images.ts";
import {
  exposure,
  greyOf,
  hashDistance,
  perceptualHash,
  resizeGrey,
  sharpness,
  shrinkByArea,
} from "./perceptual-hash.ts";
import { createRandom } from "./random.ts";
import type { DecodedImage } from "./resample.ts";

/** Every pixel grey, by its place. */
function draw(width: number, height: number, luma: (x: number, y: number) => number): DecodedImage {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) data.fill(luma(x, y), (y * width + x) * 3, (y * width + x) * 3 + 3);
  return { data, width, height };
}

describe("resizeGrey and shrinkByArea", () => {
  it("take means of areas, worked by hand", () => {
    const image = draw(4, 2, (x, y) => 10 * x + y); // 0 10 20 30 / 1 11 21 31
    expect([...resizeGrey(greyOf(image), 2, 1).data].map((v) => Math.round(v * 10) / 10)).toEqual([
      5.5, 25.5,
    ]);
    expect([...shrinkByArea(image, 2, 1).data]).toEqual([6, 6, 6, 26, 26, 26]);
    expect([...shrinkByArea(image, 9, 9).data]).toEqual([...image.data]);
  });
});

describe("perceptualHash", () => {
  it("has 16 digits, and about as many ones as zeros", () => {
    const hash = perceptualHash(greyOf(drawPicture(90, 60, 1)));
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    expect(hashDistance(hash, "0000000000000000")).toBeGreaterThanOrEqual(31);
    expect(hashDistance(hash, "0000000000000000")).toBeLessThanOrEqual(32);
  });

  it("survives size, compression and loss of colour; not another picture", async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const picture = drawPicture(400, 300, seed);
      const hash = perceptualHash(greyOf(picture));
      const { data, info } = await toSharp(picture)
        .resize(200, 150)
        .greyscale()
        .jpeg({ quality: 50 })
        .toBuffer()
        .then((bytes) => sharp(bytes).toColourspace("srgb").raw().toBuffer({ resolveWithObject: true }));
      const again = { data, width: info.width, height: info.height };
      const own = hashDistance(hash, perceptualHash(greyOf(again)));
      expect(own).toBeLessThanOrEqual(14);
      expect(hashDistance(hash, perceptualHash(greyOf(drawPicture(400, 300, seed + 100))))).toBeGreaterThan(
        own,
      );
    }
  });

  it("takes pictures of any size", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 70 }), (width, height) => {
        const random = createRandom(width * 100 + height);
        expect(perceptualHash(greyOf(draw(width, height, () => random.int(256))))).toMatch(/^[0-9a-f]{16}$/);
      }),
      { numRuns: 30 },
    );
  });
});

describe("hashDistance", () => {
  it("counts bits", () => {
    expect(hashDistance("00000000000000ff", "00000000000000f0")).toBe(4);
    expect(hashDistance("ffffffffffffffff", "0000000000000000")).toBe(64);
  });
});

describe("sharpness", () => {
  it("is 0 for a plane, and for pictures without an inside", () => {
    expect(sharpness(greyOf(draw(9, 9, () => 77)))).toBe(0);
    expect(sharpness(greyOf(draw(2, 9, (x) => 100 * x)))).toBe(0);
  });

  it("is the variance of the Laplacian, worked by hand", () => {
    // One white dot in the middle of 5 x 5: the inner 3 x 3 has -1020 once, 255 four times, 0 four times.
    const dot = draw(5, 5, (x, y) => (x === 2 && y === 2 ? 255 : 0));
    expect(sharpness(greyOf(dot))).toBeCloseTo((1020 ** 2 + 4 * 255 ** 2) / 9, 0);
  });

  it("falls when a picture is blurred", async () => {
    const picture = drawPicture(200, 150, 4);
    const { data } = await toSharp(picture).blur(1.2).raw().toBuffer({ resolveWithObject: true });
    expect(sharpness(greyOf({ ...picture, data }))).toBeLessThan(sharpness(greyOf(picture)) / 4);
  });
});

describe("exposure", () => {
  it("is 1 in the middle of the scale and low at its ends, worked by hand", () => {
    expect(exposure(greyOf(draw(3, 3, () => 127.5)))).toBeCloseTo(1, 3);
    expect(exposure(greyOf(draw(3, 3, () => 0)))).toBeCloseTo(Math.exp(-0.25 / 0.08), 6);
    expect(exposure(greyOf(draw(3, 3, () => 255)))).toBeCloseTo(Math.exp(-0.25 / 0.08), 6);
  });
});
