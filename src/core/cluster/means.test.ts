import { expect, it } from "vitest";
import { makeVectors } from "../vectors.ts";
import { centroidsOf, compact } from "./means.ts";

it("centroidsOf leaves rows labelled -1 out", () => {
  const points = makeVectors(Float32Array.of(1, 0, 0, 1, 1, 0), 2);
  expect([...centroidsOf(points, Int32Array.of(0, -1, 0), 1).data]).toEqual([1, 0]);
});

it("compact drops a cluster without rows and numbers the rest by first appearance", () => {
  const centroids = makeVectors(Float32Array.of(1, 0, 0, 1, -1, 0), 2);
  const { index, centroids: kept } = compact(Int32Array.of(2, -1, 0, 2), centroids);
  expect([...index]).toEqual([0, -1, 1, 0]);
  expect([...kept.data]).toEqual([-1, 0, 1, 0]);
});
