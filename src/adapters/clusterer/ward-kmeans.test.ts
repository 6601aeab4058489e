import { describe } from "vitest";
import { testClusterer } from "../../../test/conformance/clusterer.ts";
import { createWardKMeans } from "./ward-kmeans.ts";

describe("clusterer ward+kmeans", () => {
  testClusterer({ create: createWardKMeans, findsK: true, takesK: true });
});
