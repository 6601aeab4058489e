import { expect, it } from "vitest";
import { blobs } from "../../../test/conformance/clusterer.ts";
import { makeVectors, normalizeRows } from "../vectors.ts";
import { parentsOf } from "./parents.ts";

it("shows a level above when albums come in clear families", () => {
  // Three families of four albums: album = family direction + a smaller one of its own.
  const families = blobs(3, 1, { dims: 32, spread: 0, seed: 1 });
  const albums = blobs(12, 1, { dims: 32, spread: 0, seed: 2 });
  const noise = blobs(120, 1, { dims: 32, spread: 0, seed: 3 });
  const data = new Float32Array(120 * 32);
  for (let i = 0; i < 120; i++)
    for (let j = 0; j < 32; j++)
      data[i * 32 + j] =
        families.data[((i % 12) % 3) * 32 + j] +
        0.35 * albums.data[(i % 12) * 32 + j] +
        0.1 * noise.data[i * 32 + j];
  const parents = parentsOf(
    normalizeRows(makeVectors(data, 32)),
    Int32Array.from({ length: 120 }, (_, i) => i % 12),
    12,
  );
  expect(parents && [...parents]).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
});

it("shows none when albums have nothing to do with each other, or are few", () => {
  const assignment = (k: number) => Int32Array.from({ length: k * 10 }, (_, i) => i % k);
  expect(parentsOf(blobs(12, 10, { dims: 64, spread: 0.2, seed: 4 }), assignment(12), 12)).toBeNull();
  expect(parentsOf(blobs(4, 10, { dims: 64, spread: 0.2, seed: 4 }), assignment(4), 4)).toBeNull();
});
