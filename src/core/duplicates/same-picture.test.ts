import { describe, expect, it } from "vitest";
import { greyOf, resizeGrey } from "../perceptual-hash.ts";
import { createRandom } from "../random.ts";
import type { DecodedImage } from "../resample.ts";
import { agreement, COPY_SIDE, isSamePicture, viewsOf } from "./same-picture.ts";

const views = (picture: DecodedImage) => viewsOf(resizeGrey(greyOf(picture), COPY_SIDE, COPY_SIDE));

/** Waves of many lengths, as smooth as photos are at this size. */
function drawWaves(side: number, seed: number): DecodedImage {
  const random = createRandom(seed);
  const waves = Array.from({ length: 12 }, () => ({
    x: (random.next() - 0.5) * 40,
    y: (random.next() - 0.5) * 40,
    phase: random.next() * 6.3,
  }));
  const data = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const height = waves.reduce(
        (sum, wave) => sum + Math.sin((wave.x * x + wave.y * y) / side + wave.phase),
        0,
      );
      data.fill(128 + 9 * height, (y * side + x) * 3, (y * side + x) * 3 + 3);
    }
  return { data, width: side, height: side };
}

function cut({ data, width }: DecodedImage, left: number, top: number, side: number): DecodedImage {
  const rows = Array.from({ length: side }, (_, y) => {
    const at = ((top + y) * width + left) * 3;
    return data.subarray(at, at + side * 3);
  });
  return { data: Uint8Array.from(rows.flatMap((row) => [...row])), width: side, height: side };
}

describe("isSamePicture", () => {
  const picture = drawWaves(320, 1);

  it("knows a picture cropped, darkened or marked, whichever comes first", () => {
    const cropped = cut(picture, 16, 24, 288);
    const dark = { ...picture, data: picture.data.map((value) => value * 0.7) };
    const marked = { ...picture, data: Uint8Array.from(picture.data) };
    for (let y = 150; y < 170; y++) marked.data.fill(165, (y * 320 + 100) * 3, (y * 320 + 180) * 3);
    for (const [what, changed] of Object.entries({ cropped, dark, marked })) {
      expect([what, isSamePicture(views(picture), views(changed))]).toEqual([what, true]);
      expect([what, isSamePicture(views(changed), views(picture))]).toEqual([what, true]);
    }
  });

  it("tells two pictures apart", () => {
    for (let seed = 2; seed < 20; seed++)
      expect(isSamePicture(views(picture), views(drawWaves(320, seed)))).toBe(false);
  });

  it("tells two drawings apart that have one outline and different insides", () => {
    const draw = (inside: (x: number, y: number) => number): DecodedImage => {
      const data = new Uint8Array(128 * 128 * 3).fill(255);
      for (let y = 8; y < 120; y++)
        for (let x = 8; x < 120; x++) data.fill(inside(x, y), (y * 128 + x) * 3, (y * 128 + x) * 3 + 3);
      return { data, width: 128, height: 128 };
    };
    const stripes = views(draw((x) => (x % 24 < 12 ? 20 : 120)));
    const bars = views(draw((_, y) => (y % 24 < 12 ? 20 : 120)));
    expect(agreement(stripes, bars).whole).toBeGreaterThan(0.5);
    expect(isSamePicture(stripes, bars)).toBe(false);
  });

  it("says nothing of planes, which would match everything", () => {
    const plane = views({ data: new Uint8Array(48).fill(90), width: 4, height: 4 });
    expect(agreement(plane, plane)).toEqual({ whole: 0, parts: 0 });
  });

  it("agrees with itself wholly", () => {
    const own = views(picture);
    expect(agreement(own, own).whole).toBeCloseTo(1, 5);
    expect(agreement(own, own).parts).toBeCloseTo(1, 5);
  });
});
