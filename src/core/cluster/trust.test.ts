import { describe, expect, it } from "vitest";
import { plainKernels } from "../../../test/conformance/gram.ts";
import { blobs } from "../../../test/conformance/clusterer.ts";
import { dot, makeVectors, normalizeRows, rowOf } from "../vectors.ts";
import { trustOf } from "./trust.ts";

const vectors = blobs(2, 12, { dims: 16, spread: 0.2, seed: 1 });

describe("trust", () => {
  it("is 1 where all neighbours are members", async () => {
    const label = Int32Array.from({ length: 24 }, (_, i) => i % 2);
    expect(await trustOf(vectors, label, 2, plainKernels)).toEqual([1, 1]);
  });

  it("is the share of neighbours that are members, worked by hand", async () => {
    // Directions on a circle, degrees. Album 0 is {0, 1, 10}, album 1 is {2, 40}, 41 is a stray.
    const degrees = [0, 1, 10, 2, 40, 41];
    const circle = normalizeRows(
      makeVectors(
        Float32Array.from(
          degrees.flatMap((d) => [Math.cos((d * Math.PI) / 180), Math.sin((d * Math.PI) / 180)]),
        ),
        2,
      ),
    );
    const albums = await trustOf(circle, Int32Array.of(0, 0, 0, 1, 1, -1), 2, plainKernels);
    // Two neighbours each: of 0 they are 1 and 2, of 1 they are 0 and 2, of 10 they are 2 and 1: half agree.
    // One each: of 2 it is 1, of 40 the stray.
    expect(albums).toEqual([0.5, 0]);
  });

  it("is lower for an album mixed from two kinds than for a clean one", async () => {
    // Album 0 takes half of each kind, albums 1 and 2 the rest of one kind each.
    const label = Int32Array.from({ length: 24 }, (_, i) => (i < 12 ? 0 : 1 + (i % 2)));
    const albums = await trustOf(vectors, label, 3, plainKernels);
    expect(albums[0]).toBeLessThan(0.8);
    expect(albums[1]).toBeLessThan(1);
  });

  it("finds the neighbours that comparing all pairs finds, though it looks around each album only", async () => {
    const kinds = 30;
    const many = blobs(kinds, 8, { dims: 32, spread: 0.7, seed: 3 });
    const label = Int32Array.from({ length: many.rows }, (_, i) => (i % 17 === 0 ? -1 : i % kinds));
    const share = (i: number, wanted: number): number =>
      Array.from({ length: many.rows }, (_, j) => j)
        .filter((j) => j !== i)
        .sort((a, b) => dot(rowOf(many, i), rowOf(many, b)) - dot(rowOf(many, i), rowOf(many, a)))
        .slice(0, wanted)
        .filter((j) => label[j] === label[i]).length / wanted;
    const albums = await trustOf(many, label, kinds, plainKernels);
    for (let c = 0; c < kinds; c++) {
      const rows = [...label.keys()].filter((i) => label[i] === c);
      const all = rows.map((i) => share(i, Math.min(5, rows.length - 1)));
      expect(Math.abs(albums[c]! - all.reduce((sum, x) => sum + x, 0) / all.length)).toBeLessThan(0.05);
    }
  });

  it("is not known of a single image, nor without albums", async () => {
    const label = new Int32Array(24).fill(-1);
    expect(await trustOf(vectors, label, 0, plainKernels)).toEqual([]);
    label[0] = 0;
    expect(await trustOf(vectors, label, 1, plainKernels)).toEqual([null]);
  });
});
