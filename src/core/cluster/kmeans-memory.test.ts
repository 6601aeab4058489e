import { describe, expect, it } from "vitest";
import { randomUnitRows } from "../../../test/conformance/matrix.ts";
import { nextCentroids } from "../../../test/support/lloyd.ts";
import { dot, rowOf, takeRows } from "../vectors.ts";
import { createKMeansMemory } from "./kmeans-memory.ts";

describe.each([
  ["with all rows resident", 2 ** 20],
  ["with rows copied in block by block", 0],
])("createKMeansMemory %s", (_, residentBytes) => {
  const points = randomUnitRows(50, 21, 1);
  const start = takeRows(points, [7, 8, 9, 10, 11]);
  const open = () => createKMeansMemory(points, start, { slack: 1e-5, blockRows: 8, residentBytes });
  const close = Int32Array.of(3, 4, 6, 7);
  const scattered = Int32Array.of(0, 20, 49);

  it("finds the nearest centroid and its lead, whether coarse scores suffice or say nothing", () => {
    for (const rows of [close, scattered])
      for (const error of [0.001, 3]) {
        const memory = open();
        rows.forEach((row, i) => {
          for (let c = 0; c < 5; c++)
            memory.scores[i * 5 + c] = Math.round(1e4 * dot(rowOf(points, row), rowOf(start, c)));
        });
        memory.stage(rows);
        const coarse = { startOf: (i: number) => i * 5, worthOf: () => 1e-4, errorOf: () => error };
        const { label, lead } = memory.decide(coarse, () => 4);
        rows.forEach((row, i) => {
          const scores = [0, 1, 2, 3, 4].map((c) => dot(rowOf(points, row), rowOf(start, c)));
          const [first, second] = scores.toSorted((a, b) => b - a);
          expect(label[i]).toBe(scores.indexOf(first));
          expect(lead[i]).toBeGreaterThan(0);
          expect(lead[i]).toBeLessThanOrEqual(first - second);
        });
      }
  });

  it("moves centroids to the means of their members, and leaves those without where they are", () => {
    const memory = open();
    memory.stage(close);
    close.forEach((_row, i) => memory.move(i, -1, i % 2));
    memory.stage(scattered);
    scattered.forEach((_row, i) => memory.move(i, -1, 3));
    memory.move(2, 3, 1);
    const drift = memory.step();
    const index = new Int32Array(50).fill(-1);
    close.forEach((row, i) => (index[row] = i % 2));
    scattered.forEach((row, i) => (index[row] = i === 2 ? 1 : 3));
    const means = nextCentroids(points, index, start, true);
    memory.centroids.data.forEach((x, at) => expect(x).toBeCloseTo(means.data[at], 6));
    expect([drift[2], drift[4]]).toEqual([0, 0]);
    expect(drift[0]).toBeGreaterThan(0);
    expect(memory.step().every((distance) => distance === 0)).toBe(true);
  });
});
