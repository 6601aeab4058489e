/**
 * CLIP (Radford et al. 2021) as transformers publishes it: OpenAI's models, LAION's and DataComp's, whose activations are
 * `gelu` instead of `quick_gelu`, and MobileCLIP's, which come as graphs.
 */
import { z } from "zod";
import type { WeightDtype } from "../convert.ts";
import { GraphBuilder, type Value } from "../onnx/graph-builder.ts";
import { TransformerLayers } from "../onnx/transformer.ts";
import { weight, type Tensors } from "../onnx/weights.ts";
import { assertDivides, count, parseConfig } from "./parse-config.ts";
import {
  activationSchema,
  clipLayerNames,
  dropTokenAxis,
  embedPatches,
  encoderShapeOf,
  firstToken,
  plainParts,
  preNormLayer,
  prependTokens,
} from "./pre-norm.ts";
import { twoTowerArchitecture } from "./two-towers.ts";

// What a config.json leaves out has the value that transformers' CLIPTextConfig and CLIPVisionConfig give it.
const configSchema = z.object({
  model_type: z.enum(["clip", "mobileclip"]),
  projection_dim: count.default(512),
  text_config: z
    .object({
      hidden_act: activationSchema.default("quick_gelu"),
      vocab_size: count.default(49408),
      hidden_size: count.default(512),
      intermediate_size: count.default(2048),
      num_hidden_layers: count.default(12),
      num_attention_heads: count.default(8),
      max_position_embeddings: count.default(77),
      layer_norm_eps: z.number().positive().default(1e-5),
      eos_token_id: z.int().nonnegative().default(49407),
    })
    .prefault({}),
  vision_config: z
    .object({
      hidden_act: activationSchema.default("quick_gelu"),
      hidden_size: count.default(768),
      intermediate_size: count.default(3072),
      num_hidden_layers: count.default(12),
      num_attention_heads: count.default(12),
      image_size: count.default(224),
      patch_size: count.default(32),
      layer_norm_eps: z.number().positive().default(1e-5),
    })
    .prefault({}),
});

export type ClipConfig = z.infer<typeof configSchema>;

/** Errors: `MODEL_INCOMPATIBLE`, naming the field. */
export function parseClipConfig(json: unknown): ClipConfig {
  const config = parseConfig(configSchema, json, "a CLIP model");
  const { text_config: text, vision_config: vision } = config;
  assertDivides(text.hidden_size, text.num_attention_heads, "text heads");
  assertDivides(vision.hidden_size, vision.num_attention_heads, "vision heads");
  assertDivides(vision.image_size, vision.patch_size, "patches");
  return config;
}

/** Input `pixel_values`: float32 [n, 3, side, side]. Output `image_embeds`: float32 [n, projection_dim], not unit. */
export function buildClipVision(
  tensors: Tensors,
  { vision_config: vision, projection_dim: dims }: ClipConfig,
  dtype: WeightDtype,
): Uint8Array {
  const graph = new GraphBuilder("clip-vision");
  const layers = new TransformerLayers(graph, tensors, dtype);
  const shape = encoderShapeOf(vision);
  const { width, epsilon } = shape;
  const { image_size: side, patch_size: patch, num_hidden_layers: depth } = vision;
  const embeddings = "vision_model.embeddings";

  const pixels = graph.input("pixel_values", "f32", ["n", 3, side, side]);
  const kernel = `${embeddings}.patch_embedding.weight`;
  const patches = embedPatches(graph, tensors, { width, side, patch }, pixels, kernel, null);
  const classToken = weight(tensors, `${embeddings}.class_embedding`, [width]);
  const tokens = prependTokens(graph, "class_embedding", classToken, width, patches);
  const placeCount = (side / patch) ** 2 + 1;
  const places = weight(tensors, `${embeddings}.position_embedding.weight`, [placeCount, width]);
  const placed = graph.node("Add", [tokens, graph.constant("positions", places, [placeCount, width])]);

  // The published tensors have this spelling.
  let hidden = layers.layerNorm(placed, "vision_model.pre_layrnorm", width, epsilon);
  for (let i = 0; i < depth; i++) {
    const parts = plainParts(layers, shape, clipLayerNames(`vision_model.encoder.layers.${i}`));
    const keep = i === depth - 1 ? (x: Value) => firstToken(graph, x) : undefined;
    hidden = preNormLayer(graph, layers, shape, parts, hidden, { keep });
  }
  const pooled = layers.layerNorm(
    dropTokenAxis(graph, hidden),
    "vision_model.post_layernorm",
    width,
    epsilon,
  );
  graph.output("image_embeds", layers.project(pooled, "visual_projection", width, dims), "f32", ["n", dims]);
  return graph.toModel();
}

/**
 * Input `input_ids`: int64 [n, t], t up to `max_position_embeddings`; what follows the end token is not looked at.
 * Output `text_embeds`: float32 [n, projection_dim], not unit.
 */
export function buildClipText(
  tensors: Tensors,
  { text_config: text, projection_dim: dims }: ClipConfig,
  dtype: WeightDtype,
): Uint8Array {
  const graph = new GraphBuilder("clip-text");
  const layers = new TransformerLayers(graph, tensors, dtype);
  const shape = encoderShapeOf(text);
  const { width, epsilon } = shape;
  const { vocab_size: words, max_position_embeddings: positions } = text;
  const embeddings = "text_model.embeddings";

  const ids = graph.input("input_ids", "i64", ["n", "t"]);
  const length = graph.node("Shape", [ids], { start: 1, end: 2 });
  const perWord = layers.embed(ids, `${embeddings}.token_embedding.weight`, words, width);
  const places = weight(tensors, `${embeddings}.position_embedding.weight`, [positions, width]);
  const table = graph.constant("positions", places, [positions, width]);
  let hidden = graph.node("Add", [perWord, graph.node("Slice", [table, graph.ints([0]), length])]);

  const mask = causalMask(graph, length);
  for (let i = 0; i < text.num_hidden_layers; i++) {
    const parts = plainParts(layers, shape, clipLayerNames(`text_model.encoder.layers.${i}`));
    hidden = preNormLayer(graph, layers, shape, parts, hidden, { mask });
  }
  const pooled = graph.node("GatherND", [hidden, endOf(graph, ids, text.eos_token_id)], { batch_dims: 1 });
  const normal = layers.layerNorm(pooled, "text_model.final_layer_norm", width, epsilon);
  graph.output("text_embeds", layers.project(normal, "text_projection", width, dims), "f32", ["n", dims]);
  return graph.toModel();
}

/** [t, t]: a token sees those before it and itself. */
function causalMask(graph: GraphBuilder, length: Value): Value {
  const square = graph.node("Concat", [length, length], { axis: 0 });
  const everything = graph.node("Expand", [graph.scalar(-1e9), square]);
  return graph.node("Trilu", [everything, graph.ints([1])], { upper: 1 });
}

/**
 * Where each text ends, int64 [n, 1]: the first end token. Configs older than transformers 4.31 say 2, which is not the
 * end token; for them it is the largest id, which in CLIP's vocabulary the end token has.
 */
function endOf(graph: GraphBuilder, ids: Value, endToken: number): Value {
  const narrow = graph.cast(ids, "i32");
  if (endToken === 2) return graph.node("ArgMax", [narrow], { axis: 1, keepdims: 1 });
  const isEnd = graph.node("Equal", [ids, graph.ints([endToken])]);
  return graph.node("ArgMax", [graph.cast(isEnd, "i32")], { axis: 1, keepdims: 1 });
}

export const clip = twoTowerArchitecture(["clip", "mobileclip"], (json) => {
  const config = parseClipConfig(json);
  const { image_size: side, patch_size: patch } = config.vision_config;
  return {
    vision: { ...encoderShapeOf(config.vision_config), tokens: (side / patch) ** 2 + 1 },
    side,
    dims: config.projection_dim,
    maxTokens: config.text_config.max_position_embeddings,
    padTo: "longest",
    lowercase: false,
    imageOutput: "image_embeds",
    textOutput: "text_embeds",
    buildVision: (tensors, dtype) => buildClipVision(tensors, config, dtype),
    buildText: (tensors, dtype) => buildClipText(tensors, config, dtype),
  };
});
