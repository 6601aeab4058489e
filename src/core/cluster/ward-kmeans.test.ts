import { expect, it } from "vitest";
import { blobs } from "../../../test/conformance/clusterer.ts";
import { plainKernels } from "../../../test/conformance/gram.ts";
import { concatVectors, normalizeRows, takeRows, type Vectors } from "../vectors.ts";
import { wardKMeans, type GroupingRequest } from "./ward-kmeans.ts";

/** Twelve groups of ten that lie by threes, the threes more or less apart: no one height of the hierarchy suits all. */
function nested(seed: number): Vectors {
  const dims = 24;
  const threes = [0.35, 0.5, 0.65, 0.8].map((spread, at) => {
    const centres = blobs(1, 3, { dims, spread, seed: seed + at });
    const noise = blobs(30, 1, { dims, spread: 1, seed: seed + 50 + at });
    const around = takeRows(
      centres,
      Int32Array.from({ length: 30 }, (_, i) => i % 3),
    );
    for (let j = 0; j < around.data.length; j++) around.data[j]! += 0.4 * noise.data[j]!;
    return normalizeRows(around);
  });
  return concatVectors(threes, dims);
}

async function albumsFound(vectors: Vectors, changes: Partial<GroupingRequest>): Promise<number> {
  const request: GroupingRequest = {
    vectors,
    albums: null,
    granularity: "normal",
    minAlbumSize: 1,
    maxAlbums: null,
    unrelated: null,
    seed: 1,
  };
  return (await wardKMeans({ ...request, ...changes }, plainKernels)).k;
}

it("never finds more albums when told coarse, nor fewer when told fine", async () => {
  const counts = [];
  for (const seed of [1, 101, 201, 301, 401]) {
    const vectors = nested(seed);
    const coarse = await albumsFound(vectors, { granularity: "coarse" });
    const normal = await albumsFound(vectors, {});
    const fine = await albumsFound(vectors, { granularity: "fine" });
    expect(coarse).toBeLessThanOrEqual(normal);
    expect(normal).toBeLessThanOrEqual(fine);
    counts.push([coarse, normal, fine]);
  }
  // The knob does something.
  expect(counts.some(([coarse, , fine]) => coarse! < fine!)).toBe(true);
});

it("keeps fine albums to the most allowed", async () => {
  for (const maxAlbums of [2, 4, 6])
    expect(await albumsFound(nested(2), { granularity: "fine", maxAlbums })).toBeLessThanOrEqual(maxAlbums);
});
