import { expect, it } from "vitest";
import { plainKernels } from "../../../test/conformance/gram.ts";
import { blobs } from "../../../test/conformance/clusterer.ts";
import { trustOf } from "./trust.ts";

const vectors = blobs(2, 12, { dims: 16, spread: 0.2, seed: 1 });

it("is 1 where all neighbours are members", async () => {
  const trust = await trustOf(
    vectors,
    Int32Array.from({ length: 24 }, (_, i) => i % 2),
    2,
    plainKernels,
  );
  expect([...trust.albums, trust.whole]).toEqual([1, 1, 1]);
});

it("is lower for an album mixed from two kinds than for a clean one", async () => {
  // Album 0 takes half of each kind, albums 1 and 2 the rest of one kind each.
  const label = Int32Array.from({ length: 24 }, (_, i) => (i < 12 ? 0 : 1 + (i % 2)));
  const clean = Int32Array.from({ length: 24 }, (_, i) => i % 2);
  const mixed = await trustOf(vectors, label, 3, plainKernels);
  expect(mixed.whole).toBeLessThan((await trustOf(vectors, clean, 2, plainKernels)).whole);
  expect(mixed.albums[0]).toBeLessThan(0.8);
});

it("is 0 without albums", async () => {
  expect((await trustOf(vectors, new Int32Array(24).fill(-1), 0, plainKernels)).whole).toBe(0);
});
