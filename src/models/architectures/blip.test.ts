import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  blipShapes,
  blipTexts,
  publishedFiles,
  randomTensors,
  TOY_BLIP,
  toyBlipFiles,
} from "../../../test/fixtures/random-blip.ts";
import { sharedOrSkip } from "../../../test/support/packs.ts";
import { titleOf, valueOf } from "../../../test/support/skip.ts";
import type { Tensor } from "../checkpoint/tensor.ts";
import { openGraph } from "../graph.ts";
import { Tensor as Value } from "../onnxruntime.ts";
import { parseBlipConfig, type BlipConfig } from "./blip-config.ts";
import { buildBlipText } from "./blip-text.ts";
import { buildBlipVision } from "./blip-vision.ts";
import { blip, untieBlip } from "./blip.ts";

const layout = sharedOrSkip("reference/layouts/Salesforce--blip-image-captioning-base.json");
const signal = new AbortController().signal;
const files = toyBlipFiles();
const convert = (changed: ReadonlyMap<string, Uint8Array | null> = new Map(), config: unknown = TOY_BLIP) => {
  const now = new Map([...files, ...changed]);
  for (const [name, bytes] of now) if (bytes === null) now.delete(name);
  return blip.convert(config, publishedFiles(now as Map<string, Uint8Array>), { dtype: "fp32", signal });
};

describe("the BLIP converter", () => {
  it("asks for the weights, the preprocessing and the tokenizer, safetensors first", () => {
    const names = [...files.keys(), "README.md", "pytorch_model.bin", "vocab.txt"];
    expect(blip.filesNeeded(TOY_BLIP, names, "fp32")).toEqual([
      "model.safetensors",
      "preprocessor_config.json",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
    expect(blip.filesNeeded(TOY_BLIP, ["pytorch_model.bin"], "fp32")).toEqual(["pytorch_model.bin"]);
    expect(() => blip.filesNeeded(TOY_BLIP, ["tf_model.h5"], "fp32")).toThrow("model.safetensors");
  });

  it("says in the manifest what the graphs are for", async () => {
    const { kind, manifest } = await convert();
    expect(kind).toBe("captioner");
    expect(manifest).toMatchObject({
      input: { side: 32, fit: "squash", resizeTo: 32, filter: "bicubic" },
      caption: { kind: "blip", bos: 17, sep: 3, layers: 2, heads: 2, headDims: 8, maxTokens: 20, beams: 3 },
    });
  });

  it("uses every tensor of a checkpoint, and no other", () => {
    const shapes = blipShapes(TOY_BLIP);
    const used = new Set<string>();
    class Watched extends Map<string, Tensor> {
      override get(name: string): Tensor | undefined {
        used.add(name);
        return super.get(name);
      }
    }
    const tensors = new Watched(untieBlip(randomTensors(shapes, 1)));
    buildBlipVision(tensors, TOY_BLIP, "fp32");
    buildBlipText(tensors, TOY_BLIP.text_config, "fp32");
    const tied = "text_decoder.cls.predictions";
    expect([...used].sort()).toEqual(
      [...shapes.keys()].map((name) => (name === `${tied}.bias` ? `${tied}.decoder.bias` : name)).sort(),
    );
  });

  it.skipIf(!layout.isAvailable)(titleOf("has the tensors of the published base model", layout), () => {
    const { tensors, tied_keys_maybe_absent_from_safetensors: tied } = JSON.parse(
      readFileSync(valueOf(layout), "utf8"),
    ) as {
      tensors: Record<string, { shape: number[] }>;
      tied_keys_maybe_absent_from_safetensors: string[];
    };
    const base = parseBlipConfig({
      model_type: "blip",
      text_config: { num_attention_heads: 12 },
      vision_config: {},
    });
    const published = Object.entries(tensors).filter(([name]) => !tied.includes(name));
    expect(Object.fromEntries(blipShapes(base))).toEqual(
      Object.fromEntries(published.map(([name, { shape }]) => [name, shape])),
    );
  });

  it("makes the same graphs when the tied output weights are left out of the file", () => {
    const words = "text_decoder.bert.embeddings.word_embeddings.weight";
    const output = "text_decoder.cls.predictions.decoder.weight";
    const tensors = randomTensors(blipShapes(TOY_BLIP), 1);
    tensors.set(output, tensors.get(words)!);
    const whole = buildBlipText(untieBlip(tensors), TOY_BLIP.text_config, "fp32");
    tensors.delete(output);
    expect(Buffer.compare(whole, buildBlipText(untieBlip(tensors), TOY_BLIP.text_config, "fp32"))).toBe(0);
  });

  it("gives each sentence of a step what it would get alone, two pictures with two sentences each", async () => {
    const tensors = untieBlip(randomTensors(blipShapes(TOY_BLIP), 1));
    const decoder = await openGraph(buildBlipText(tensors, TOY_BLIP.text_config, "fp32"), "decoder");
    const {
      num_hidden_layers: layers,
      num_attention_heads: heads,
      hidden_size: width,
    } = TOY_BLIP.text_config;
    const shape = [heads, 5, width / heads];
    const size = 5 * width;
    const seen = Float32Array.from({ length: 2 * size }, (_, i) => Math.sin(i));
    const run = async (rows: number[][], pictures: number[]) => {
      const cross = new Float32Array(pictures.length * size);
      pictures.forEach((picture, i) =>
        cross.set(seen.subarray(picture * size, (picture + 1) * size), i * size),
      );
      const past = new Value("float32", new Float32Array(0), [rows.length, heads, 0, width / heads]);
      const feeds: Record<string, Value> = {
        input_ids: new Value("int64", BigInt64Array.from(rows.flat(), BigInt), [rows.length, 3]),
        parents: new Value("int64", BigInt64Array.from(rows.keys(), BigInt), [rows.length]),
      };
      for (let i = 0; i < layers; i++)
        for (const part of ["key", "value"]) {
          feeds[`past.${i}.${part}`] = past;
          feeds[`cross.${i}.${part}`] = new Value("float32", cross, [pictures.length, ...shape]);
        }
      return (await decoder.run(feeds))["logits"]!.data as Float32Array;
    };
    const rows = [
      [17, 5, 8],
      [17, 9, 7],
      [17, 10, 6],
      [17, 5, 15],
    ];
    const together = await run(rows, [0, 1]);
    const vocabulary = TOY_BLIP.text_config.vocab_size;
    for (const [i, row] of rows.entries()) {
      const alone = await run([row], [i >> 1]);
      alone.forEach((logit, token) => expect(logit).toBeCloseTo(together[i * vocabulary + token]!, 4));
    }
    await decoder.dispose();
  });

  it("names what is wrong with a repository", async () => {
    const failure = (changed: Parameters<typeof convert>[0], config?: unknown) =>
      convert(changed, config).then(
        () => "converted",
        (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
      );
    const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
    const wrongHeads: BlipConfig = {
      ...TOY_BLIP,
      text_config: { ...TOY_BLIP.text_config, num_attention_heads: 3 },
    };
    expect(await failure(new Map(), wrongHeads)).toContain("MODEL_INCOMPATIBLE: The model's text heads");
    expect(await failure(new Map(), { ...TOY_BLIP, model_type: "git" })).toContain("model_type");
    const wider: BlipConfig = {
      ...TOY_BLIP,
      vision_config: { ...TOY_BLIP.vision_config, intermediate_size: 50 },
    };
    expect(await failure(new Map(), wider)).toContain("layers.0.mlp.fc1.weight");
    expect(await failure(new Map([["tokenizer.json", null]]))).toContain("tokenizer.json");
    expect(
      await failure(
        new Map([
          ["preprocessor_config.json", text({ image_processor_type: "BlipImageProcessor", size: 384 })],
        ]),
      ),
    ).toContain("32 px, its preprocessing makes 384 px");
    const half = files.get("model.safetensors")!;
    expect(await failure(new Map([["model.safetensors", half.slice(0, half.length / 2)]]))).toContain(
      "CHECKPOINT_INVALID",
    );
    expect(blipTexts(TOY_BLIP).size).toBe(4);
  });
});
