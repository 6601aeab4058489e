import { expect, it } from "vitest";
import { gramOf } from "../../../test/conformance/gram.ts";
import { blobs } from "../../../test/conformance/clusterer.ts";
import { makeVectors, takeRows } from "../vectors.ts";
import { cutTree, squaredDistances, wardTree } from "./linkage.ts";
import { modularitiesOf } from "./modularity.ts";

const ones = (n: number) => new Float64Array(n).fill(1);

it("is what two far pairs of equal rows give, worked by hand", async () => {
  const vectors = makeVectors(Float32Array.of(1, 0, 1, 0, 0, 1, 0, 1), 2);
  const gram = await gramOf(vectors);
  const tree = wardTree(squaredDistances(vectors, gram), 4);
  const values = modularitiesOf(tree, gram, ones(4), { neighbours: 1, mostGroups: 4 });
  // Two groups hold all four edges; by chance they would hold (1/2)² + (1/2)². One group holds all, by chance too.
  expect(values[2]).toBe(0.5);
  expect(values[1]).toBe(0);
  expect(values[4]).toBe(-0.25);
});

it("equals the definition at every cut", async () => {
  const n = 40;
  const vectors = blobs(4, 10, { dims: 6, spread: 0.6, seed: 3 });
  const gram = await gramOf(vectors);
  const tree = wardTree(squaredDistances(vectors, gram), n);
  const values = modularitiesOf(tree, gram, ones(n), { neighbours: 3, mostGroups: n });
  for (const k of [1, 2, 5, 17, 40]) {
    const label = cutTree(tree, k);
    let inside = 0;
    for (let i = 0; i < n; i++) {
      const order = [...Array(n).keys()]
        .filter((j) => j !== i)
        .sort((a, b) => gram[i * n + b] - gram[i * n + a]);
      inside += order.slice(0, 3).filter((j) => label[j] === label[i]).length;
    }
    const size = new Map<number, number>();
    for (const c of label) size.set(c, (size.get(c) ?? 0) + 1);
    const chance = [...size.values()].reduce((sum, s) => sum + (s / n) ** 2, 0);
    expect(values[k]).toBeCloseTo(inside / (3 * n) - chance, 12);
  }
});

it("treats a leaf of several rows like its rows", async () => {
  const rows = takeRows(blobs(2, 3, { dims: 6, spread: 0.5, seed: 4 }), [0, 0, 0, 0, 1, 2, 3, 3, 3, 3, 4, 5]);
  const gram = await gramOf(rows);
  const whole = modularitiesOf(wardTree(squaredDistances(rows, gram), 12), gram, ones(12), {
    neighbours: 3,
    mostGroups: 6,
  });
  const leaves = takeRows(blobs(2, 3, { dims: 6, spread: 0.5, seed: 4 }), [0, 1, 2, 3, 4, 5]);
  const weights = Float64Array.of(4, 1, 1, 4, 1, 1);
  const leafGram = await gramOf(leaves);
  const tree = wardTree(squaredDistances(leaves, leafGram), 6, weights);
  const leafValues = modularitiesOf(tree, leafGram, weights, { neighbours: 3, mostGroups: 6 });
  for (let k = 1; k <= 6; k++) expect(leafValues[k]).toBeCloseTo(whole[k], 9);
});
