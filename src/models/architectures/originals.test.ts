/** Networks that the shared fixtures do not have, against what transformers 4.57.6 answers: test/fixtures/originals/make.py. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openConverted } from "../../../test/support/converted-model.ts";
import { publishedFolder } from "../../../test/support/published.ts";
import { openChain } from "../chain.ts";
import { openGraph } from "../graph.ts";
import { asEncoder } from "../manifest.ts";
import { Tensor } from "../onnxruntime.ts";
import { syntheticPicture } from "../self-check.ts";
import { readTensors } from "./checkpoint-files.ts";
import { buildClipText, buildClipVision, parseClipConfig } from "./clip.ts";
import { architectureOf } from "./registry.ts";

const signal = new AbortController().signal;
const folderOf = (name: string) => publishedFolder(fixture(name));
const fixture = (name: string) =>
  join(fileURLToPath(new URL("../../../test/fixtures/originals", import.meta.url)), name);
const TOLERANCE = 5e-5;

describe("vision transformers against the originals", () => {
  it.each(["dinov3", "dinov3-gated", "dinov2-registers", "dinov2-larger", "dinov2-swiglu"])(
    "converts %s to a graph that gives the recorded embedding",
    async (name) => {
      const files = folderOf(name);
      const config = await files.json("config.json");
      const converted = await architectureOf(config).convert(config, files, { dtype: "fp32", signal });
      const model = await openConverted(converted);
      const { image, input } = asEncoder(model.manifest);
      const chain = await openChain(model, image.graphs, image.output, { threads: 1 });
      const embedding = await chain.run(syntheticPicture(input));
      await chain.dispose();
      await model.remove();
      const expected = (await files.json("expected.json")) as { embedding: number[] };
      expect(largestDifference(embedding, expected.embedding)).toBeLessThan(TOLERANCE);
    },
  );
});

describe("CLIP with gelu against the original", () => {
  it.each(["clip-gelu", "clip-old-end"])("converts both towers of %s", async (name) => {
    const files = folderOf(name);
    const config = parseClipConfig(await files.json("config.json"));
    const tensors = await readTensors(files, signal);
    const expected = (await files.json("expected.json")) as {
      image: number[];
      texts: number[];
      ids: number[];
    };
    const input = {
      side: 16,
      fit: "squash",
      resizeTo: 16,
      filter: "bilinear",
      mean: [127.5, 127.5, 127.5],
      deviation: [127.5, 127.5, 127.5],
    } as const;
    const image = await answer(buildClipVision(tensors, config, "fp32"), {
      pixel_values: syntheticPicture({ ...input, mean: [...input.mean], deviation: [...input.deviation] }),
    });
    expect(largestDifference(image, expected.image)).toBeLessThan(TOLERANCE);
    const ids = new Tensor("int64", BigInt64Array.from(expected.ids, BigInt), [3, 4]);
    const texts = await answer(buildClipText(tensors, config, "fp32"), { input_ids: ids });
    expect(largestDifference(texts, expected.texts)).toBeLessThan(TOLERANCE);
  });
});

async function answer(bytes: Uint8Array, feeds: Readonly<Record<string, Tensor>>): Promise<Float32Array> {
  const graph = await openGraph(bytes, "a graph", { threads: 1 });
  const outputs = await graph.run(feeds);
  await graph.dispose();
  return outputs[graph.outputs[0]!]!.data as Float32Array;
}

function largestDifference(actual: Float32Array, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  return expected.reduce((largest, value, i) => Math.max(largest, Math.abs(value - actual[i]!)), 0);
}
