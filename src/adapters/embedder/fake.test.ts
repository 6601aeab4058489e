import { describe, expect, it } from "vitest";
import { testEmbedder, testTextEmbedder } from "../../../test/conformance/embedder.ts";
import { dot, rowOf } from "../../core/vectors.ts";
import { createFakeEmbedder } from "./fake.ts";

testEmbedder("fake", { create: async () => createFakeEmbedder() });
testTextEmbedder("fake", { create: async () => createFakeEmbedder() });

const call = { signal: new AbortController().signal };
const plain = (red: number, green: number, blue: number) => ({
  data: Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => [red, green, blue][i % 3]!),
  width: 16,
  height: 16,
});

describe("fake embedder", () => {
  it("puts a red picture nearest to the word red", async () => {
    const embedder = createFakeEmbedder();
    const image = await embedder.embedImages([plain(250, 5, 5)], call);
    const table = (await embedder.concepts())!;
    const fits = table.concepts.map(({ text }, i) => ({
      text,
      fit: dot(rowOf(table.vectors, i), rowOf(image, 0)),
    }));
    expect(fits.sort((a, b) => b.fit - a.fit)[0]!.text).toBe("red");
  });

  it("gives even mid-grey a unit row", async () => {
    const { data } = await createFakeEmbedder().embedImages([plain(128, 127, 128)], call);
    expect(data.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 5);
  });

  it("runs out of memory where it was told to, and says that fewer may fit", async () => {
    const embedder = createFakeEmbedder({ fitsInMemory: 1 });
    await expect(embedder.embedImages([plain(1, 2, 3), plain(3, 2, 1)], call)).rejects.toMatchObject({
      code: "OUT_OF_MEMORY",
      isRetryable: true,
    });
    expect((await embedder.embedImages([plain(1, 2, 3)], call)).rows).toBe(1);
  });
});
