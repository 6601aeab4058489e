/** DINOv2 (Oquab et al. 2023), with or without register tokens (Darcet et al. 2023): the class token after the last norm. */
import { z } from "zod";
import type { WeightDtype } from "../convert.ts";
import { GraphBuilder, type Value } from "../onnx/graph-builder.ts";
import { TransformerLayers } from "../onnx/transformer.ts";
import { weight, type Tensors } from "../onnx/weights.ts";
import { EMBEDDING, oneTowerArchitecture } from "./one-tower.ts";
import { assertDivides, count, parseConfig } from "./parse-config.ts";
import { resizePositions } from "./positions.ts";
import {
  activationSchema,
  dropTokenAxis,
  embedPatches,
  firstToken,
  linearMap,
  preNormLayer,
  prependTokens,
  scaleMap,
  type EncoderShape,
  type LayerParts,
} from "./pre-norm.ts";

// What a config.json leaves out has the value that transformers' Dinov2Config gives it.
const configSchema = z.object({
  model_type: z.enum(["dinov2", "dinov2_with_registers"]),
  hidden_act: activationSchema.default("gelu"),
  hidden_size: count.default(768),
  mlp_ratio: z.number().positive().default(4),
  num_hidden_layers: count.default(12),
  num_attention_heads: count.default(12),
  image_size: count.default(224),
  patch_size: count.default(14),
  layer_norm_eps: z.number().positive().default(1e-6),
  num_register_tokens: z.int().nonnegative().default(4),
  use_swiglu_ffn: z.boolean().default(false),
});

export type Dinov2Config = z.infer<typeof configSchema>;

/** Errors: `MODEL_INCOMPATIBLE`, naming the field. */
export function parseDinov2Config(json: unknown): Dinov2Config {
  const config = parseConfig(configSchema, json, "a DINOv2 model");
  assertDivides(config.hidden_size, config.num_attention_heads, "heads");
  assertDivides(config.image_size, config.patch_size, "patches");
  return config;
}

function shapeOf(config: Dinov2Config): EncoderShape {
  const { hidden_size: width, mlp_ratio: ratio } = config;
  const wide = Math.trunc(width * ratio);
  return {
    width,
    heads: config.num_attention_heads,
    inner: config.use_swiglu_ffn ? Math.floor((Math.trunc((wide * 2) / 3) + 7) / 8) * 8 : wide,
    epsilon: config.layer_norm_eps,
    activation: config.hidden_act,
  };
}

/**
 * Input `pixel_values`: float32 [n, 3, side, side], `side` a multiple of the patch. Output `embedding`: float32
 * [n, hidden_size], not unit. The positions, learnt for pictures of `image_size`, are interpolated for `side`.
 */
export function buildDinov2(
  tensors: Tensors,
  config: Dinov2Config,
  side: number,
  dtype: WeightDtype,
): Uint8Array {
  const graph = new GraphBuilder("dinov2");
  const layers = new TransformerLayers(graph, tensors, dtype);
  const shape = shapeOf(config);
  const { width } = shape;
  const { patch_size: patch, num_hidden_layers: depth } = config;
  assertDivides(side, patch, "patches");

  const pixels = graph.input("pixel_values", "f32", ["n", 3, side, side]);
  const projection = "embeddings.patch_embeddings.projection";
  const size = { width, side, patch };
  const patches = embedPatches(graph, tensors, size, pixels, `${projection}.weight`, `${projection}.bias`);
  const places = placesFor(tensors, config, side / patch);
  const patchPlaces = graph.constant("positions", places.subarray(width), [places.length / width - 1, width]);
  const placed = graph.node("Add", [patches, patchPlaces]);
  let hidden = prependTokens(graph, "first_tokens", firstTokens(tensors, config, places), width, placed);

  for (let i = 0; i < depth; i++) {
    const parts = layerParts(graph, layers, tensors, config, shape, `encoder.layer.${i}`);
    const variant = i === depth - 1 ? { keep: (x: Value) => firstToken(graph, x) } : {};
    hidden = preNormLayer(graph, layers, shape, parts, hidden, variant);
  }
  const first = dropTokenAxis(graph, hidden);
  graph.output(EMBEDDING, layers.layerNorm(first, "layernorm", width, shape.epsilon), "f32", ["n", width]);
  return graph.toModel();
}

/** [1 + grid * grid, width]: of the class token, then of the patches. */
function placesFor(tensors: Tensors, config: Dinov2Config, grid: number): Float32Array {
  const { hidden_size: width, image_size, patch_size } = config;
  const learnt = image_size / patch_size;
  const places = weight(tensors, "embeddings.position_embeddings", [1, 1 + learnt * learnt, width]);
  if (grid === learnt) return places;
  // The two kinds interpolate differently in the original.
  const filter = config.model_type === "dinov2" ? "cubic" : "antialiased";
  const resized = resizePositions(places.subarray(width), width, learnt, grid, filter);
  const all = new Float32Array((1 + grid * grid) * width);
  all.set(places.subarray(0, width));
  all.set(resized, width);
  return all;
}

/** The class token at its place; then the registers, which stand nowhere. */
function firstTokens(tensors: Tensors, config: Dinov2Config, places: Float32Array): Float32Array {
  const { hidden_size: width, num_register_tokens: registers } = config;
  const classToken = weight(tensors, "embeddings.cls_token", [1, 1, width]).map(
    (value, i) => value + places[i]!,
  );
  if (config.model_type === "dinov2" || registers === 0) return classToken;
  return Float32Array.of(
    ...classToken,
    ...weight(tensors, "embeddings.register_tokens", [1, registers, width]),
  );
}

function layerParts(
  graph: GraphBuilder,
  layers: TransformerLayers,
  tensors: Tensors,
  { use_swiglu_ffn: isGated }: Dinov2Config,
  { width, inner, activation }: EncoderShape,
  prefix: string,
): LayerParts {
  const linear = (name: string) => (x: Value) => layers.linear(x, `${prefix}.${name}`, width, width);
  const scaled = (name: string, inWidth: number, scale: string) => {
    const factors = weight(tensors, `${prefix}.${scale}.lambda1`, [width]);
    const map = scaleMap(linearMap(tensors, `${prefix}.${name}`, [width, inWidth]), factors);
    return (x: Value) => layers.apply(x, map, inWidth, width);
  };
  const narrow = scaled(isGated ? "mlp.weights_out" : "mlp.fc2", inner, "layer_scale2");
  return {
    norm1: `${prefix}.norm1`,
    norm2: `${prefix}.norm2`,
    query: linear("attention.attention.query"),
    key: linear("attention.attention.key"),
    value: linear("attention.attention.value"),
    output: scaled("attention.output.dense", width, "layer_scale1"),
    feedForward(x) {
      if (!isGated)
        return narrow(layers.activate(layers.linear(x, `${prefix}.mlp.fc1`, width, inner), activation));
      const both = layers.linear(x, `${prefix}.mlp.weights_in`, width, 2 * inner);
      const [gate, value] = graph.nodes("Split", [both, graph.ints([inner, inner])], 2, { axis: -1 });
      return narrow(graph.node("Mul", [layers.activate(gate!, "silu"), value!]));
    },
  };
}

export const dinov2 = oneTowerArchitecture(["dinov2", "dinov2_with_registers"], (json) => {
  const config = parseDinov2Config(json);
  const shape = shapeOf(config);
  return {
    dims: shape.width,
    publishedOutputs: ["pooler_output", "last_hidden_state"],
    shape: (side) => ({
      ...shape,
      tokens: (side / config.patch_size) ** 2 + 1 + config.num_register_tokens,
    }),
    build: (tensors, side, dtype) => buildDinov2(tensors, config, side, dtype),
  };
});
