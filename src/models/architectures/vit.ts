/** The plain vision transformer (Dosovitskiy et al. 2021), classifiers among them: the class token after the last norm. */
import { z } from "zod";
import type { WeightDtype } from "../convert.ts";
import { GraphBuilder, type Value } from "../onnx/graph-builder.ts";
import { TransformerLayers } from "../onnx/transformer.ts";
import { incompatible, weight, type Tensors } from "../onnx/weights.ts";
import { EMBEDDING, oneTowerArchitecture } from "./one-tower.ts";
import { assertDivides, count, parseConfig } from "./parse-config.ts";
import {
  activationSchema,
  dropTokenAxis,
  embedPatches,
  encoderShapeOf,
  firstToken,
  plainParts,
  preNormLayer,
  prependTokens,
  type LayerNames,
} from "./pre-norm.ts";

// What a config.json leaves out has the value that transformers' ViTConfig gives it.
const configSchema = z.object({
  model_type: z.literal("vit"),
  hidden_act: activationSchema.default("gelu"),
  hidden_size: count.default(768),
  intermediate_size: count.default(3072),
  num_hidden_layers: count.default(12),
  num_attention_heads: count.default(12),
  image_size: count.default(224),
  patch_size: count.default(16),
  layer_norm_eps: z.number().positive().default(1e-12),
  qkv_bias: z.literal(true).default(true),
});

export type VitConfig = z.infer<typeof configSchema>;

/** Errors: `MODEL_INCOMPATIBLE`, naming the field. */
export function parseVitConfig(json: unknown): VitConfig {
  const config = parseConfig(configSchema, json, "a vision transformer");
  assertDivides(config.hidden_size, config.num_attention_heads, "heads");
  assertDivides(config.image_size, config.patch_size, "patches");
  return config;
}

/** Input `pixel_values`: float32 [n, 3, side, side]. Output `embedding`: float32 [n, hidden_size], not unit. */
export function buildVit(tensors: Tensors, config: VitConfig, dtype: WeightDtype): Uint8Array {
  const graph = new GraphBuilder("vit");
  const layers = new TransformerLayers(graph, tensors, dtype);
  const { hidden_size: width, image_size: side, patch_size: patch, num_hidden_layers: depth } = config;
  const shape = encoderShapeOf(config);
  // A classifier keeps the encoder's tensors under a name of its own.
  const root = tensors.has("vit.embeddings.cls_token") ? "vit." : "";
  const embeddings = `${root}embeddings`;

  const pixels = graph.input("pixel_values", "f32", ["n", 3, side, side]);
  const projection = `${embeddings}.patch_embeddings.projection`;
  const size = { width, side, patch };
  const patches = embedPatches(graph, tensors, size, pixels, `${projection}.weight`, `${projection}.bias`);
  const classToken = weight(tensors, `${embeddings}.cls_token`, [1, 1, width]);
  const placeCount = (side / patch) ** 2 + 1;
  const places = weight(tensors, `${embeddings}.position_embeddings`, [1, placeCount, width]);
  let hidden = graph.node("Add", [
    prependTokens(graph, "class_token", classToken, width, patches),
    graph.constant("positions", places, [placeCount, width]),
  ]);
  for (let i = 0; i < depth; i++) {
    const parts = plainParts(layers, shape, layerNames(`${root}encoder.layer.${i}`));
    const variant = i === depth - 1 ? { keep: (x: Value) => firstToken(graph, x) } : {};
    hidden = preNormLayer(graph, layers, shape, parts, hidden, variant);
  }
  const first = dropTokenAxis(graph, hidden);
  graph.output(EMBEDDING, layers.layerNorm(first, `${root}layernorm`, width, shape.epsilon), "f32", [
    "n",
    width,
  ]);
  return graph.toModel();
}

function layerNames(prefix: string): LayerNames {
  return {
    norm1: `${prefix}.layernorm_before`,
    query: `${prefix}.attention.attention.query`,
    key: `${prefix}.attention.attention.key`,
    value: `${prefix}.attention.attention.value`,
    output: `${prefix}.attention.output.dense`,
    norm2: `${prefix}.layernorm_after`,
    up: `${prefix}.intermediate.dense`,
    down: `${prefix}.output.dense`,
  };
}

export const vit = oneTowerArchitecture(["vit"], (json) => {
  const config = parseVitConfig(json);
  const { image_size, patch_size: patch } = config;
  const shape = encoderShapeOf(config);
  return {
    dims: shape.width,
    publishedOutputs: ["last_hidden_state"],
    shape: () => ({ ...shape, tokens: (image_size / patch) ** 2 + 1 }),
    build(tensors, side, dtype) {
      if (side !== image_size)
        throw incompatible(`Its pictures come as ${side} px, but the network takes ${image_size}.`);
      return buildVit(tensors, config, dtype);
    },
  };
});
