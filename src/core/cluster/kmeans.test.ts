import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { plainKernels } from "../../../test/conformance/gram.ts";
import { randomUnitRows } from "../../../test/conformance/matrix.ts";
import { lloyd } from "../../../test/support/lloyd.ts";
import { createRandom } from "../random.ts";
import { dot, makeVectors, normalizeRows, rowOf, takeRows, type Vectors } from "../vectors.ts";
import type { Kernels } from "./kernels.ts";
import { kMeans } from "./kmeans.ts";
import { sampleRows } from "./micro.ts";

/** Rows around a few directions; with a small spread there is much to skip. */
function blobs(n: number, dims: number, kinds: number, spread: number, seed: number): Vectors {
  const centres = randomUnitRows(kinds, dims, seed);
  const noise = randomUnitRows(n, dims, seed + 1);
  const data = noise.data.map((x, at) => {
    const kind = Math.floor(at / dims) % kinds;
    return centres.data[kind * dims + (at % dims)] + spread * x;
  });
  return normalizeRows({ data, rows: n, dims });
}

/** Kernels whose screen is off by up to `error`, in blocks of 7 rows, in steps of a thousandth. */
function screened(error: number, seed: number): Kernels {
  const random = createRandom(seed);
  return {
    ...plainKernels,
    screen: async (points, k) => ({
      maxRows: 7,
      against: (centroids) => ({
        async score(rows, into) {
          rows.forEach((row, i) => {
            for (let c = 0; c < k; c++) {
              const score = dot(rowOf(points, row), rowOf(centroids, c));
              into[i * k + c] = Math.round(1000 * (score + (error - 0.001) * (2 * random.next() - 1)));
            }
          });
          return { startOf: (i) => i * k, worthOf: () => 0.001, errorOf: () => error };
        },
      }),
    }),
  };
}

describe("kMeans", () => {
  it("finds two directions, worked by hand", async () => {
    const points = makeVectors(Float32Array.of(1, 0, 0.8, 0.6, 0, 1, -0.6, 0.8), 2);
    const start = makeVectors(Float32Array.of(1, 0, 0, 1), 2);
    const found = await kMeans(points, start, plainKernels, { maxIterations: 10 });
    expect([...found.index]).toEqual([0, 0, 1, 1]);
    // (1.8, .6) and (-.6, 1.8), each divided by sqrt(3.6)
    const r = Math.sqrt(3.6);
    [1.8 / r, 0.6 / r, -0.6 / r, 1.8 / r].forEach((x, j) =>
      expect(found.centroids.data[j]).toBeCloseTo(x, 6),
    );
    expect(found.converged).toBe(true);
  });

  it("leaves an empty cluster's centroid where it is", async () => {
    const points = makeVectors(Float32Array.of(1, 0, 0.8, 0.6), 2);
    const start = makeVectors(Float32Array.of(-1, 0, 1, 0), 2);
    const found = await kMeans(points, start, plainKernels, { maxIterations: 5 });
    expect([...found.index]).toEqual([1, 1]);
    expect([...found.centroids.data.subarray(0, 2)]).toEqual([-1, 0]);
  });

  it("takes no rows, and one centroid", async () => {
    const none = await kMeans(
      makeVectors(new Float32Array(0), 2),
      makeVectors(Float32Array.of(1, 0), 2),
      plainKernels,
      {
        maxIterations: 3,
      },
    );
    expect(none.index.length).toBe(0);
    const points = randomUnitRows(30, 5, 1);
    const one = await kMeans(points, takeRows(points, [3]), screened(0.1, 1), { maxIterations: 3 });
    expect(one.index.every((c) => c === 0)).toBe(true);
  });

  it("gives the labels of the plain iteration, round by round, however coarse the screen", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          seed: fc.integer({ min: 0, max: 1e6 }),
          dims: fc.integer({ min: 2, max: 40 }),
          k: fc.integer({ min: 1, max: 13 }),
          error: fc.constantFrom(0.005, 0.05, 0.5, 3),
          spread: fc.constantFrom(0.2, 1, 5),
          rounds: fc.integer({ min: 1, max: 12 }),
        }),
        async ({ seed, dims, k, error, spread, rounds }) => {
          const points = blobs(120, dims, 8, spread, seed);
          const start = sampleRows(points, k, createRandom(seed));
          const plain = await lloyd(points, start, {
            assign: plainKernels.assign,
            maxIterations: rounds,
            spherical: true,
          });
          for (const kernels of [plainKernels, screened(error, seed)]) {
            const found = await kMeans(points, start, kernels, { maxIterations: rounds });
            expect(found.index).toEqual(plain.index);
            expect(found.iterations).toBe(plain.iterations);
            expect(found.converged).toBe(plain.converged);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("gives ties to the lowest index, as the plain iteration does", async () => {
    const points = blobs(60, 6, 3, 0.5, 2);
    const start = takeRows(points, [4, 1, 1, 0, 4]);
    const found = await kMeans(points, start, screened(0.05, 3), { maxIterations: 1 });
    expect(found.index).toEqual((await plainKernels.assign(points, start)).index);
    expect(found.index.includes(2) || found.index.includes(4)).toBe(false);
  });

  it("does not look again at rows whose label cannot change", async () => {
    // Rows lie within .1 of their kind's direction, so a centroid drifts by less; other kinds are much further off.
    const points = blobs(400, 16, 4, 0.1, 5);
    const found = await kMeans(points, takeRows(points, [0, 1, 2, 3]), screened(0.01, 5), {
      maxIterations: 10,
    });
    expect([found.converged, found.iterations]).toEqual([true, 2]);
    expect(found.compared).toEqual({ coarse: 400, fine: 0 });
  });
});
