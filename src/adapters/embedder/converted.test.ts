/** Embedders over freshly converted models, against the conformance suites: a CLIP of a few kilobytes, weights by a seed. */
import { afterAll, describe, expect, it } from "vitest";
import { testEmbedder, testTextEmbedder } from "../../../test/conformance/embedder.ts";
import { publishedFiles } from "../../../test/fixtures/random-blip.ts";
import { randomClip } from "../../../test/fixtures/random-clip.ts";
import { safetensorsParts } from "../../../test/fixtures/safetensors-file.ts";
import { openConverted, type OpenedModel } from "../../../test/support/converted-model.ts";
import { dot, rowOf } from "../../core/vectors.ts";
import { clip, parseClipConfig } from "../../models/architectures/clip.ts";
import type { PublishedFiles, WeightDtype } from "../../models/convert.ts";
import { createOnnxEmbedder } from "./onnx.ts";

const WORDS = [
  "[PAD]",
  "[UNK]",
  "[END]",
  "a",
  "red",
  "green",
  "blue",
  "bus",
  "in",
  "the",
  "rain",
  "apple",
  ",",
];
const TOWER = { hidden_size: 32, intermediate_size: 64, num_hidden_layers: 2, num_attention_heads: 4 };
const CONFIG = {
  model_type: "clip",
  projection_dim: 16,
  text_config: { ...TOWER, vocab_size: WORDS.length, max_position_embeddings: 12, eos_token_id: 2 },
  vision_config: { ...TOWER, image_size: 32, patch_size: 8 },
};
const TOKENIZER = {
  version: "1.0",
  added_tokens: [],
  normalizer: { type: "Lowercase" },
  pre_tokenizer: { type: "Whitespace" },
  post_processor: {
    type: "TemplateProcessing",
    single: [{ Sequence: { id: "A", type_id: 0 } }, { SpecialToken: { id: "[END]", type_id: 0 } }],
    pair: [],
    special_tokens: { "[END]": { id: "[END]", ids: [2], tokens: ["[END]"] } },
  },
  decoder: null,
  model: {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(WORDS.map((word, id) => [word, id])),
  },
};

function publishedClip(): PublishedFiles {
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  return publishedFiles(
    new Map([
      ["config.json", json(CONFIG)],
      [
        "preprocessor_config.json",
        json({ image_processor_type: "CLIPImageProcessor", size: 32, crop_size: 32 }),
      ],
      ["tokenizer.json", json(TOKENIZER)],
      ["tokenizer_config.json", json({ pad_token: "[PAD]" })],
      ["model.safetensors", Buffer.concat([...safetensorsParts(randomClip(parseClipConfig(CONFIG), 3))])],
    ]),
  );
}

const opened: OpenedModel[] = [];
afterAll(async () => {
  for (const model of opened) await model.remove();
});

async function createConverted(dtype: WeightDtype) {
  const options = { dtype, signal: new AbortController().signal };
  const model = await openConverted(await clip.convert(CONFIG, publishedClip(), options), `clip-${dtype}`);
  opened.push(model);
  return createOnnxEmbedder(model, { threads: 1 });
}

describe.each(["fp32", "fp16", "q8"] as const)("a converted CLIP, %s", (dtype) => {
  testEmbedder(`clip ${dtype}`, { create: () => createConverted(dtype) });
  testTextEmbedder(`clip ${dtype}`, { create: () => createConverted(dtype) });
});

describe("weights in fewer bits", () => {
  const { signal } = new AbortController();
  const texts = ["a red bus", "the rain in the bus", "green apple , blue apple"];

  it.each([
    ["fp16", 0.99999],
    ["q8", 0.999],
  ] as const)("give nearly the vectors of fp32 (%s)", async (dtype, cosine) => {
    const [whole, small] = [await createConverted("fp32"), await createConverted(dtype)];
    const [wanted, found] = [
      await whole.embedTexts!(texts, { signal }),
      await small.embedTexts!(texts, { signal }),
    ];
    texts.forEach((_, i) => expect(dot(rowOf(wanted, i), rowOf(found, i))).toBeGreaterThan(cosine));
    await whole.dispose();
    await small.dispose();
  });
});

describe("converting", () => {
  const options = { dtype: "fp32", signal: new AbortController().signal } as const;
  const without = (name: string): PublishedFiles => {
    const files = publishedClip();
    return { ...files, names: files.names.filter((other) => other !== name) };
  };

  it("names the tensor that is missing or has another shape", async () => {
    const deeper = { ...CONFIG, vision_config: { ...CONFIG.vision_config, num_hidden_layers: 3 } };
    await expect(clip.convert(deeper, publishedClip(), options)).rejects.toMatchObject({
      code: "MODEL_INCOMPATIBLE",
      message: expect.stringContaining("vision_model.encoder.layers.2."),
    });
    await expect(
      clip.convert({ ...CONFIG, projection_dim: 8 }, publishedClip(), options),
    ).rejects.toMatchObject({
      code: "MODEL_INCOMPATIBLE",
      message: expect.stringContaining("visual_projection.weight"),
    });
  });

  it("names the field of config.json that is wrong", async () => {
    const odd = { ...CONFIG, text_config: { ...CONFIG.text_config, hidden_act: "swish" } };
    await expect(clip.convert(odd, publishedClip(), options)).rejects.toMatchObject({
      code: "MODEL_INCOMPATIBLE",
      message: expect.stringContaining("text_config.hidden_act"),
    });
    const uneven = { ...CONFIG, vision_config: { ...CONFIG.vision_config, num_attention_heads: 5 } };
    await expect(clip.convert(uneven, publishedClip(), options)).rejects.toThrow("32 does not divide by 5");
  });

  it("says which files it looked for where there are no weights", async () => {
    await expect(clip.convert(CONFIG, without("model.safetensors"), options)).rejects.toMatchObject({
      code: "MODEL_INCOMPATIBLE",
      message: expect.stringContaining("onnx/vision_model.onnx"),
    });
  });

  it("stops when it is told to", async () => {
    const signal = AbortSignal.abort();
    await expect(clip.convert(CONFIG, publishedClip(), { ...options, signal })).rejects.toMatchObject({
      code: "ABORTED",
    });
  });
});
