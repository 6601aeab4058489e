import { describe, expect, it } from "vitest";
import { plainKernels } from "../../../test/conformance/gram.ts";
import { blobs } from "../../../test/conformance/clusterer.ts";
import { createRandom } from "../random.ts";
import { evidenceOf, holdsSeveralKinds, isOneKind } from "./kinds.ts";

const shape = { dims: 32, seed: 5 };

describe("evidenceOf", () => {
  it("finds no more structure in one blob than in shapeless rows", async () => {
    const evidence = await evidenceOf(blobs(1, 80, { ...shape, spread: 0.5 }), createRandom(1), plainKernels);
    expect(Math.abs(evidence.structure)).toBeLessThan(0.3);
    expect(isOneKind({ ...evidence, structure: 0 }, null)).toBe(true);
  });

  it("finds clear structure in eight blobs", async () => {
    const evidence = await evidenceOf(blobs(8, 15, { ...shape, spread: 0.3 }), createRandom(1), plainKernels);
    expect(evidence.structure).toBeGreaterThan(0.7);
    expect(isOneKind(evidence, null)).toBe(false);
    expect(isOneKind(evidence, evidence.spread)).toBe(false);
  });

  it("knows the mean distance of all pairs", async () => {
    // Two orthogonal groups: cosine 1 within, 0 between.
    const rows = blobs(1, 2, { dims: 2, spread: 0, seed: 1 });
    rows.data.set([1, 0, 0, 1]);
    expect((await evidenceOf(rows, createRandom(1), plainKernels)).spread).toBeCloseTo(1, 6);
  });
});

it("holdsSeveralKinds does not look at an album that is narrow for its heap", async () => {
  const album = blobs(8, 15, { ...shape, spread: 0.3 });
  const heap = { structure: 2, spread: 10 };
  expect(await holdsSeveralKinds(album, heap, createRandom(1), plainKernels)).toBe(false);
  expect(await holdsSeveralKinds(album, { ...heap, spread: 0.9 }, createRandom(1), plainKernels)).toBe(true);
});
