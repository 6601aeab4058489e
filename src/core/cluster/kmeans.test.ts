import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { createRandom } from "../random.ts";
import { dot, makeVectors, normalizeRows, rowOf, type Vectors } from "../vectors.ts";
import { centroidsOf, compact, kMeans, seedCentroids, type Assign } from "./kmeans.ts";

/** Nearest by dot product, in plain loops. */
const byCosine: Assign = async (points, centroids) => {
  const index = new Int32Array(points.rows);
  const similarity = new Float32Array(points.rows).fill(-Infinity);
  for (let i = 0; i < points.rows; i++)
    for (let c = 0; c < centroids.rows; c++) {
      const cosine = dot(rowOf(points, i), rowOf(centroids, c));
      if (cosine > similarity[i]) {
        similarity[i] = cosine;
        index[i] = c;
      }
    }
  return { index, similarity };
};

function randomRows(n: number, dims: number, seed: number): Vectors {
  const random = createRandom(seed);
  return normalizeRows(
    makeVectors(
      Float32Array.from({ length: n * dims }, () => random.next() - 0.5),
      dims,
    ),
  );
}

describe("kMeans", () => {
  it("finds two directions, worked by hand", async () => {
    const points = makeVectors(Float32Array.of(1, 0, 0.8, 0.6, 0, 1, -0.6, 0.8), 2);
    const start = makeVectors(Float32Array.of(1, 0, 0, 1), 2);
    const found = await kMeans(points, start, { assign: byCosine, maxIterations: 10 });
    expect([...found.index]).toEqual([0, 0, 1, 1]);
    // (1.8, .6) and (-.6, 1.8), each divided by sqrt(3.6)
    const r = Math.sqrt(3.6);
    [1.8 / r, 0.6 / r, -0.6 / r, 1.8 / r].forEach((x, j) =>
      expect(found.centroids.data[j]).toBeCloseTo(x, 6),
    );
    expect(found.converged).toBe(true);
  });

  it("leaves an empty cluster's centroid where it is, and compact drops it", async () => {
    const points = makeVectors(Float32Array.of(1, 0, 0.8, 0.6), 2);
    const start = makeVectors(Float32Array.of(-1, 0, 1, 0), 2);
    const found = await kMeans(points, start, { assign: byCosine, maxIterations: 5 });
    expect([...found.centroids.data.subarray(0, 2)]).toEqual([-1, 0]);
    const kept = compact(found.index, found.centroids);
    expect([...kept.index]).toEqual([0, 0]);
    expect(kept.centroids.rows).toBe(1);
  });

  it("never lowers the total similarity from round to round", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 6 }), async (seed, k) => {
        const points = randomRows(40, 5, seed);
        const start = seedCentroids(points, k, createRandom(seed));
        let before = -Infinity;
        for (let rounds = 1; rounds < 8; rounds++) {
          const { similarity } = await kMeans(points, start, { assign: byCosine, maxIterations: rounds });
          const total = similarity.reduce((sum, s) => sum + s, 0);
          expect(total).toBeGreaterThanOrEqual(before - 1e-5);
          before = total;
        }
      }),
      { numRuns: 25 },
    );
  });
});

describe("seedCentroids", () => {
  it("gives the same rows for the same seed, all different", () => {
    const points = randomRows(50, 4, 1);
    const a = seedCentroids(points, 10, createRandom(3));
    expect(a).toEqual(seedCentroids(points, 10, createRandom(3)));
    expect(new Set(Array.from({ length: 10 }, (_, c) => a.data.slice(c * 4, c * 4 + 4).join())).size).toBe(
      10,
    );
  });

  it("stops at the number of distinct rows", () => {
    const points = makeVectors(Float32Array.of(1, 0, 1, 0, 0, 1, 0, 1), 2);
    expect(seedCentroids(points, 4, createRandom(1)).rows).toBe(2);
  });
});

it("centroidsOf leaves rows labelled -1 out", () => {
  const points = makeVectors(Float32Array.of(1, 0, 0, 1, 1, 0), 2);
  expect([...centroidsOf(points, Int32Array.of(0, -1, 0), 1).data]).toEqual([1, 0]);
});
