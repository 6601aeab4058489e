import { expect, it } from "vitest";
import { blobs, expectSound, requestFor } from "../../../test/conformance/clusterer.ts";
import { accuracy } from "../../core/metrics.ts";
import { squaredDistances, wardTree } from "../../core/cluster/linkage.ts";
import { createOnnxMatrix } from "../matrix/onnx.ts";
import { createWardKMeans } from "./ward-kmeans.ts";

const call = { signal: new AbortController().signal };

it("finds 40 groups among 20,000 rows by way of micro-clusters, the same on one thread as on two", async () => {
  const request = requestFor(blobs(40, 500, { dims: 64, spread: 0.4, seed: 1 }));
  const found = [];
  for (const threads of [1, 2]) {
    const matrix = await createOnnxMatrix({ threads });
    found.push(await createWardKMeans({ matrix }).cluster(request, call));
    await matrix.dispose();
  }
  expectSound(found[0], request);
  expect(
    accuracy(
      Array.from({ length: 20_000 }, (_, i) => i % 40),
      found[0].assignment,
    ),
  ).toBeGreaterThan(0.95);
  expect(found[1].assignment).toEqual(found[0].assignment);
});

it("builds Ward's tree of 2,000 rows of 512 in a second", async () => {
  const vectors = blobs(50, 40, { dims: 512, spread: 0.5, seed: 2 });
  const matrix = await createOnnxMatrix();
  const times: number[] = [];
  for (let run = 0; run < 3; run++) {
    const start = performance.now();
    wardTree(squaredDistances(vectors, await matrix.multiply(vectors, vectors, call)), 2000);
    times.push(performance.now() - start);
  }
  await matrix.dispose();
  expect(Math.min(...times)).toBeLessThan(1000);
});
