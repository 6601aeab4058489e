/** The demo is only worth showing when its kinds can be told apart, with the network's model and without. */
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { drawDemo } from "../../src/adapters/demo/sharp.ts";
import { createMiniEmbedder, createStarterEmbedder } from "../../src/adapters/embedder/onnx.ts";
import { fitImage } from "../../src/core/resample.ts";
import type { DecodedImage } from "../../src/core/resample.ts";
import { concatVectors, dot, rowOf } from "../../src/core/vectors.ts";
import { defaultCacheDir } from "../../src/models/cache.ts";
import type { ModelOptions } from "../../src/models/model.ts";
import type { Embedder } from "../../src/ports/embedder.ts";
import { starterOrSkip } from "../support/starter.ts";
import { titleOf, valueOf } from "../support/skip.ts";

const call = { signal: new AbortController().signal };
const offline: ModelOptions = { cacheDir: defaultCacheDir(), offline: true, onEvent: () => {}, ...call };

/** The share of pictures whose nearest other picture is of the same kind; exact copies are left out. */
async function nearestNeighbourAccuracy(embedder: Embedder): Promise<number> {
  const kinds: string[] = [];
  const pictures: DecodedImage[] = [];
  const seen = new Set<string>();
  for await (const { bytes, kind } of drawDemo()) {
    const content = Buffer.from(bytes).toString("base64");
    if (kind === null || seen.has(content)) continue;
    seen.add(content);
    const { data, info } = await sharp(bytes)
      .autoOrient()
      .flatten({ background: "white" })
      .raw()
      .toBuffer({ resolveWithObject: true });
    kinds.push(kind);
    pictures.push(fitImage({ data, width: info.width, height: info.height }, embedder.input));
  }
  const parts = [];
  for (let i = 0; i < pictures.length; i += embedder.maxBatch)
    parts.push(await embedder.embedImages(pictures.slice(i, i + embedder.maxBatch), call));
  const vectors = concatVectors(parts, embedder.space.dims);
  let right = 0;
  for (let i = 0; i < vectors.rows; i++) {
    let best = -1;
    let bestSimilarity = -2;
    for (let j = 0; j < vectors.rows; j++) {
      const similarity = j === i ? -2 : dot(rowOf(vectors, i), rowOf(vectors, j));
      if (similarity > bestSimilarity) [best, bestSimilarity] = [j, similarity];
    }
    if (kinds[best] === kinds[i]) right++;
  }
  return right / vectors.rows;
}

describe("the kinds of demo pictures", () => {
  it("are told apart by mini", async () => {
    const embedder = await createMiniEmbedder(offline);
    expect(await nearestNeighbourAccuracy(embedder)).toBeGreaterThan(0.93);
    await embedder.dispose();
  });
});

const starter = await starterOrSkip();
describe.skipIf(!starter.isAvailable)(titleOf("the kinds of demo pictures", starter), () => {
  it("are told apart by the starter", async () => {
    const embedder = await createStarterEmbedder(valueOf(starter));
    expect(await nearestNeighbourAccuracy(embedder)).toBeGreaterThan(0.97);
    await embedder.dispose();
  });
});
