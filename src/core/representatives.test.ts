import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { createRandom } from "./random.ts";
import { chooseRepresentatives } from "./representatives.ts";
import { makeVectors, normalizeRows } from "./vectors.ts";

const onCircle = (degrees: number[]) =>
  makeVectors(
    Float32Array.from(degrees.flatMap((d) => [Math.cos((d * Math.PI) / 180), Math.sin((d * Math.PI) / 180)])),
    2,
  );

describe("chooseRepresentatives", () => {
  it("starts with the medoid and goes on with a spread, worked by hand", () => {
    // The mean direction of these is close to 20 degrees; the typical half is 10, 20, 30.
    const vectors = onCircle([0, 10, 20, 30, 40]);
    const chosen = [...chooseRepresentatives(vectors, [0, 1, 2, 3, 4], 3)];
    expect(chosen[0]).toBe(2);
    expect(chosen.slice(1).sort()).toEqual([1, 3]);
  });

  it("passes an outlier over", () => {
    const vectors = onCircle([0, 5, 10, 15, 20, 25, 90]);
    expect([...chooseRepresentatives(vectors, [0, 1, 2, 3, 4, 5, 6], 3)]).not.toContain(6);
  });

  it("chooses one of a burst while there is anything else, then the others", () => {
    // 18, 20 and 22 degrees are one burst, led by 20.
    const vectors = onCircle([0, 18, 20, 22, 40]);
    const leaders = [0, 2, 2, 2, 4];
    const rows = [0, 1, 2, 3, 4];
    expect([...chooseRepresentatives(vectors, rows, 3)].sort()).toEqual([1, 2, 3]);
    expect([...chooseRepresentatives(vectors, rows, 3, leaders)].sort()).toEqual([0, 2, 4]);
    expect([...chooseRepresentatives(vectors, rows, 5, leaders)].slice(3).sort()).toEqual([1, 3]);
    // Of a burst that is led from outside of the album one stands for it all the same.
    expect([...chooseRepresentatives(vectors, [1, 3, 4], 2, leaders)].sort()).toContain(4);
  });

  it("gives members only, none twice, at most as many as wanted", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 20 }),
        fc.integer({ min: 0, max: 9 }),
        fc.integer(),
        (n, count, seed) => {
          const random = createRandom(seed);
          const vectors = normalizeRows(
            makeVectors(
              Float32Array.from({ length: 60 * 3 }, () => random.int(4) - 1.5),
              3,
            ),
          );
          const rows = Array.from({ length: n }, (_, i) => i * 3);
          const chosen = [...chooseRepresentatives(vectors, rows, count)];
          expect(chosen.length).toBe(Math.min(n, count));
          expect(new Set(chosen).size).toBe(chosen.length);
          expect(chosen.every((row) => rows.includes(row))).toBe(true);
        },
      ),
    );
  });
});
