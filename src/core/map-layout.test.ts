import { describe, expect, it } from "vitest";
import { layoutMap } from "./map-layout.ts";
import { createRandom } from "./random.ts";
import { normalizeRows, type Vectors } from "./vectors.ts";

/** `kinds` directions of `dims` numbers, `each` noisy copies of every one. */
function blobs(
  kinds: number,
  each: number,
  dims: number,
  noise: number,
): { vectors: Vectors; kind: Int32Array } {
  const random = createRandom(7);
  const centres = Float32Array.from({ length: kinds * dims }, () => random.next() - 0.5);
  const rows = kinds * each;
  const kind = Int32Array.from({ length: rows }, (_, i) => i % kinds);
  const data = Float32Array.from(
    { length: rows * dims },
    (_, at) => centres[kind[Math.floor(at / dims)]! * dims + (at % dims)]! + noise * (random.next() - 0.5),
  );
  return { vectors: normalizeRows({ data, rows, dims }), kind };
}

/** Share of each point's 5 nearest on the map that are of its kind. */
function purity(map: Float32Array, kind: Int32Array): number {
  let same = 0;
  for (let i = 0; i < kind.length; i++) {
    const order = Array.from(
      kind.keys(),
      (j) => [Math.hypot(map[2 * i]! - map[2 * j]!, map[2 * i + 1]! - map[2 * j + 1]!), j] as const,
    );
    order.sort((a, b) => a[0] - b[0]);
    for (const [, j] of order.slice(1, 6)) same += Number(kind[j] === kind[i]);
  }
  return same / (5 * kind.length);
}

const none = (rows: number) => new Int32Array(rows).fill(-1);

describe("layoutMap", () => {
  it("brings images of a kind together without being told the albums", async () => {
    const { vectors, kind } = blobs(12, 25, 48, 0.7);
    expect(purity(await layoutMap(vectors, none(300), { seed: 1 }), kind)).toBeGreaterThan(0.95);
  });

  it("does so from approximate neighbours too, above 2,000 images", async () => {
    const { vectors, kind } = blobs(12, 180, 32, 0.7);
    expect(purity(await layoutMap(vectors, none(2160), { seed: 1 }), kind)).toBeGreaterThan(0.95);
  });

  it("is the same for the same seed, and stays in the unit square", async () => {
    const { vectors, kind } = blobs(4, 30, 16, 1);
    const first = await layoutMap(vectors, kind, { seed: 3 });
    expect(await layoutMap(vectors, kind, { seed: 3 })).toEqual(first);
    expect(await layoutMap(vectors, kind, { seed: 4 })).not.toEqual(first);
    expect(first.every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(Math.max(...first) - Math.min(...first)).toBeGreaterThan(0.9);
  });

  it("gives equal images places of their own", async () => {
    const data = new Float32Array(50 * 8).fill(Math.sqrt(1 / 8));
    const map = await layoutMap({ data, rows: 50, dims: 8 }, none(50), { seed: 1 });
    expect(new Set(Array.from({ length: 50 }, (_, i) => `${map[2 * i]},${map[2 * i + 1]}`)).size).toBe(50);
  });

  it("takes sets too small for neighbours or axes", async () => {
    const at = (rows: number) =>
      layoutMap({ data: new Float32Array(rows * 3).fill(0.577), rows, dims: 3 }, none(rows), { seed: 1 });
    expect(await at(0)).toEqual(new Float32Array(0));
    expect(await at(1)).toEqual(new Float32Array([0.5, 0.5]));
    expect((await at(2)).every(Number.isFinite)).toBe(true);
    expect((await at(3)).every(Number.isFinite)).toBe(true);
  });

  it("stops when told to, and refuses an assignment of another length", async () => {
    const { vectors, kind } = blobs(4, 30, 16, 1);
    await expect(layoutMap(vectors, kind, { seed: 1, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "ABORTED",
    });
    await expect(layoutMap(vectors, none(3), { seed: 1 })).rejects.toMatchObject({ code: "VECTORS_INVALID" });
  });
});
