/** SigLIP (Zhai et al. 2023), and SigLIP 2 (Tschannen et al. 2025) at a fixed resolution, which has the same network. */
import { z } from "zod";
import type { WeightDtype } from "../convert.ts";
import { GraphBuilder, type Value } from "../onnx/graph-builder.ts";
import { TransformerLayers, type LinearMap } from "../onnx/transformer.ts";
import { incompatible, weight, type Tensors } from "../onnx/weights.ts";
import { assertDivides, count, parseConfig } from "./parse-config.ts";
import {
  activationSchema,
  clipLayerNames,
  dropTokenAxis,
  embedPatches,
  encoderShapeOf,
  plainParts,
  preNormLayer,
  type EncoderShape,
} from "./pre-norm.ts";
import { twoTowerArchitecture } from "./two-towers.ts";

// What a config.json leaves out has the value that transformers' SiglipTextConfig and SiglipVisionConfig give it.
const towerFields = {
  hidden_act: activationSchema.default("gelu_pytorch_tanh"),
  hidden_size: count.default(768),
  intermediate_size: count.default(3072),
  num_hidden_layers: count.default(12),
  num_attention_heads: count.default(12),
  layer_norm_eps: z.number().positive().default(1e-6),
};
const configSchema = z.object({
  model_type: z.literal("siglip"),
  text_config: z
    .object({
      ...towerFields,
      vocab_size: count.default(32000),
      max_position_embeddings: count.default(64),
      projection_size: count.nullish(),
    })
    .prefault({}),
  vision_config: z
    .object({
      ...towerFields,
      image_size: count.default(224),
      patch_size: count.default(16),
      vision_use_head: z.literal(true).default(true),
    })
    .prefault({}),
});

export type SiglipConfig = z.infer<typeof configSchema>;

/** Errors: `MODEL_INCOMPATIBLE`, naming the field. */
export function parseSiglipConfig(json: unknown): SiglipConfig {
  const config = parseConfig(configSchema, json, "a SigLIP model");
  const { text_config: text, vision_config: vision } = config;
  assertDivides(text.hidden_size, text.num_attention_heads, "text heads");
  assertDivides(vision.hidden_size, vision.num_attention_heads, "vision heads");
  const textDims = text.projection_size ?? text.hidden_size;
  if (textDims !== vision.hidden_size)
    throw incompatible(`The model's texts have ${textDims} dims, its pictures ${vision.hidden_size}.`);
  return config;
}

/** What does not fill a patch at the right and lower edges is not looked at, as in the original's convolution. */
function patchCount({ image_size: side, patch_size: patch }: SiglipConfig["vision_config"]): number {
  return Math.floor(side / patch) ** 2;
}

/** Input `pixel_values`: float32 [n, 3, side, side]. Output `pooler_output`: float32 [n, hidden_size], not unit. */
export function buildSiglipVision(
  tensors: Tensors,
  { vision_config: vision }: SiglipConfig,
  dtype: WeightDtype,
): Uint8Array {
  const graph = new GraphBuilder("siglip-vision");
  const layers = new TransformerLayers(graph, tensors, dtype);
  const shape = encoderShapeOf(vision);
  const { width, epsilon } = shape;
  const { image_size: side, patch_size: patch } = vision;
  const prefix = "vision_model.embeddings";

  const pixels = graph.input("pixel_values", "f32", ["n", 3, side, side]);
  const kernel = `${prefix}.patch_embedding.weight`;
  const patches = embedPatches(
    graph,
    tensors,
    { width, side, patch },
    pixels,
    kernel,
    `${prefix}.patch_embedding.bias`,
  );
  const places = weight(tensors, `${prefix}.position_embedding.weight`, [patchCount(vision), width]);
  let hidden = graph.node("Add", [patches, graph.constant("positions", places, [patchCount(vision), width])]);
  for (let i = 0; i < vision.num_hidden_layers; i++) {
    const parts = plainParts(layers, shape, clipLayerNames(`vision_model.encoder.layers.${i}`));
    hidden = preNormLayer(graph, layers, shape, parts, hidden);
  }
  const states = layers.layerNorm(hidden, "vision_model.post_layernorm", width, epsilon);

  const pooled = attentionPool(graph, layers, tensors, shape, states);
  graph.output("pooler_output", dropTokenAxis(graph, pooled), "f32", ["n", width]);
  return graph.toModel();
}

/** A learnt probe looks at all patches, then a feed-forward part: [n, t, width] to [n, 1, width] (Zhai et al. 2022, section 3.4). */
function attentionPool(
  graph: GraphBuilder,
  layers: TransformerLayers,
  tensors: Tensors,
  { width, heads, inner, epsilon, activation }: EncoderShape,
  states: Value,
): Value {
  const prefix = "vision_model.head";
  const joined = weight(tensors, `${prefix}.attention.in_proj_weight`, [3 * width, width]);
  const joinedBias = weight(tensors, `${prefix}.attention.in_proj_bias`, [3 * width]);
  const third = (i: number, name: string): LinearMap => ({
    name: `${prefix}.attention.${name}`,
    weights: joined.subarray(i * width * width, (i + 1) * width * width),
    bias: joinedBias.subarray(i * width, (i + 1) * width),
  });
  const split = (x: Value, map: LinearMap): Value =>
    layers.splitHeads(layers.apply(x, map, width, width), width, heads);
  const probe = graph.constant("probe", weight(tensors, `${prefix}.probe`, [1, 1, width]), [1, 1, width]);
  const seen = layers.attend(
    split(probe, third(0, "query")), // one for all pictures: it broadcasts
    split(states, third(1, "key")),
    split(states, third(2, "value")),
    width / heads,
    null,
  );
  const attended = layers.linear(layers.joinHeads(seen, width), `${prefix}.attention.out_proj`, width, width);
  const normal = layers.layerNorm(attended, `${prefix}.layernorm`, width, epsilon);
  const wide = layers.activate(layers.linear(normal, `${prefix}.mlp.fc1`, width, inner), activation);
  return graph.node("Add", [attended, layers.linear(wide, `${prefix}.mlp.fc2`, inner, width)]);
}

/**
 * Input `input_ids`: int64 [n, max_position_embeddings], always padded to the full length, for the padding is looked at.
 * Output `pooler_output`: float32 [n, dims], not unit.
 */
export function buildSiglipText(
  tensors: Tensors,
  { text_config: text }: SiglipConfig,
  dtype: WeightDtype,
): Uint8Array {
  const graph = new GraphBuilder("siglip-text");
  const layers = new TransformerLayers(graph, tensors, dtype);
  const shape = encoderShapeOf(text);
  const { width, epsilon } = shape;
  const { vocab_size: words, max_position_embeddings: length, num_hidden_layers: depth } = text;
  const dims = text.projection_size ?? width;

  const ids = graph.input("input_ids", "i64", ["n", length]);
  const perWord = layers.embed(ids, "text_model.embeddings.token_embedding.weight", words, width);
  const places = weight(tensors, "text_model.embeddings.position_embedding.weight", [length, width]);
  let hidden = graph.node("Add", [perWord, graph.constant("positions", places, [length, width])]);
  const lastToken = (x: Value): Value =>
    graph.node("Slice", [x, graph.ints([length - 1]), graph.ints([length]), graph.ints([1])]);
  for (let i = 0; i < depth; i++) {
    const parts = plainParts(layers, shape, clipLayerNames(`text_model.encoder.layers.${i}`));
    hidden = preNormLayer(graph, layers, shape, parts, hidden, i === depth - 1 ? { keep: lastToken } : {});
  }
  const last = dropTokenAxis(graph, hidden);
  const normal = layers.layerNorm(last, "text_model.final_layer_norm", width, epsilon);
  graph.output("pooler_output", layers.linear(normal, "text_model.head", width, dims), "f32", ["n", dims]);
  return graph.toModel();
}

export const siglip = twoTowerArchitecture(["siglip"], (json) => {
  const config = parseSiglipConfig(json);
  const { vision_config: vision, text_config: text } = config;
  return {
    vision: { ...encoderShapeOf(vision), tokens: patchCount(vision) },
    side: vision.image_size,
    dims: vision.hidden_size,
    maxTokens: text.max_position_embeddings,
    padTo: "max",
    lowercase: true,
    imageOutput: "pooler_output",
    textOutput: "pooler_output",
    buildVision: (tensors, dtype) => buildSiglipVision(tensors, config, dtype),
    buildText: (tensors, dtype) => buildSiglipText(tensors, config, dtype),
  };
});
