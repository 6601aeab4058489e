import { describe, expect, it } from "vitest";
import { blobs, requestFor, testClusterer } from "../../../test/conformance/clusterer.ts";
import { emptyVectors } from "../../core/vectors.ts";
import { createPlainMatrix } from "../matrix/plain.ts";
import { createDensity } from "./density.ts";

describe("clusterer density", () => {
  testClusterer({ create: createDensity, findsK: true, takesK: false });
});

const matrix = createPlainMatrix();
const call = { signal: new AbortController().signal };

it("leaves what is far from every dense region Unsorted", async () => {
  const vectors = blobs(2, 20, { dims: 16, spread: 0.15, seed: 1 });
  // Two images opposite to everything.
  for (let j = 0; j < 16; j++) vectors.data[j] = -vectors.data[2 * 16 + j] - vectors.data[3 * 16 + j];
  const found = await createDensity({ matrix }).cluster(requestFor(vectors), call);
  expect(found.k).toBe(2);
  expect(found.assignment[0]).toBe(-1);
});

it("refuses to be told the number of albums", () => {
  const vectors = emptyVectors(8);
  for (const told of [{ albums: 2 }, { maxAlbums: 2 }])
    expect(() => createDensity({ matrix }).check(requestFor(vectors, told))).toThrow(
      /finds the number of albums itself/,
    );
});

it("refuses more images than it has memory for distances, saying which clusterer takes them", async () => {
  const vectors = { data: new Float32Array(5001), rows: 5001, dims: 1 };
  await expect(createDensity({ matrix }).cluster(requestFor(vectors), call)).rejects.toMatchObject({
    code: "CLUSTERING_INVALID",
    message: expect.stringContaining("at most 5000") as string,
    hint: expect.stringContaining("ward+kmeans") as string,
  });
});
