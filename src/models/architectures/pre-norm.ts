/** The encoder that vision transformers and the text towers beside them have in common. */
import { z } from "zod";
import type { GraphBuilder, Value } from "../onnx/graph-builder.ts";
import { ACTIVATIONS, type Activation, type LinearMap, type TransformerLayers } from "../onnx/transformer.ts";
import { weight, type Tensors } from "../onnx/weights.ts";

export const activationSchema = z.enum(ACTIVATIONS);

/** What the layers of one encoder share. */
export interface EncoderShape {
  readonly width: number;
  readonly heads: number;
  /** width of the hidden layer of the feed-forward part */
  readonly inner: number;
  readonly epsilon: number;
  readonly activation: Activation;
}

/** From the fields that transformers' configs have in common. */
export function encoderShapeOf(config: {
  readonly hidden_size: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
  readonly layer_norm_eps: number;
  readonly hidden_act: Activation;
}): EncoderShape {
  return {
    width: config.hidden_size,
    heads: config.num_attention_heads,
    inner: config.intermediate_size,
    epsilon: config.layer_norm_eps,
    activation: config.hidden_act,
  };
}

/** Prefixes of the tensors of one layer. */
export interface LayerNames {
  readonly norm1: string;
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly output: string;
  readonly norm2: string;
  readonly up: string;
  readonly down: string;
}

/** As transformers names them in CLIP and SigLIP. */
export function clipLayerNames(prefix: string): LayerNames {
  return {
    norm1: `${prefix}.layer_norm1`,
    query: `${prefix}.self_attn.q_proj`,
    key: `${prefix}.self_attn.k_proj`,
    value: `${prefix}.self_attn.v_proj`,
    output: `${prefix}.self_attn.out_proj`,
    norm2: `${prefix}.layer_norm2`,
    up: `${prefix}.mlp.fc1`,
    down: `${prefix}.mlp.fc2`,
  };
}

/** The learnt maps of one layer. */
export interface LayerParts {
  /** prefixes of the two layer norms */
  readonly norm1: string;
  readonly norm2: string;
  /** [n, t, width] to [n, t, width], each */
  query(x: Value): Value;
  key(x: Value): Value;
  value(x: Value): Value;
  output(x: Value): Value;
  feedForward(x: Value): Value;
}

/** Six linear maps with biases. */
export function plainParts(
  layers: TransformerLayers,
  { width, inner, activation }: EncoderShape,
  names: LayerNames,
): LayerParts {
  const linear = (prefix: string) => (x: Value) => layers.linear(x, prefix, width, width);
  return {
    ...names,
    query: linear(names.query),
    key: linear(names.key),
    value: linear(names.value),
    output: linear(names.output),
    feedForward(x) {
      const wide = layers.activate(layers.linear(x, names.up, width, inner), activation);
      return layers.linear(wide, names.down, inner, width);
    },
  };
}

/** What a layer may do other than the plainest. */
export interface LayerVariant {
  /** added to the attention scores [n, heads, t, t] */
  readonly mask?: Value | undefined;
  /** moves queries and keys [n, heads, t, headWidth] by where their tokens stand */
  readonly place?: ((x: Value) => Value) | undefined;
  /**
   * Only these tokens go on after this layer: [n, t, width] to fewer tokens; their queries are not moved by `place`. The
   * last layer of an encoder of which one token is read spends five sixths of its work on the others.
   */
  readonly keep?: ((x: Value) => Value) | undefined;
}

/** x + attention(norm(x)), then x + feed-forward(norm(x)): "pre-norm" (Xiong et al. 2020, figure 1b). */
export function preNormLayer(
  graph: GraphBuilder,
  layers: TransformerLayers,
  { width, heads, epsilon }: EncoderShape,
  parts: LayerParts,
  x: Value,
  { mask, place = (value) => value, keep }: LayerVariant = {},
): Value {
  const before = layers.layerNorm(x, parts.norm1, width, epsilon);
  const split = (value: Value): Value => layers.splitHeads(value, width, heads);
  const query = keep ? split(parts.query(keep(before))) : place(split(parts.query(before)));
  const key = place(split(parts.key(before)));
  const seen = layers.attend(query, key, split(parts.value(before)), width / heads, mask ?? null);
  const attended = parts.output(layers.joinHeads(seen, width));
  const between = graph.node("Add", [keep ? keep(x) : x, attended]);
  const middle = layers.layerNorm(between, parts.norm2, width, epsilon);
  return graph.node("Add", [between, parts.feedForward(middle)]);
}

/** The first token of each picture: [n, t, width] to [n, 1, width]. */
export function firstToken(graph: GraphBuilder, x: Value): Value {
  return graph.node("Slice", [x, graph.ints([0]), graph.ints([1]), graph.ints([1])]);
}

/** [n, 1, width] to [n, width]. */
export function dropTokenAxis(graph: GraphBuilder, x: Value): Value {
  return graph.node("Squeeze", [x, graph.ints([1])]);
}

export interface PatchShape {
  readonly width: number;
  /** of the picture, px */
  readonly side: number;
  /** of a patch, px */
  readonly patch: number;
}

/** Pixels float32 [n, 3, side, side] to one token a patch, row by row: [n, patches, width]. `bias`: a tensor's name. */
export function embedPatches(
  graph: GraphBuilder,
  tensors: Tensors,
  { width, side, patch }: PatchShape,
  pixels: Value,
  weights: string,
  bias: string | null,
): Value {
  const constant = (name: string, shape: readonly number[]): Value =>
    graph.constant(name, weight(tensors, name, shape), shape);
  const kernel = constant(weights, [width, 3, patch, patch]);
  const convolved = graph.node(
    "Conv",
    bias === null ? [pixels, kernel] : [pixels, kernel, constant(bias, [width])],
    { kernel_shape: [patch, patch], strides: [patch, patch] },
  );
  const flat = graph.node("Reshape", [convolved, graph.ints([0, width, Math.floor(side / patch) ** 2])]); // 0: as it was
  return graph.node("Transpose", [flat], { perm: [0, 2, 1] });
}

/** The same tokens, [1, count, width] or broadcastable to it, before those of every picture. */
export function prependTokens(
  graph: GraphBuilder,
  name: string,
  tokens: Float32Array,
  width: number,
  x: Value,
): Value {
  const count = tokens.length / width;
  const pictures = graph.node("Shape", [x], { start: 0, end: 1 });
  const shape = graph.node("Concat", [pictures, graph.ints([count, width])], { axis: 0 });
  const repeated = graph.node("Expand", [graph.constant(name, tokens, [1, count, width]), shape]);
  return graph.node("Concat", [repeated, x], { axis: 1 });
}

/** A linear map of the checkpoint, [out, in]; without a bias where it has none. */
export function linearMap(tensors: Tensors, prefix: string, shape: readonly [number, number]): LinearMap {
  const hasBias = tensors.has(`${prefix}.bias`);
  return {
    name: prefix,
    weights: weight(tensors, `${prefix}.weight`, shape),
    bias: hasBias ? weight(tensors, `${prefix}.bias`, [shape[0]]) : null,
  };
}

/** The map followed by a multiplication with `factors` [out]: "layer scale" (Touvron et al. 2021) made part of it. */
export function scaleMap({ name, weights, bias }: LinearMap, factors: Float32Array): LinearMap {
  const inWidth = weights.length / factors.length;
  return {
    name,
    weights: weights.map((value, i) => value * factors[Math.floor(i / inWidth)]!),
    bias: bias && bias.map((value, i) => value * factors[i]!),
  };
}
