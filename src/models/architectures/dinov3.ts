/** DINOv3's vision transformers (Siméoni et al. 2025): positions as rotations, register tokens; the class token after the last norm. */
import { z } from "zod";
import type { WeightDtype } from "../convert.ts";
import { GraphBuilder, type Value } from "../onnx/graph-builder.ts";
import { TransformerLayers } from "../onnx/transformer.ts";
import { weight, type Tensors } from "../onnx/weights.ts";
import { EMBEDDING, oneTowerArchitecture } from "./one-tower.ts";
import { assertDivides, count, parseConfig } from "./parse-config.ts";
import {
  activationSchema,
  dropTokenAxis,
  embedPatches,
  encoderShapeOf,
  firstToken,
  linearMap,
  preNormLayer,
  prependTokens,
  scaleMap,
  type LayerParts,
} from "./pre-norm.ts";

// What a config.json leaves out has the value that transformers' DINOv3ViTConfig gives it.
const configSchema = z.object({
  model_type: z.literal("dinov3_vit"),
  hidden_act: activationSchema.default("gelu"),
  hidden_size: count.default(384),
  intermediate_size: count.default(1536),
  num_hidden_layers: count.default(12),
  num_attention_heads: count.default(6),
  patch_size: count.default(16),
  layer_norm_eps: z.number().positive().default(1e-5),
  rope_theta: z.number().positive().default(100),
  use_gated_mlp: z.boolean().default(false),
  num_register_tokens: z.int().nonnegative().default(0),
});

export type Dinov3Config = z.infer<typeof configSchema>;

/** Errors: `MODEL_INCOMPATIBLE`, naming the field. */
export function parseDinov3Config(json: unknown): Dinov3Config {
  const config = parseConfig(configSchema, json, "a DINOv3 vision transformer");
  assertDivides(config.hidden_size, 4 * config.num_attention_heads, "heads of four parts");
  return config;
}

/**
 * Input `pixel_values`: float32 [n, 3, side, side], `side` a multiple of the patch. Output `embedding`: float32
 * [n, hidden_size], not unit.
 */
export function buildDinov3(
  tensors: Tensors,
  config: Dinov3Config,
  side: number,
  dtype: WeightDtype,
): Uint8Array {
  const graph = new GraphBuilder("dinov3");
  const layers = new TransformerLayers(graph, tensors, dtype);
  const shape = encoderShapeOf(config);
  const { width, heads } = shape;
  const { patch_size: patch, num_hidden_layers: depth, num_register_tokens: registers } = config;
  assertDivides(side, patch, "patches");

  const pixels = graph.input("pixel_values", "f32", ["n", 3, side, side]);
  const projection = "embeddings.patch_embeddings";
  const size = { width, side, patch };
  const patches = embedPatches(graph, tensors, size, pixels, `${projection}.weight`, `${projection}.bias`);
  const first = Float32Array.of(
    ...weight(tensors, "embeddings.cls_token", [1, 1, width]),
    ...(registers === 0 ? [] : weight(tensors, "embeddings.register_tokens", [1, registers, width])),
  );
  let hidden = prependTokens(graph, "first_tokens", first, width, patches);

  const place = rotation(graph, side / patch, 1 + registers, width / heads, config.rope_theta);
  for (let i = 0; i < depth; i++) {
    const parts = layerParts(graph, layers, tensors, config, `layer.${i}`);
    const keep = i === depth - 1 ? (x: Value) => firstToken(graph, x) : undefined;
    hidden = preNormLayer(graph, layers, shape, parts, hidden, keep ? { place, keep } : { place });
  }
  const last = dropTokenAxis(graph, hidden);
  graph.output(EMBEDDING, layers.layerNorm(last, "norm", width, shape.epsilon), "f32", ["n", width]);
  return graph.toModel();
}

/**
 * Turns pairs of components of queries and keys [n, heads, t, headWidth] by angles that grow with where their patch stands
 * (Su et al. 2021, in two dimensions): a quarter of the components by its height, the next by its breadth, and the second
 * half holds the partners of the first. The first `still` tokens stand nowhere: their angle is 0.
 */
function rotation(
  graph: GraphBuilder,
  grid: number,
  still: number,
  headWidth: number,
  theta: number,
): (x: Value) => Value {
  const tokens = still + grid * grid;
  const quarter = headWidth / 4;
  const angles = new Float64Array(tokens * headWidth);
  for (let patch = 0; patch < grid * grid; patch++) {
    const place = [Math.floor(patch / grid), patch % grid].map((at) => (2 * (at + 0.5)) / grid - 1);
    for (let j = 0; j < headWidth; j++) {
      const part = Math.floor(j / quarter) % 2; // height, breadth, height, breadth
      const frequency = theta ** -((j % quarter) / quarter);
      angles[(still + patch) * headWidth + j] = 2 * Math.PI * place[part]! * frequency;
    }
  }
  const table = (name: string, of: (angle: number) => number): Value =>
    graph.constant(name, Float32Array.from(angles, of), [tokens, headWidth]);
  const [cosines, sines] = [table("cosines", Math.cos), table("sines", Math.sin)];
  const half = graph.ints([headWidth / 2, headWidth / 2]);
  return (x) => {
    const [low, high] = graph.nodes("Split", [x, half], 2, { axis: -1 });
    const turned = graph.node("Concat", [graph.node("Neg", [high!]), low!], { axis: -1 });
    return graph.node("Add", [graph.node("Mul", [x, cosines]), graph.node("Mul", [turned, sines])]);
  };
}

/** Which of the maps have biases is as the checkpoint has it: the keys', by default, have none. */
function layerParts(
  graph: GraphBuilder,
  layers: TransformerLayers,
  tensors: Tensors,
  config: Dinov3Config,
  prefix: string,
): LayerParts {
  const { width, inner, activation } = encoderShapeOf(config);
  const map = (name: string, inWidth: number, outWidth: number, scale?: string) => {
    const plain = linearMap(tensors, `${prefix}.${name}`, [outWidth, inWidth]);
    const learnt = scale && weight(tensors, `${prefix}.${scale}.lambda1`, [outWidth]);
    const used = learnt ? scaleMap(plain, learnt) : plain;
    return (x: Value) => layers.apply(x, used, inWidth, outWidth);
  };
  const up = map("mlp.up_proj", width, inner);
  const gate = config.use_gated_mlp ? map("mlp.gate_proj", width, inner) : null;
  const down = map("mlp.down_proj", inner, width, "layer_scale2");
  return {
    norm1: `${prefix}.norm1`,
    norm2: `${prefix}.norm2`,
    query: map("attention.q_proj", width, width),
    key: map("attention.k_proj", width, width),
    value: map("attention.v_proj", width, width),
    output: map("attention.o_proj", width, width, "layer_scale1"),
    feedForward(x) {
      if (gate === null) return down(layers.activate(up(x), activation));
      return down(graph.node("Mul", [layers.activate(gate(x), activation), up(x)]));
    },
  };
}

export const dinov3 = oneTowerArchitecture(["dinov3_vit"], (json) => {
  const config = parseDinov3Config(json);
  const shape = encoderShapeOf(config);
  return {
    dims: shape.width,
    publishedOutputs: ["pooler_output", "last_hidden_state"],
    shape: (side) => ({
      ...shape,
      tokens: (side / config.patch_size) ** 2 + 1 + config.num_register_tokens,
    }),
    build: (tensors, side, dtype) => buildDinov3(tensors, config, side, dtype),
  };
});
