/** What every backend of the Embedder port must do. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../src/core/random.ts";
import { dot, rowOf, type Vectors } from "../../src/core/vectors.ts";
import type { Embedder } from "../../src/ports/embedder.ts";
import type { DecodedImage } from "../../src/ports/image-decoder.ts";

/** A picture of smooth blobs; equal seeds give equal pictures, others different ones. */
export function drawPicture(side: number, seed: number): DecodedImage {
  const random = createRandom(seed);
  const waves = Array.from({ length: 9 }, () => random.next() * 6);
  const data = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      for (let c = 0; c < 3; c++) {
        const phase = (waves[c]! * x + waves[3 + c]! * y) / side + waves[6 + c]!;
        data[(y * side + x) * 3 + c] = Math.round(127.5 + 127.5 * Math.sin(phase));
      }
  return { data, width: side, height: side };
}

export function testEmbedder(name: string, options: { create(): Promise<Embedder> }): void {
  describe(`embedder ${name}`, () => {
    const call = { signal: new AbortController().signal };
    let embedder: Embedder;
    let pictures: DecodedImage[];

    beforeAll(async () => {
      embedder = await options.create();
      pictures = [1, 2, 3, 4, 5].map((seed) => drawPicture(embedder.input.side, seed));
    });
    afterAll(() => embedder?.dispose());

    it("states a space, a batch size and a geometry that make sense", () => {
      expect(embedder.space.model).toMatch(/^[a-z0-9-]+$/);
      expect(embedder.space.revision).not.toBe("");
      expect(embedder.space.dims).toBeGreaterThan(0);
      expect(embedder.maxBatch).toBeGreaterThanOrEqual(1);
      expect(embedder.input.side).toBeGreaterThan(0);
    });

    it("gives one unit row a picture", async () => {
      const vectors = await embedder.embedImages(pictures, call);
      expect([vectors.rows, vectors.dims]).toEqual([pictures.length, embedder.space.dims]);
      expectUnitRows(vectors);
    });

    it("keeps the input order, and gives a picture the same vector in any company", async () => {
      const together = await embedder.embedImages(pictures, call);
      const reversed = await embedder.embedImages([...pictures].reverse(), call);
      for (let i = 0; i < pictures.length; i++) {
        const alone = await embedder.embedImages([pictures[i]!], call);
        expect(dot(rowOf(together, i), rowOf(alone, 0))).toBeGreaterThan(0.99999);
        expect(dot(rowOf(together, i), rowOf(reversed, pictures.length - 1 - i))).toBeGreaterThan(0.99999);
      }
    });

    it("tells different pictures apart", async () => {
      const vectors = await embedder.embedImages(pictures, call);
      for (let i = 0; i < pictures.length; i++)
        for (let j = 0; j < i; j++) expect(dot(rowOf(vectors, i), rowOf(vectors, j))).toBeLessThan(0.999);
    });

    it("leaves the pictures as they were", async () => {
      const before = Uint8Array.from(pictures[0]!.data);
      await embedder.embedImages([pictures[0]!], call);
      expect(Buffer.compare(pictures[0]!.data, before)).toBe(0);
    });

    it("answers no pictures with no rows", async () => {
      const vectors = await embedder.embedImages([], call);
      expect([vectors.rows, vectors.dims, vectors.data.length]).toEqual([0, embedder.space.dims, 0]);
    });

    it("reports its progress up to the number of pictures", async () => {
      const seen: [number, number][] = [];
      await embedder.embedImages(pictures, { ...call, onProgress: (...at) => seen.push(at) });
      expect(seen.at(-1)).toEqual([pictures.length, pictures.length]);
    });

    it("does nothing once the signal has fired", async () => {
      await expect(embedder.embedImages(pictures, { signal: AbortSignal.abort() })).rejects.toMatchObject({
        code: "ABORTED",
      });
    });

    it("has words that are unit rows of the same space, each under a broader one or none", async () => {
      const table = await embedder.concepts();
      if (table === null) return;
      expect([table.vectors.rows, table.vectors.dims]).toEqual([table.concepts.length, embedder.space.dims]);
      expectUnitRows(table.vectors);
      const wrong = table.concepts.filter(
        ({ parent, deviation, reliability }, i) =>
          !(parent >= -1 && parent < table.concepts.length && parent !== i) ||
          !(deviation > 0 && reliability >= 0 && reliability <= 1),
      );
      expect(wrong).toEqual([]);
      expect(new Set(table.concepts.map(({ text }) => text)).size).toBe(table.concepts.length);
      expect(await embedder.concepts()).toBe(table);
    });
  });
}

/** For backends with a text side. */
export function testTextEmbedder(name: string, options: { create(): Promise<Embedder> }): void {
  describe(`text embedder ${name}`, () => {
    const call = { signal: new AbortController().signal };
    const texts = [
      "a red bus in the rain",
      "blue",
      "",
      "two green apples, one yellow pear and a white plate",
    ];
    let embedder: Embedder;

    beforeAll(async () => {
      embedder = await options.create();
    });
    afterAll(() => embedder?.dispose());

    it("gives one unit row a text, in the space of the pictures", async () => {
      const vectors = await embedder.embedTexts!(texts, call);
      expect([vectors.rows, vectors.dims]).toEqual([texts.length, embedder.space.dims]);
      expectUnitRows(vectors);
    });

    it("keeps the input order, and gives a text the same vector in any company", async () => {
      const together = await embedder.embedTexts!(texts, call);
      for (let i = 0; i < texts.length; i++) {
        const alone = await embedder.embedTexts!([texts[i]!], call);
        expect(dot(rowOf(together, i), rowOf(alone, 0))).toBeGreaterThan(0.99999);
      }
    });

    it("reads texts after it was disposed, too: names are tested when the pictures' side has gone", async () => {
      const before = await embedder.embedTexts!(texts, call);
      await embedder.dispose();
      expect(await embedder.embedTexts!(texts, call)).toEqual(before);
    });

    it("answers no texts with no rows", async () => {
      const vectors = await embedder.embedTexts!([], call);
      expect([vectors.rows, vectors.dims]).toEqual([0, embedder.space.dims]);
    });

    it("does nothing once the signal has fired", async () => {
      await expect(embedder.embedTexts!(texts, { signal: AbortSignal.abort() })).rejects.toMatchObject({
        code: "ABORTED",
      });
    });
  });
}

function expectUnitRows(vectors: Vectors): void {
  let worst = 0;
  for (let i = 0; i < vectors.rows; i++) {
    const row = rowOf(vectors, i);
    worst = Math.max(worst, Math.abs(dot(row, row) - 1));
  }
  expect(worst).toBeLessThan(1e-5);
}
