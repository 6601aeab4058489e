import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resizePositions } from "./positions.ts";

const grid = (side: number, of: (x: number, y: number) => number) =>
  Float32Array.from({ length: side * side }, (_, i) => of(i % side, Math.floor(i / side)));

describe("resizePositions", () => {
  it.each(["cubic", "antialiased"] as const)("leaves a grid of the same size as it is (%s)", (filter) => {
    const places = grid(4, (x, y) => 10 * y + x);
    expect(resizePositions(places, 1, 4, 4, filter)).toEqual(places);
  });

  it("weighs the four nearest with a = -0.75, worked by hand", () => {
    // From 4 to 2 the first target lies at 0.5, half way between 0 and 1: weights -0.09375, 0.59375, 0.59375, -0.09375
    // of the sources -1 (which is 0 again), 0, 1 and 2.
    const rows = grid(4, (x) => [8, 0, 16, 0][x]!);
    const first = -0.09375 * 8 + 0.59375 * 8 + 0.59375 * 0 - 0.09375 * 16;
    expect(resizePositions(rows, 1, 4, 2, "cubic")[0]).toBeCloseTo(first, 6);
  });

  it("keeps each component of a vector to itself", () => {
    const places = Float32Array.from({ length: 9 * 2 }, (_, i) => (i % 2 === 0 ? i : 7));
    const resized = resizePositions(places, 2, 3, 5, "cubic");
    expect(resized.length).toBe(5 * 5 * 2);
    for (let i = 1; i < resized.length; i += 2) expect(resized[i]).toBeCloseTo(7, 5);
  });

  it.each(["cubic", "antialiased"] as const)("keeps what is the same everywhere (%s)", (filter) => {
    const side = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(side, side, fc.float({ min: -5, max: 5, noNaN: true }), (from, to, value) => {
        const resized = resizePositions(
          grid(from, () => value),
          1,
          from,
          to,
          filter,
        );
        for (const found of resized) expect(found).toBeCloseTo(value, 4);
      }),
    );
  });
});
