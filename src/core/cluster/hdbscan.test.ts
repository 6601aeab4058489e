import { expect, it } from "vitest";
import { hdbscan } from "./hdbscan.ts";

const onLine = (points: number[]) =>
  Float64Array.from(points.flatMap((x) => points.map((y) => Math.abs(x - y))));

it("finds two dense stretches of a line and takes the point between them for the edge of the nearer", () => {
  const points = [0, 1, 2, 3, 50, 100, 101, 102, 103];
  const found = hdbscan(onLine(points), points.length, { minClusterSize: 3, minSamples: 2 });
  expect([...found.label]).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1]);
  // It falls off at a distance of 47, the others at 1.
  expect(found.probability[4]).toBeCloseTo(1 / 47, 12);
  expect(found.probability[0]).toBe(1);
});

it("takes nothing, one point, and points that are all equal", () => {
  const options = { minClusterSize: 2, minSamples: 2 };
  expect(hdbscan(new Float64Array(0), 0, options).k).toBe(0);
  expect([...hdbscan(onLine([1]), 1, options).label]).toEqual([-1]);
  const equal = hdbscan(onLine([5, 5, 5, 5]), 4, options);
  expect([...equal.probability].every(Number.isFinite)).toBe(true);
});
