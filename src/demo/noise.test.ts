import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { noise, ridges } from "./noise.ts";

const coordinate = fc.double({ min: -50, max: 50, noNaN: true });

describe("noise", () => {
  it("stays in [0, 1] and repeats with every tile", () => {
    fc.assert(
      fc.property(coordinate, coordinate, fc.integer({ min: -9, max: 9 }), (x, y, tiles) => {
        const value = noise(x, y);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1);
        expect(noise(x + tiles, y)).toBeCloseTo(value, 6);
      }),
    );
  });

  it("has no seams: a thousandth of a tile changes little, across borders too", () => {
    fc.assert(
      fc.property(coordinate, coordinate, (x, y) => {
        expect(Math.abs(noise(x + 0.001, y) - noise(x, y))).toBeLessThan(0.05);
      }),
    );
  });

  it("reaches from near 0 to near 1 about a middle of one half", () => {
    const values: number[] = [];
    for (let x = 0; x < 1; x += 1 / 128) for (let y = 0; y < 1; y += 1 / 128) values.push(noise(x, y));
    expect(Math.min(...values)).toBeLessThan(0.05);
    expect(Math.max(...values)).toBeGreaterThan(0.95);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean).toBeGreaterThan(0.4);
    expect(mean).toBeLessThan(0.6);
  });
});

describe("ridges", () => {
  it("is 1 where the noise is one half and 0 at its extremes", () => {
    const expected = (value: number) => 1 - Math.abs(2 * value - 1);
    expect(ridges(0.3, 0.7)).toBeCloseTo(expected(noise(0.3, 0.7)));
    expect(ridges(0.9, 0.1)).toBeCloseTo(expected(noise(0.9, 0.1)));
  });
});
