import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drawPicture } from "../../test/fixtures/images.ts";
import { decodeSize, fitImage, resizePillow, type DecodedImage, type InputSpec } from "./resample.ts";

const FILTERS = ["bicubic", "bilinear", "lanczos"] as const;

/** A picture of one row; grey, so that one number stands for a pixel. */
function row(...values: number[]): DecodedImage {
  return { data: Uint8Array.from(values.flatMap((v) => [v, v, v])), width: values.length, height: 1 };
}

function column(...values: number[]): DecodedImage {
  return { ...row(...values), width: 1, height: values.length };
}

const greys = ({ data }: DecodedImage) => [...data].filter((_, i) => i % 3 === 0);

const size = fc.integer({ min: 1, max: 40 });
const picture = fc
  .record({ width: size, height: size, seed: fc.integer() })
  .map(({ width, height, seed }) => drawPicture(width, height, seed));
const filter = fc.constantFrom(...FILTERS);

/** Pillow's algorithm in its plainest form; slow. */
function plainResize(image: DecodedImage, width: number, height: number, filter: (typeof FILTERS)[number]) {
  const sinc = (x: number) => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));
  const kernels = {
    bilinear: [1, (x: number) => Math.max(0, 1 - Math.abs(x))],
    bicubic: [
      2,
      (v: number) => {
        const x = Math.abs(v);
        if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
        return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
      },
    ],
    lanczos: [3, (x: number) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0)],
  } as const;
  const [support, kernel] = kernels[filter];
  const weights = (from: number, to: number) =>
    Array.from({ length: to }, (_, i) => {
      const scale = from / to;
      const stretch = Math.max(scale, 1);
      const center = (i + 0.5) * scale;
      const low = Math.max(0, Math.trunc(center - support * stretch + 0.5));
      const high = Math.min(from, Math.trunc(center + support * stretch + 0.5));
      const raw = Array.from({ length: high - low }, (_, x) =>
        kernel((x + low - center + 0.5) * (1 / stretch)),
      );
      const sum = raw.reduce((a, b) => a + b, 0);
      const fixed = raw.map((w) => Math.trunc((w / sum) * 2 ** 22 + (w < 0 ? -0.5 : 0.5)));
      return { low, fixed };
    });
  const clip = (sum: number) => Math.min(255, Math.max(0, Math.floor((sum + 2 ** 21) / 2 ** 22)));
  const xs = weights(image.width, width);
  const ys = weights(image.height, height);
  const across = (from: DecodedImage): DecodedImage => {
    const data = new Uint8Array(width * from.height * 3);
    for (let y = 0; y < from.height; y++)
      for (let x = 0; x < width; x++)
        for (let c = 0; c < 3; c++) {
          const pixel = (k: number) => from.data[(y * from.width + xs[x]!.low + k) * 3 + c]!;
          data[(y * width + x) * 3 + c] = clip(xs[x]!.fixed.reduce((sum, w, k) => sum + w * pixel(k), 0));
        }
    return { data, width, height: from.height };
  };
  const down = (from: DecodedImage): DecodedImage => {
    const rowBytes = from.width * 3;
    const data = new Uint8Array(rowBytes * height);
    for (let y = 0; y < height; y++)
      for (let i = 0; i < rowBytes; i++) {
        const byte = (k: number) => from.data[(ys[y]!.low + k) * rowBytes + i]!;
        data[y * rowBytes + i] = clip(ys[y]!.fixed.reduce((sum, w, k) => sum + w * byte(k), 0));
      }
    return { data, width: from.width, height };
  };
  const removed = { across: image.width - width, down: image.height - height };
  const isDownFirst = removed.down > 0 && removed.down > 2 * removed.across;
  return (isDownFirst ? across(down(image)) : down(across(image))).data;
}

describe("resizePillow", () => {
  it("halves with the triangle of twice the width, worked by hand", () => {
    // Output 0 lies at 1.0; pixels 0..2 at .5, 1.5, 2.5 weigh .75, .75, .25 of 1.75: (0 + 75 + 50) / 1.75 = 71.4.
    // Output 1 mirrors it: (25 + 150 + 191.25) / 1.75 = 209.3.
    expect(greys(resizePillow(row(0, 100, 200, 255), 2, 1, "bilinear"))).toEqual([71, 209]);
  });

  it("doubles bicubically with overshoot clipped, worked by hand", () => {
    // Output centres at .25, .75, 1.25, 1.75 of two pixels at .5, 1.5. For .25: distances .25 and 1.25 give the weights
    // .8672 and -.0703: 255 * -.0703 / .7969 = -22.5, clipped to 0; for .75: .8672 and .2266 → 255 * .2266 / 1.0938 = 52.8.
    expect(greys(resizePillow(row(0, 255), 4, 1, "bicubic"))).toEqual([0, 53, 202, 255]);
  });

  it("treats rows and columns alike", () => {
    for (const filter of FILTERS)
      expect(greys(resizePillow(column(3, 250, 17, 90, 128), 1, 3, filter))).toEqual(
        greys(resizePillow(row(3, 250, 17, 90, 128), 3, 1, filter)),
      );
  });

  it("is the plain algorithm, byte for byte, whatever the sizes", () => {
    fc.assert(
      fc.property(picture, size, size, filter, (image, width, height, filter) => {
        expect(resizePillow(image, width, height, filter).data).toEqual(
          plainResize(image, width, height, filter),
        );
      }),
      { numRuns: 300 },
    );
  });

  it("is the plain algorithm on a picture for which the memory grows", () => {
    const image = drawPicture(1500, 400, 5);
    expect(resizePillow(image, 50, 30, "bicubic").data).toEqual(plainResize(image, 50, 30, "bicubic"));
  });

  it("changes nothing when the size stays", () => {
    fc.assert(
      fc.property(picture, filter, (image, filter) => {
        expect(resizePillow(image, image.width, image.height, filter).data).toEqual(image.data);
      }),
    );
  });

  it("keeps a plain colour plain", () => {
    fc.assert(
      fc.property(fc.nat(255), size, size, size, filter, (value, from, width, height, filter) => {
        const plain = { data: new Uint8Array(from * from * 3).fill(value), width: from, height: from };
        expect(resizePillow(plain, width, height, filter).data.every((v) => v === value)).toBe(true);
      }),
    );
  });

  it("refuses a side that is no whole number of pixels", () => {
    for (const side of [0, -1, 1.5, NaN])
      expect(() => resizePillow(row(1), side, 1, "bicubic")).toThrow(`a side of ${side} px`);
  });
});

describe("fitImage", () => {
  const spec = (fit: InputSpec["fit"], side: number, resizeTo = side): InputSpec => ({
    side,
    fit,
    resizeTo,
    filter: "bicubic",
  });

  it("takes the centre square, the odd pixel to the right", () => {
    const image = row(10, 20, 30, 40);
    expect(greys(fitImage(image, spec("centre-square", 1)))).toEqual([20]);
  });

  it("reads nothing beyond the square that it crops", () => {
    // Rings around the square must not bleed in: crop first, then resize.
    const image = { data: new Uint8Array(30 * 10 * 3).fill(255), width: 30, height: 10 };
    for (let y = 0; y < 10; y++) image.data.fill(40, (y * 30 + 10) * 3, (y * 30 + 20) * 3);
    expect(fitImage(image, spec("centre-square", 4)).data.every((v) => v === 40)).toBe(true);
  });

  it("crops the centre of a resize without computing the rest", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 60 }),
        fc.integer({ min: 4, max: 60 }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 0, max: 6 }),
        (width, height, side, extra) => {
          const image = drawPicture(width, height, width * 61 + height);
          const short = Math.min(width, height);
          const resizeTo = side + extra;
          const scaled = [width, height].map((length) => Math.trunc((resizeTo * length) / short)) as [
            number,
            number,
          ];
          const whole = resizePillow(image, ...scaled, "bicubic");
          const left = Math.floor((scaled[0] - side) / 2);
          const top = Math.floor((scaled[1] - side) / 2);
          const cut = Array.from({ length: side }, (_, y) => {
            const from = ((top + y) * scaled[0] + left) * 3;
            return [...whole.data.subarray(from, from + side * 3)];
          }).flat();
          expect([...fitImage(image, spec("shortest-edge", side, resizeTo)).data]).toEqual(cut);
        },
      ),
    );
  });

  it("squashes whatever the shape", () => {
    const image = drawPicture(31, 7, 1);
    expect(fitImage(image, spec("squash", 12)).data).toEqual(resizePillow(image, 12, 12, "bicubic").data);
  });

  it("places the crop where the original's would be when the picture was shrunk on load", () => {
    // A ramp over 403 px, shrunk by four to 101: the square of the original starts at 51 of 403, which is 12.8 of 101.
    const ramp = (width: number, height: number): DecodedImage => ({
      data: Uint8Array.from({ length: width * height * 3 }, (_, i) =>
        Math.round((((Math.floor(i / 3) % width) + 0.5) / width) * 240),
      ),
      width,
      height,
    });
    const exact = greys(fitImage(ramp(403, 301), spec("centre-square", 8)));
    const shrunk = greys(fitImage(ramp(101, 76), spec("centre-square", 8), { width: 403, height: 301 }));
    for (const [i, value] of shrunk.entries()) expect(Math.abs(value - exact[i]!)).toBeLessThanOrEqual(1);
  });

  it("refuses a crop larger than what it is cut from", () => {
    expect(() => fitImage(row(1), spec("shortest-edge", 224, 200))).toThrow("cannot be taken");
  });
});

describe("decodeSize", () => {
  const spec: InputSpec = { side: 224, fit: "centre-square", resizeTo: 224, filter: "bicubic" };

  it("shrinks to three times what the model needs", () => {
    expect(decodeSize(spec, { width: 4000, height: 3000 })).toEqual({ width: 896, height: 672 });
  });

  it("leaves a picture alone that it could not halve", () => {
    expect(decodeSize(spec, { width: 1800, height: 1343 })).toEqual({ width: 1800, height: 1343 });
    expect(decodeSize(spec, { width: 1800, height: 1344 })).toEqual({ width: 900, height: 672 });
  });

  it("goes by the short side before the crop", () => {
    const dinov2: InputSpec = { side: 224, fit: "shortest-edge", resizeTo: 256, filter: "bicubic" };
    expect(decodeSize(dinov2, { width: 3072, height: 3072 })).toEqual({ width: 768, height: 768 });
  });

  it("never holds a strip of a hundred thousand pixels in full", () => {
    expect(decodeSize(spec, { width: 200_000, height: 1000 })).toEqual({ width: 16_384, height: 1000 });
  });

  it("draws a small vector picture large", () => {
    expect(decodeSize(spec, { width: 24, height: 12 }, true)).toEqual({ width: 1344, height: 672 });
  });
});
