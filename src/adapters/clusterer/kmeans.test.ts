import { expect, it } from "vitest";
import { blobs, requestFor, testClusterer } from "../../../test/conformance/clusterer.ts";
import { createPlainMatrix } from "../matrix/plain.ts";
import { createKMeans } from "./kmeans.ts";

const matrix = createPlainMatrix();
testClusterer("kmeans", { create: async () => createKMeans({ matrix }), findsK: false, takesK: true });

it("refuses to run without the number of albums", async () => {
  const vectors = blobs(2, 5, { dims: 8, spread: 0.2, seed: 1 });
  const call = { signal: new AbortController().signal };
  await expect(createKMeans({ matrix }).cluster(requestFor(vectors), call)).rejects.toMatchObject({
    code: "CLUSTERING_INVALID",
  });
});
