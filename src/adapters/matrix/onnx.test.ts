import { expect, it } from "vitest";
import { randomUnitRows, sameBits, testMatrix } from "../../../test/conformance/matrix.ts";
import { lloyd } from "../../../test/support/lloyd.ts";
import { kMeans } from "../../core/cluster/kmeans.ts";
import { sampleRows } from "../../core/cluster/micro.ts";
import { createRandom } from "../../core/random.ts";
import { kernelsOf } from "../../ports/matrix.ts";
import { createOnnxMatrix } from "./onnx.ts";

testMatrix("onnx", { create: () => createOnnxMatrix() });

it("gives the same bits on one thread and on two", async () => {
  const call = { signal: new AbortController().signal };
  const points = randomUnitRows(1_300, 512, 1);
  const centroids = randomUnitRows(77, 512, 2);
  const one = await createOnnxMatrix({ threads: 1 });
  const two = await createOnnxMatrix({ threads: 2 });
  expect(
    sameBits(await one.multiply(points, centroids, call), await two.multiply(points, centroids, call)),
  ).toBe(true);
  expect(await one.nearest(points, centroids, call)).toEqual(await two.nearest(points, centroids, call));
  await one.dispose();
  await two.dispose();
});

it("lets k-means find the plain iteration's labels by way of bytes, in rows of an odd length", async () => {
  const matrix = await createOnnxMatrix();
  const kernels = kernelsOf(matrix, { signal: new AbortController().signal });
  const points = randomUnitRows(9_000, 70, 1);
  const start = sampleRows(points, 61, createRandom(2));
  const found = await kMeans(points, start, kernels, { maxIterations: 8 });
  const plain = await lloyd(points, start, { assign: kernels.assign, maxIterations: 8, spherical: true });
  expect(found.index).toEqual(plain.index);
  await matrix.dispose();
});

it("has no screen where it would not pay", async () => {
  const matrix = await createOnnxMatrix();
  const call = { signal: new AbortController().signal };
  expect(await matrix.screen(randomUnitRows(1_000, 8, 1), 3, call)).toBeNull();
  await matrix.dispose();
});
