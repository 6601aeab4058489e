import { describe, expect, it } from "vitest";
import { createRandom } from "../core/random.ts";
import { addGrain, paintGround } from "./raster.ts";

describe("paintGround", () => {
  it("asks a shade for the middle of every pixel, row by row", () => {
    const pixels = paintGround({
      width: 2,
      height: 2,
      ground: (u, v) => [u * 100, v * 100, 7],
      drawing: "",
      grain: 0,
    });
    expect([...pixels]).toEqual([25, 25, 7, 75, 25, 7, 25, 75, 7, 75, 75, 7]);
  });

  it("fills a plain ground with its colour", () => {
    const pixels = paintGround({ width: 1, height: 2, ground: [1, 2, 3], drawing: "", grain: 0 });
    expect([...pixels]).toEqual([1, 2, 3, 1, 2, 3]);
  });
});

describe("addGrain", () => {
  it("moves the three channels of a pixel together, with the deviation asked for and no shift", () => {
    const pixels = new Uint8ClampedArray(3 * 20_000).fill(128);
    addGrain(pixels, 6, createRandom(3));
    let sum = 0;
    let squares = 0;
    for (let at = 0; at < pixels.length; at += 3) {
      expect(pixels[at]).toBe(pixels[at + 1]);
      const off = pixels[at]! - 128;
      sum += off;
      squares += off * off;
    }
    expect(Math.abs(sum / 20_000)).toBeLessThan(0.2);
    expect(Math.sqrt(squares / 20_000)).toBeGreaterThan(5.8);
    expect(Math.sqrt(squares / 20_000)).toBeLessThan(6.2);
  });
});
