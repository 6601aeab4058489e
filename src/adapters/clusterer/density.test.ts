import { expect, it } from "vitest";
import { blobs, requestFor, testClusterer } from "../../../test/conformance/clusterer.ts";
import { createPlainMatrix } from "../matrix/plain.ts";
import { createDensity } from "./density.ts";

const matrix = createPlainMatrix();
testClusterer("density", { create: async () => createDensity({ matrix }), findsK: true, takesK: false });

const call = { signal: new AbortController().signal };

it("leaves what is far from every dense region Unsorted", async () => {
  const vectors = blobs(2, 20, { dims: 16, spread: 0.15, seed: 1 });
  // Two images opposite to everything.
  for (let j = 0; j < 16; j++) vectors.data[j] = -vectors.data[2 * 16 + j] - vectors.data[3 * 16 + j];
  const found = await createDensity({ matrix }).cluster(requestFor(vectors), call);
  expect(found.k).toBe(2);
  expect(found.assignment[0]).toBe(-1);
});

it("refuses to be told the number of albums", async () => {
  const vectors = blobs(2, 20, { dims: 16, spread: 0.15, seed: 1 });
  await expect(
    createDensity({ matrix }).cluster(requestFor(vectors, { albums: 2 }), call),
  ).rejects.toMatchObject({
    code: "CLUSTERING_INVALID",
  });
});
