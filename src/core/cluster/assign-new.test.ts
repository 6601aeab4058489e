import { describe, expect, it } from "vitest";
import { concatVectors, makeVectors, type Vectors } from "../vectors.ts";
import { assignNew } from "./assign-new.ts";
import type { Kernels } from "./kernels.ts";

const kernels: Kernels = {
  async multiply(a, b) {
    const product = new Float32Array(a.rows * b.rows);
    for (let i = 0; i < a.rows; i++)
      for (let j = 0; j < b.rows; j++)
        for (let d = 0; d < a.dims; d++)
          product[i * b.rows + j] += a.data[i * a.dims + d] * b.data[j * b.dims + d];
    return product;
  },
  async assign(points, centroids) {
    const scores = await kernels.multiply(points, centroids);
    const rowScores = (i: number) => scores.subarray(i * centroids.rows, (i + 1) * centroids.rows);
    const similarity = Float32Array.from({ length: points.rows }, (_, i) => Math.max(...rowScores(i)));
    return { index: Int32Array.from(similarity, (s, i) => rowScores(i).indexOf(s)), similarity };
  },
};

const onCircle = (degrees: number[]): Vectors =>
  makeVectors(
    Float32Array.from(degrees.flatMap((d) => [Math.cos((d * Math.PI) / 180), Math.sin((d * Math.PI) / 180)])),
    2,
  );
const cosine = (degrees: number) => Math.cos((degrees * Math.PI) / 180);
// Albums at 0 and 180 degrees that take what lies within 20.
const albums = { centroids: onCircle([0, 180]), radius: Float32Array.of(cosine(20), cosine(20)) };

describe("assignNew", () => {
  it("joins the nearest album within its radius", async () => {
    const found = await assignNew(albums, onCircle([15, 170]), kernels);
    expect([...found.assignment]).toEqual([0, 1]);
    expect(found.opened).toBe(0);
  });

  it("opens one album for several alike that no album takes, and one for a lone one", async () => {
    const found = await assignNew(albums, onCircle([88, 90, 3, 92, 270]), kernels);
    expect([...found.assignment]).toEqual([2, 2, 0, 2, 3]);
    expect(found.opened).toBe(2);
  });

  it("opens albums when there are none yet", async () => {
    const none = { centroids: concatVectors([], 2), radius: new Float32Array(0) };
    const found = await assignNew(none, onCircle([0, 1, 180]), kernels);
    expect([...found.assignment]).toEqual([0, 0, 1]);
  });

  it("takes no images", async () => {
    expect((await assignNew(albums, onCircle([]), kernels)).opened).toBe(0);
  });
});
