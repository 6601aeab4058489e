import { describe, expect, it } from "vitest";
import { randomUnitRows } from "../../../test/conformance/matrix.ts";
import { createRandom } from "../random.ts";
import { makeVectors } from "../vectors.ts";
import { seedCentroids } from "./seed.ts";

describe("seedCentroids", () => {
  it("gives the same rows for the same seed, all different", () => {
    const points = randomUnitRows(50, 4, 1);
    const a = seedCentroids(points, 10, createRandom(3));
    expect(a).toEqual(seedCentroids(points, 10, createRandom(3)));
    const rows = Array.from({ length: 10 }, (_, c) => a.data.slice(c * 4, c * 4 + 4).join());
    expect(new Set(rows).size).toBe(10);
  });

  it("stops at the number of distinct rows", () => {
    const points = makeVectors(Float32Array.of(1, 0, 1, 0, 0, 1, 0, 1), 2);
    expect(seedCentroids(points, 4, createRandom(1)).rows).toBe(2);
  });
});
