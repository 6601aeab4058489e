/** What every backend of the Matrix port must do. */
import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/core/random.ts";
import {
  dot,
  emptyVectors,
  makeVectors,
  normalizeRows,
  rowOf,
  type Vectors,
} from "../../src/core/vectors.ts";
import { createPlainMatrix } from "../../src/adapters/matrix/plain.ts";
import type { Matrix } from "../../src/ports/matrix.ts";

const call = { signal: new AbortController().signal };

export function randomUnitRows(rows: number, dims: number, seed: number): Vectors {
  const random = createRandom(seed);
  return normalizeRows(
    makeVectors(
      Float32Array.from({ length: rows * dims }, () => random.next() - 0.5),
      dims,
    ),
  );
}

export function testMatrix(name: string, options: { create(): Promise<Matrix> }): void {
  describe(`matrix ${name}`, () => {
    it("finds the nearest centroid of each row, worked by hand", async () => {
      const matrix = await options.create();
      const points = makeVectors(Float32Array.of(1, 0, 0.6, 0.8, 0, -1), 2);
      const centroids = makeVectors(Float32Array.of(0, 1, 1, 0), 2);
      const found = await matrix.nearest(points, centroids, call);
      expect([...found.index]).toEqual([1, 0, 1]);
      expect([...found.similarity]).toEqual([1, Math.fround(0.8), 0]);
      await matrix.dispose();
    });

    it("gives ties to the lowest index", async () => {
      const matrix = await options.create();
      const point = makeVectors(Float32Array.of(1, 0), 2);
      const base = makeVectors(Float32Array.of(0, 1, 1, 0, 1, 0, 1, 0), 2);
      expect([...(await matrix.nearest(point, base, call)).index]).toEqual([1]);
      expect([...(await matrix.topK(point, base, 4, call)).index]).toEqual([1, 2, 3, 0]);
      await matrix.dispose();
    });

    it("cuts k to the number of rows there are", async () => {
      const matrix = await options.create();
      const base = randomUnitRows(3, 4, 1);
      const found = await matrix.topK(base, base, 10, call);
      expect(found.k).toBe(3);
      expect([found.index[0], found.index[3], found.index[6]]).toEqual([0, 1, 2]);
      await matrix.dispose();
    });

    it("equals plain loops over several blocks of rows", async () => {
      const matrix = await options.create();
      const plain = createPlainMatrix();
      const points = randomUnitRows(2_100, 24, 2);
      const base = randomUnitRows(65, 24, 3);
      const near = await matrix.nearest(points, base, call);
      const nearPlain = await plain.nearest(points, base, call);
      expect(near.index).toEqual(nearPlain.index);
      expectClose(near.similarity, nearPlain.similarity);
      const top = await matrix.topK(points, base, 7, call);
      const topPlain = await plain.topK(points, base, 7, call);
      expect(top.index).toEqual(topPlain.index);
      expectClose(top.similarity, topPlain.similarity);
      expectClose(await matrix.multiply(points, base, call), await plain.multiply(points, base, call));
      await matrix.dispose();
    });

    it("searches a base of more than one block", async () => {
      const matrix = await options.create();
      const base = randomUnitRows(70_000, 3, 4);
      const queries = makeVectors(base.data.slice(69_000 * 3, 69_002 * 3), 3);
      const top = await matrix.topK(queries, base, 5, call);
      const plain = await createPlainMatrix().topK(queries, base, 5, call);
      expectClose(top.similarity, plain.similarity);
      expect(top.index[0]).toBe(69_000);
      expect(top.index[5]).toBe(69_001);
      await matrix.dispose();
    });

    it("gives the same bits when run again", async () => {
      const matrix = await options.create();
      const points = randomUnitRows(1_100, 64, 5);
      const first = await matrix.multiply(points, points, call);
      expect(sameBits(await matrix.multiply(points, points, call), first)).toBe(true);
      await matrix.dispose();
    });

    it("takes no rows on the left and refuses none on the right", async () => {
      const matrix = await options.create();
      const some = randomUnitRows(2, 3, 6);
      expect((await matrix.nearest(emptyVectors(3), some, call)).index.length).toBe(0);
      expect((await matrix.topK(emptyVectors(3), some, 2, call)).index.length).toBe(0);
      await expect(matrix.nearest(some, emptyVectors(3), call)).rejects.toMatchObject({
        code: "VECTORS_INVALID",
      });
      await matrix.dispose();
    });

    it("refuses vectors of different dims", async () => {
      const matrix = await options.create();
      await expect(
        matrix.multiply(randomUnitRows(2, 3, 7), randomUnitRows(2, 4, 8), call),
      ).rejects.toMatchObject({
        code: "VECTORS_INVALID",
      });
      await matrix.dispose();
    });

    it("screens within the error it states, whichever rows are asked for", async () => {
      const matrix = await options.create();
      for (const [dims, centroids] of [
        [24, 97],
        [37, 130],
      ]) {
        const points = randomUnitRows(3_000, dims, 10);
        points.data.fill(0, 5 * dims, 6 * dims);
        const others = randomUnitRows(centroids, dims, 11);
        const screen = await matrix.screen(points, centroids, call);
        if (screen === null) continue;
        const into = new Int32Array(Math.ceil(1.5 * screen.maxRows) * centroids);
        const round = screen.against(others);
        const scattered = [0, 5, 6, 900, 2_999];
        const run = Array.from({ length: Math.min(screen.maxRows, 300) }, (_, i) => 100 + i);
        for (const rows of [scattered, run]) {
          const found = await round.score(Int32Array.from(rows), into);
          rows.forEach((row, i) => {
            expect(found.errorOf(i)).toBeLessThan(0.05);
            for (let c = 0; c < centroids; c++) {
              const score = into[found.startOf(i) + c] * found.worthOf(i);
              const difference = score - dot(rowOf(points, row), rowOf(others, c));
              if (Math.abs(difference) > found.errorOf(i))
                expect.fail(`row ${row}, centroid ${c}: ${difference}`);
            }
          });
        }
      }
      await matrix.dispose();
    });

    it("stops when the signal has fired", async () => {
      const matrix = await options.create();
      const aborted = { signal: AbortSignal.abort() };
      const some = randomUnitRows(4, 3, 9);
      await expect(matrix.nearest(some, some, aborted)).rejects.toMatchObject({ code: "ABORTED" });
      await matrix.dispose();
    });
  });
}

function expectClose(found: Float32Array, expected: Float32Array): void {
  expect(found.length).toBe(expected.length);
  let worst = 0;
  for (let i = 0; i < found.length; i++) worst = Math.max(worst, Math.abs(found[i] - expected[i]));
  expect(worst).toBeLessThan(1e-6);
}

export function sameBits(a: Float32Array, b: Float32Array): boolean {
  return Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(
    Buffer.from(b.buffer, b.byteOffset, b.byteLength),
  );
}
