import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { drawCorners, drawPicture, makeRawTiff, toSharp } from "../../test/fixtures/images.ts";
import { createRandom } from "./random.ts";
import { isRawTiff, largestJpegWithin, tiffOrientation, withOrientation } from "./raw-preview.ts";

const jpegOf = (width: number, height: number, options = {}) =>
  toSharp(drawPicture(width, height, width))
    .jpeg(options)
    .toBuffer();

describe("isRawTiff", () => {
  it("knows a sensor's data in a child directory from a picture", async () => {
    const preview = await jpegOf(64, 48);
    expect(isRawTiff(makeRawTiff({ preview, orientation: 1 }))).toBe(true);
    expect(
      isRawTiff(
        await toSharp(drawPicture(9, 9, 1))
          .tiff()
          .toBuffer(),
      ),
    ).toBe(false);
  });

  it("ends on directories that point at each other, and on garbage", () => {
    const loop = Buffer.alloc(26);
    loop.write("II*\0", "latin1");
    loop.writeUInt32LE(8, 4);
    loop.writeUInt16LE(1, 8);
    loop.writeUInt32LE(8, 22); // the next directory is this one
    expect(isRawTiff(loop)).toBe(false);
    const random = createRandom(5);
    for (let i = 0; i < 200; i++) {
      const bytes = Uint8Array.from({ length: random.int(300) }, () => random.int(256));
      bytes.set([0x49, 0x49].slice(0, bytes.length));
      expect(() => [isRawTiff(bytes), tiffOrientation(bytes)]).not.toThrow();
    }
  });
});

describe("largestJpegWithin", () => {
  it("takes the largest, progressive or not, and leaves out a sensor's lossless data", async () => {
    const [small, large] = [await jpegOf(32, 32), await jpegOf(160, 120, { progressive: true })];
    const lossless = Buffer.from(await jpegOf(500, 500));
    lossless[lossless.indexOf(Buffer.from([0xff, 0xc0])) + 1] = 0xc3;
    const raw = Buffer.concat([
      Buffer.from("FUJI"),
      small,
      Buffer.alloc(99),
      lossless,
      large,
      Buffer.from("end"),
    ]);
    expect(Buffer.from(largestJpegWithin(raw)!).equals(large)).toBe(true);
  });

  it("gives null where there is none, or where it is cut off", async () => {
    const jpeg = await jpegOf(64, 64);
    expect(largestJpegWithin(jpeg.subarray(0, -2))).toBeNull();
    expect(largestJpegWithin(new Uint8Array(50))).toBeNull();
    expect(largestJpegWithin(new Uint8Array(5000).fill(0xff))).toBeNull();
  });
});

describe("withOrientation", () => {
  it("is what readers of EXIF go by", async () => {
    const jpeg = await toSharp(drawCorners(40, 20)).jpeg().toBuffer();
    for (const orientation of [1, 3, 6, 8])
      expect((await sharp(withOrientation(jpeg, orientation)).metadata()).orientation).toBe(orientation);
  });
});
