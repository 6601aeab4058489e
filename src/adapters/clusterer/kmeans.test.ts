import { describe, expect, it } from "vitest";
import { requestFor, testClusterer } from "../../../test/conformance/clusterer.ts";
import { emptyVectors } from "../../core/vectors.ts";
import { createPlainMatrix } from "../matrix/plain.ts";
import { createKMeans } from "./kmeans.ts";

describe("clusterer kmeans", () => {
  testClusterer({ create: createKMeans, findsK: false, takesK: true });

  it("refuses to run without the number of albums, before any image is looked at", () => {
    const clusterer = createKMeans({ matrix: createPlainMatrix() });
    expect(() => clusterer.check(requestFor(emptyVectors(8)))).toThrow(/told the number of albums/);
  });
});
