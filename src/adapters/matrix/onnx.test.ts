import { expect, it } from "vitest";
import { randomUnitRows, sameBits, testMatrix } from "../../../test/conformance/matrix.ts";
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
