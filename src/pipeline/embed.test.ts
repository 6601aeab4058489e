import { describe, expect, it } from "vitest";
import { AlbumenError } from "../errors.ts";
import type { Embedder } from "../ports/embedder.ts";
import type { DecodedImage } from "../ports/image-decoder.ts";
import { embedBatch } from "./embed.ts";

const picture = (value: number): DecodedImage => ({
  data: Uint8Array.of(value, value, value),
  width: 1,
  height: 1,
});

/** Embeds a grey of value v as (v, 0); fails whole batches that are too large or hold the value 13. */
function touchyEmbedder(largest: number, sizes: number[]): Embedder {
  return {
    space: { model: "touchy", revision: "1", dims: 2 },
    unrelated: null,
    maxBatch: 8,
    input: { side: 1, fit: "squash", resizeTo: 1, filter: "bilinear" },
    async embedImages(images) {
      sizes.push(images.length);
      if (images.length > largest) throw new AlbumenError("OUT_OF_MEMORY", "too many", { isRetryable: true });
      if (images.some((image) => image.data[0] === 13)) throw new Error("thirteen");
      const data = new Float32Array(
        images.flatMap((image) => (image.data[0] === 99 ? [NaN, 0] : [image.data[0]!, 0])),
      );
      return { data, rows: images.length, dims: 2 };
    },
    concepts: async () => null,
    dispose: async () => {},
  };
}
const call = { signal: new AbortController().signal };

describe("embedding a batch", () => {
  it("halves until the batch fits into memory, and keeps the order", async () => {
    const sizes: number[] = [];
    const rows = await embedBatch(touchyEmbedder(2, sizes), [1, 2, 3, 4, 5].map(picture), call);
    expect(rows.map((row) => (row as Float32Array)[0])).toEqual([1, 2, 3, 4, 5]);
    expect(sizes).toEqual([5, 2, 3, 1, 2]);
  });
  it("fails only the image that the model fails on", async () => {
    const rows = await embedBatch(touchyEmbedder(8, []), [1, 13, 3].map(picture), call);
    expect(rows[0]).toBeInstanceOf(Float32Array);
    expect(rows[1]).toMatchObject({ code: "EMBED_FAILED", message: "thirteen" });
    expect(rows[2]).toBeInstanceOf(Float32Array);
  });
  it("takes no vector that is not finite", async () => {
    const rows = await embedBatch(touchyEmbedder(8, []), [1, 99].map(picture), call);
    expect(rows[1]).toMatchObject({ code: "EMBED_FAILED" });
  });
  it("stops when cancelled", async () => {
    await expect(
      embedBatch(touchyEmbedder(8, []), [picture(1)], { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: "ABORTED" });
  });
});
