/** What every backend of the Clusterer port must do. */
import { afterAll, describe, expect, it } from "vitest";
import { createOnnxMatrix } from "../../src/adapters/matrix/onnx.ts";
import { createPlainMatrix } from "../../src/adapters/matrix/plain.ts";
import { createRandom } from "../../src/core/random.ts";
import { emptyVectors, makeVectors, normalizeRows, takeRows, type Vectors } from "../../src/core/vectors.ts";
import { accuracy } from "../../src/core/metrics.ts";
import type { Clusterer, Clustering, ClusteringRequest } from "../../src/ports/clusterer.ts";
import type { Matrix } from "../../src/ports/matrix.ts";

const call = { signal: new AbortController().signal };

/** `k` seeded directions with `each` unit rows around every one; row i is of kind i % k. */
export function blobs(
  k: number,
  each: number,
  options: { dims: number; spread: number; seed: number },
): Vectors {
  const { dims, spread } = options;
  const random = createRandom(options.seed);
  // Sum of uniform numbers: near enough to normal for a blob.
  const noise = () => random.next() + random.next() + random.next() - 1.5;
  const centres = normalizeRows(makeVectors(Float32Array.from({ length: k * dims }, noise), dims));
  const data = new Float32Array(k * each * dims);
  const scale = spread / Math.sqrt(dims / 4);
  for (let i = 0; i < k * each; i++)
    for (let j = 0; j < dims; j++) data[i * dims + j] = centres.data[(i % k) * dims + j] + scale * noise();
  return normalizeRows(makeVectors(data, dims));
}

export function requestFor(vectors: Vectors, changes: Partial<ClusteringRequest> = {}): ClusteringRequest {
  return {
    vectors,
    albums: null,
    granularity: "normal",
    minAlbumSize: 1,
    maxAlbums: null,
    seed: 1,
    ...changes,
  };
}

/** Every promise that the Clustering type makes. */
export function expectSound(found: Clustering, request: ClusteringRequest): void {
  const { rows, dims } = request.vectors;
  expect(found.assignment.length).toBe(rows);
  expect(found.similarity.length).toBe(rows);
  expect(found.centroids.rows).toBe(found.k);
  expect(found.centroids.dims).toBe(dims);
  expect(found.radius.length).toBe(found.k);
  const size = new Int32Array(found.k);
  for (const c of found.assignment) {
    expect(c).toBeGreaterThanOrEqual(-1);
    expect(c).toBeLessThan(found.k);
    if (c >= 0) size[c]++;
  }
  for (const count of size) expect(count).toBeGreaterThanOrEqual(request.minAlbumSize);
  for (const values of [found.similarity, found.radius, found.centroids.data])
    for (const value of values) expect(Number.isFinite(value)).toBe(true);
  for (const s of found.similarity) expect(Math.abs(s)).toBeLessThanOrEqual(1 + 1e-6);
  if (found.parents) expect(found.parents.length).toBe(found.k);
  if (request.maxAlbums !== null) expect(found.k).toBeLessThanOrEqual(request.maxAlbums);
}

export interface ClustererTraits {
  create(parts: { readonly matrix: Matrix }): Clusterer;
  /** false: it refuses to run without `albums` */
  readonly findsK: boolean;
  /** false: it refuses `albums` */
  readonly takesK: boolean;
}

/** Runs the whole suite on plain loops and on ONNX Runtime, whose rounding differs. */
export function testClusterer(traits: ClustererTraits): void {
  const onnx = createOnnxMatrix({ threads: 2 });
  afterAll(async () => (await onnx).dispose());
  const matrices: readonly [string, () => Promise<Matrix>][] = [
    ["plain loops", async () => createPlainMatrix()],
    ["ONNX Runtime", () => onnx],
  ];
  const given = (k: number): Partial<ClusteringRequest> => ({ albums: traits.takesK ? k : null });

  it("gives the same result on one thread as on two", async () => {
    const vectors = blobs(9, 60, { dims: 96, spread: 0.8, seed: 13 });
    const request = requestFor(vectors, given(9));
    const one = await createOnnxMatrix({ threads: 1 });
    const alone = await traits.create({ matrix: one }).cluster(request, call);
    await one.dispose();
    expect(alone).toEqual(await traits.create({ matrix: await onnx }).cluster(request, call));
    expect(alone.k).toBeGreaterThan(1);
  });

  describe.each(matrices)("on %s", (_, matrix) => {
    const create = async () => traits.create({ matrix: await matrix() });

    it("finds four clear groups", async () => {
      const vectors = blobs(4, 30, { dims: 16, spread: 0.2, seed: 1 });
      const request = requestFor(vectors, traits.findsK ? {} : given(4));
      const found = await (await create()).cluster(request, call);
      expectSound(found, request);
      expect(found.k).toBe(4);
      expect(
        accuracy(
          Array.from({ length: 120 }, (_, i) => i % 4),
          found.assignment,
        ),
      ).toBeGreaterThan(0.95);
    });

    it("gives the same result for the same seed", async () => {
      const vectors = blobs(5, 20, { dims: 12, spread: 0.5, seed: 2 });
      const request = requestFor(vectors, given(5));
      const clusterer = await create();
      expect(await clusterer.cluster(request, call)).toEqual(await clusterer.cluster(request, call));
    });

    it("makes no albums of no images", async () => {
      const request = requestFor(emptyVectors(8), given(3));
      const found = await (await create()).cluster(request, call);
      expectSound(found, request);
      expect(found.k).toBe(0);
    });

    it.each([1, 2, 3])("takes %i image(s), even when more albums are wanted", async (n) => {
      const request = requestFor(
        takeRows(blobs(3, 1, { dims: 8, spread: 0.1, seed: 3 }), [0, 1, 2].slice(0, n)),
        given(9),
      );
      const found = await (await create()).cluster(request, call);
      expectSound(found, request);
      expect(found.k).toBeLessThanOrEqual(n);
    });

    it("puts duplicates together", async () => {
      const base = blobs(3, 1, { dims: 8, spread: 0.1, seed: 4 });
      const vectors = takeRows(
        base,
        Array.from({ length: 36 }, (_, i) => i % 3),
      );
      const request = requestFor(vectors, given(3));
      const found = await (await create()).cluster(request, call);
      expectSound(found, request);
      for (let i = 3; i < 36; i++) expect(found.assignment[i]).toBe(found.assignment[i % 3]);
      expect(found.k).toBe(3);
    });

    it("takes rows that are all equal", async () => {
      const vectors = takeRows(blobs(1, 1, { dims: 8, spread: 0.1, seed: 5 }), new Int32Array(20));
      const request = requestFor(vectors, given(4));
      const found = await (await create()).cluster(request, call);
      expectSound(found, request);
      expect(found.k).toBeLessThanOrEqual(1);
    });

    it("takes zero vectors among others", async () => {
      const vectors = blobs(2, 10, { dims: 8, spread: 0.2, seed: 6 });
      vectors.data.fill(0, 0, 8);
      vectors.data.fill(0, 24, 32);
      const request = requestFor(vectors, given(2));
      expectSound(await (await create()).cluster(request, call), request);
    });

    it("refuses NaN and infinity, naming the row", async () => {
      const vectors = blobs(2, 10, { dims: 8, spread: 0.2, seed: 7 });
      vectors.data[3 * 8 + 1] = NaN;
      const clusterer = await create();
      await expect(clusterer.cluster(requestFor(vectors, given(2)), call)).rejects.toMatchObject({
        code: "VECTORS_INVALID",
        message: expect.stringContaining("Row 3") as string,
      });
    });

    it("puts groups under the smallest size among the outliers", async () => {
      const many = blobs(2, 20, { dims: 16, spread: 0.15, seed: 8 });
      const request = requestFor(many, { ...given(2), minAlbumSize: 21 });
      const found = await (await create()).cluster(request, call);
      expectSound(found, request);
      expect(found.k).toBe(0);
      expect([...found.assignment].every((c) => c === -1)).toBe(true);
    });

    it.each([
      ["albums", { albums: 0 }],
      ["minAlbumSize", { minAlbumSize: 0 }],
      ["maxAlbums", { maxAlbums: 1.5 }],
    ])("refuses an impossible %s", async (_, changes) => {
      const vectors = blobs(2, 5, { dims: 8, spread: 0.2, seed: 9 });
      const clusterer = await create();
      const request = requestFor(vectors, { ...given(2), ...changes });
      const refusal = expect.objectContaining({ code: "CLUSTERING_INVALID" }) as Error;
      await expect(clusterer.cluster(request, call)).rejects.toEqual(refusal);
      expect(() => clusterer.check(request)).toThrow(refusal);
    });

    it("stops when the signal has fired", async () => {
      const vectors = blobs(2, 20, { dims: 8, spread: 0.2, seed: 10 });
      const clusterer = await create();
      await expect(
        clusterer.cluster(requestFor(vectors, given(2)), { signal: AbortSignal.abort() }),
      ).rejects.toMatchObject({ code: "ABORTED" });
    });

    if (traits.takesK && traits.findsK)
      it("keeps to the most albums allowed", async () => {
        const vectors = blobs(6, 12, { dims: 16, spread: 0.2, seed: 11 });
        const request = requestFor(vectors, { maxAlbums: 3 });
        expectSound(await (await create()).cluster(request, call), request);
      });

    if (traits.takesK)
      it("makes as many albums as are wanted", async () => {
        const vectors = blobs(4, 25, { dims: 16, spread: 0.3, seed: 12 });
        const request = requestFor(vectors, { albums: 7 });
        const found = await (await create()).cluster(request, call);
        expectSound(found, request);
        expect(found.k).toBe(7);
      });
  });
}
