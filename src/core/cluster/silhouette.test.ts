import { expect, it } from "vitest";
import * as fc from "fast-check";
import { createRandom } from "../random.ts";
import { makeVectors, normalizeRows, type Vectors } from "../vectors.ts";
import { cutTree, squaredDistances, wardTree } from "./linkage.ts";
import { silhouettesOf } from "./silhouette.ts";

function gramOf({ data, rows, dims }: Vectors): Float32Array {
  const gram = new Float32Array(rows * rows);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < rows; j++)
      for (let d = 0; d < dims; d++) gram[i * rows + j] += data[i * dims + d] * data[j * dims + d];
  return gram;
}

/** By the definition, row by row. */
function silhouetteOf(gram: Float32Array, labels: Int32Array): number {
  const n = labels.length;
  const k = Math.max(...labels) + 1;
  let total = 0;
  for (let i = 0; i < n; i++) {
    const sums = new Float64Array(k);
    const counts = new Float64Array(k);
    for (let j = 0; j < n; j++)
      if (j !== i) {
        sums[labels[j]] += Math.max(0, 1 - gram[i * n + j]);
        counts[labels[j]]++;
      }
    if (counts[labels[i]] === 0) continue;
    const a = sums[labels[i]] / counts[labels[i]];
    let b = Infinity;
    for (let c = 0; c < k; c++) if (c !== labels[i]) b = Math.min(b, sums[c] / counts[c]);
    if (Math.max(a, b) > 0) total += (b - a) / Math.max(a, b);
  }
  return total / n;
}

it("equals the definition at every cut", () => {
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 30 }), fc.integer(), (n, seed) => {
      const random = createRandom(seed);
      const vectors = normalizeRows(
        makeVectors(
          Float32Array.from({ length: n * 4 }, () => random.next() - 0.4),
          4,
        ),
      );
      const gram = gramOf(vectors);
      const tree = wardTree(squaredDistances(vectors, gram), n);
      const most = Math.max(2, n - 3);
      const values = silhouettesOf(tree, gram, most);
      for (let k = 2; k <= most; k++) expect(values[k]).toBeCloseTo(silhouetteOf(gram, cutTree(tree, k)), 6);
    }),
    { numRuns: 40 },
  );
});

it("is 1 for two far pairs of equal rows, worked by hand", () => {
  const vectors = makeVectors(Float32Array.of(1, 0, 1, 0, 0, 1, 0, 1), 2);
  const gram = gramOf(vectors);
  const values = silhouettesOf(wardTree(squaredDistances(vectors, gram), 4), gram, 4);
  expect(values[2]).toBeCloseTo(1, 6);
  expect(values[4]).toBe(0);
});
