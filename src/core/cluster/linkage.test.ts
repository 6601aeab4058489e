import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { createRandom } from "../random.ts";
import { makeVectors, normalizeRows, type Vectors } from "../vectors.ts";
import { cutTree, squaredDistances, wardTree } from "./linkage.ts";

function gramOf(vectors: Vectors): Float32Array {
  const { data, rows, dims } = vectors;
  const gram = new Float32Array(rows * rows);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < rows; j++)
      for (let d = 0; d < dims; d++) gram[i * rows + j] += data[i * dims + d] * data[j * dims + d];
  return gram;
}

function treeOf(vectors: Vectors, weights?: number[]) {
  return wardTree(squaredDistances(vectors, gramOf(vectors)), vectors.rows, weights);
}

describe("wardTree", () => {
  it("merges the closest pair first, worked by hand", () => {
    // On a line: 0, 1, 5. d(0,1) = 1; then {0,1} (centre .5) with 5: sqrt(2*2*1/3) * 4.5 = 5.196.
    const tree = treeOf(makeVectors(Float32Array.of(0, 1, 5), 1));
    expect([tree.left[0], tree.right[0]]).toEqual([0, 1]);
    expect([tree.left[1], tree.right[1]].sort()).toEqual([2, 3]);
    expect(tree.height[0]).toBeCloseTo(1, 12);
    expect(tree.height[1]).toBeCloseTo(Math.sqrt((2 * 2 * 1) / 3) * 4.5, 12);
  });

  it("makes no tree of nothing or of one", () => {
    expect(wardTree(new Float64Array(0), 0).height.length).toBe(0);
    expect([...cutTree(wardTree(new Float64Array(1), 1), 3)]).toEqual([0]);
  });

  it("gives ascending heights and cuts that only ever join groups", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 40 }), fc.integer(), (n, seed) => {
        const random = createRandom(seed);
        const vectors = normalizeRows(
          makeVectors(
            Float32Array.from({ length: n * 3 }, () => Math.round(random.next() * 6 - 3)),
            3,
          ),
        );
        const tree = treeOf(vectors);
        for (let s = 1; s < n - 1; s++) expect(tree.height[s]).toBeGreaterThanOrEqual(tree.height[s - 1]);
        for (let k = 1; k <= n; k++) {
          const cut = cutTree(tree, k);
          expect(new Set(cut).size).toBe(k);
          if (k > 1) {
            const finerToCoarser = new Map<number, number>();
            const coarse = cutTree(tree, k - 1);
            cut.forEach((c, i) => {
              expect(finerToCoarser.get(c) ?? coarse[i]).toBe(coarse[i]);
              finerToCoarser.set(c, coarse[i]);
            });
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it("treats a leaf of weight w like w equal points", () => {
    const base = normalizeRows(makeVectors(Float32Array.of(1, 0, 0.8, 0.6, 0, 1, -1, 0.2), 2));
    const weights = [3, 1, 2, 1];
    const repeated = weights.flatMap((w, i) =>
      Array.from({ length: w }, () => [...base.data.subarray(i * 2, i * 2 + 2)]).flat(),
    );
    const whole = treeOf(makeVectors(Float32Array.from(repeated), 2));
    const weighted = treeOf(base, weights);
    const last = [...whole.height].slice(-3);
    [...weighted.height].forEach((h, s) => expect(h).toBeCloseTo(last[s], 6));
  });
});
