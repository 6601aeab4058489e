import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Tensor } from "../../models/onnxruntime.ts";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testEmbedder } from "../../../test/conformance/embedder.ts";
import { sharedOrSkip } from "../../../test/support/packs.ts";
import { titleOf, valueOf } from "../../../test/support/skip.ts";
import { starterOrSkip } from "../../../test/support/starter.ts";
import { dot, rowOf } from "../../core/vectors.ts";
import { openGraph, type Graph } from "../../models/graph.ts";
import { openBundledModel, type Model, type ModelOptions } from "../../models/model.ts";
import { createPixelLender } from "../../models/pixels.ts";
import type { Embedder } from "../../ports/embedder.ts";
import type { DecodedImage } from "../../ports/image-decoder.ts";
import { createMiniEmbedder, createStarterEmbedder } from "./onnx.ts";

const offline: ModelOptions = {
  cacheDir: "/nonexistent",
  offline: true,
  signal: new AbortController().signal,
  onEvent: () => {},
};
const call = { signal: offline.signal };
const starter = await starterOrSkip();
const reference = sharedOrSkip("reference/starter");

testEmbedder("mini", { create: () => createMiniEmbedder(offline) });

describe.skipIf(!starter.isAvailable)(titleOf("with the trunk", starter), () => {
  testEmbedder("starter", { create: () => createStarterEmbedder(valueOf(starter)) });
});

describe("mini embedder", () => {
  it("needs no cache, no network and has no texts", async () => {
    const mini = await createMiniEmbedder(offline);
    expect(mini.space).toEqual({ model: "mini", revision: "1", dims: 256 });
    expect(mini.input).toEqual({ side: 96, fit: "shortest-edge", resizeTo: 96, filter: "bicubic" });
    expect(mini.embedTexts).toBeUndefined();
    await mini.dispose();
    await mini.dispose();
  });

  it("refuses a picture of another size instead of reading past it", async () => {
    const mini = await createMiniEmbedder(offline);
    const picture = { data: new Uint8Array(95 * 96 * 3), width: 95, height: 96 };
    await expect(mini.embedImages([picture], call)).rejects.toMatchObject({ code: "INTERNAL" });
    await mini.dispose();
  });
});

/** Demands of the fixtures' own card. */
describe.skipIf(!starter.isAvailable || !reference.isAvailable)(
  titleOf("starter embedder against the recorded outputs", starter, reference),
  () => {
    const ROWS = 43;
    let model: Model;
    let embedder: Embedder;
    let trunk: Graph;
    let head: Graph;
    const recorded = (file: string) =>
      new Float32Array(Uint8Array.from(readFileSync(join(valueOf(reference), file))).buffer);
    const rows: { concepts: [string, number][] }[] = [];

    beforeAll(async () => {
      model = await openBundledModel("starter", valueOf(starter));
      embedder = await createStarterEmbedder(valueOf(starter));
      trunk = await openGraph(await model.read("trunk.onnx"), "trunk.onnx");
      head = await openGraph(await model.read("head.onnx"), "head.onnx");
      const expected = JSON.parse(readFileSync(join(valueOf(reference), "expected.json"), "utf8")) as {
        rows: typeof rows;
      };
      rows.push(...expected.rows);
    });
    afterAll(async () => {
      for (const opened of [embedder, trunk, head]) await opened?.dispose();
    });

    const pictureOf = async (row: number): Promise<DecodedImage> => {
      const path = join(valueOf(reference), "pixels", `${String(row).padStart(2, "0")}.png`);
      const { data, info } = await sharp(path).removeAlpha().raw().toBuffer({ resolveWithObject: true });
      return { data, width: info.width, height: info.height };
    };
    const withPixels = Array.from({ length: Math.ceil(ROWS / 4) }, (_, i) => i * 4);

    it("gives the recorded features, logits and embeddings from equal pixels", async () => {
      const pictures = await Promise.all(withPixels.map(pictureOf));
      const outputs = await createPixelLender(model.manifest.input)(pictures, (x) => trunk.run({ x }));
      const embeddings = await embedder.embedImages(pictures, call);
      withPixels.forEach((row, i) => {
        expect(largestDifference(outputs["features"]!, i, recorded("features.f32"), row)).toBeLessThan(2e-4);
        expect(largestDifference(outputs["logits"]!, i, recorded("logits.f32"), row)).toBeLessThan(1e-3);
        const wanted = recorded("embeddings.f32").subarray(row * 768, (row + 1) * 768);
        expect(dot(rowOf(embeddings, i), wanted)).toBeGreaterThan(0.9999);
      });
    });

    it("gives the recorded embeddings from equal features and logits", async () => {
      const { embedding } = await head.run({
        features: new Tensor("float32", recorded("features.f32"), [ROWS, 1280]),
        logits: new Tensor("float32", recorded("logits.f32"), [ROWS, 1000]),
      });
      for (let row = 0; row < ROWS; row++)
        expect(largestDifference(embedding!, row, recorded("embeddings.f32"), row)).toBeLessThan(1e-5);
    });

    it("finds the recorded eight words for each picture, in order", async () => {
      const { concepts, vectors } = (await embedder.concepts())!;
      rows.forEach(({ concepts: wanted }, row) => {
        const embedding = recorded("embeddings.f32").subarray(row * 768, (row + 1) * 768);
        const best = concepts
          .map(({ text }, i) => ({ text, cosine: dot(rowOf(vectors, i), embedding) }))
          .sort((a, b) => b.cosine - a.cosine);
        wanted.forEach(([text, cosine], rank) => {
          expect(best[rank]!.text).toBe(text);
          expect(Math.abs(best[rank]!.cosine - cosine)).toBeLessThan(1e-3);
        });
      });
    });
  },
);

function largestDifference(actual: Tensor, i: number, expected: Float32Array, row: number): number {
  const width = actual.dims[1]!;
  const data = actual.data as Float32Array;
  let largest = 0;
  for (let j = 0; j < width; j++)
    largest = Math.max(largest, Math.abs(data[i * width + j]! - expected[row * width + j]!));
  return largest;
}
