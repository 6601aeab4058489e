/**
 * BLIP's eyes as an ONNX graph (Li et al. 2022, section 3.1): a vision transformer, and after it what the text decoder
 * needs of its result in every step, computed once a picture.
 */
import type { WeightDtype } from "../convert.ts";
import { GraphBuilder, type Value } from "../onnx/graph-builder.ts";
import { TransformerLayers } from "../onnx/transformer.ts";
import { weight, type Tensors } from "../onnx/weights.ts";
import { pictureTokens, type BlipConfig, type BlipVisionConfig } from "./blip-config.ts";
import { embedPatches, prependTokens } from "./pre-norm.ts";

/**
 * Input `pixel_values`: float32 [n, 3, side, side]. Outputs: `image_states` float32 [n, tokens, width], and for
 * each layer i of the decoder `cross.i.key` and `cross.i.value`, float32 [n, heads, patches + 1, headWidth].
 * Errors: `MODEL_INCOMPATIBLE`, naming the tensor.
 */
export function buildBlipVision(tensors: Tensors, config: BlipConfig, dtype: WeightDtype): Uint8Array {
  const { vision_config: vision, text_config: text } = config;
  const graph = new GraphBuilder("blip-vision");
  const layers = new TransformerLayers(graph, tensors, dtype);
  const { hidden_size: width, layer_norm_eps: epsilon, image_size: side, patch_size: patch } = vision;
  const tokens = pictureTokens(vision);
  const embeddings = "vision_model.embeddings";

  const pixels = graph.input("pixel_values", "f32", ["n", 3, side, side]);
  const kernel = `${embeddings}.patch_embedding.weight`;
  const bias = `${embeddings}.patch_embedding.bias`;
  const patches = embedPatches(graph, tensors, { width, side, patch }, pixels, kernel, bias);
  const classToken = weight(tensors, `${embeddings}.class_embedding`, [1, 1, width]);
  const all = prependTokens(graph, "class_embedding", classToken, width, patches);
  const places = weight(tensors, `${embeddings}.position_embedding`, [1, tokens, width]);
  let hidden = graph.node("Add", [all, graph.constant("positions", places, [tokens, width])]);
  for (let i = 0; i < vision.num_hidden_layers; i++)
    hidden = encoderLayer(graph, layers, vision, hidden, `vision_model.encoder.layers.${i}`);
  const states = layers.layerNorm(hidden, "vision_model.post_layernorm", width, epsilon);
  graph.output("image_states", states, "f32", ["n", tokens, width]);

  const { hidden_size: textWidth, num_attention_heads: heads } = text;
  for (let i = 0; i < text.num_hidden_layers; i++)
    for (const part of ["key", "value"] as const) {
      const prefix = `text_decoder.bert.encoder.layer.${i}.crossattention.self.${part}`;
      const projected = layers.splitHeads(layers.linear(states, prefix, width, textWidth), textWidth, heads);
      graph.output(`cross.${i}.${part}`, projected, "f32", ["n", heads, tokens, textWidth / heads]);
    }
  return graph.toModel();
}

/** Pre-norm; query, key and value come out of one matrix. */
function encoderLayer(
  graph: GraphBuilder,
  layers: TransformerLayers,
  {
    hidden_size: width,
    intermediate_size,
    num_attention_heads: heads,
    layer_norm_eps: epsilon,
  }: BlipVisionConfig,
  x: Value,
  prefix: string,
): Value {
  const before = layers.layerNorm(x, `${prefix}.layer_norm1`, width, epsilon);
  const joined = layers.linear(before, `${prefix}.self_attn.qkv`, width, 3 * width);
  const [query, key, value] = graph
    .nodes("Split", [joined, graph.ints([width, width, width])], 3, { axis: 2 })
    .map((part) => layers.splitHeads(part, width, heads));
  const seen = layers.joinHeads(layers.attend(query!, key!, value!, width / heads, null), width);
  const attended = graph.node("Add", [
    x,
    layers.linear(seen, `${prefix}.self_attn.projection`, width, width),
  ]);

  const middle = layers.layerNorm(attended, `${prefix}.layer_norm2`, width, epsilon);
  const wide = layers.gelu(layers.linear(middle, `${prefix}.mlp.fc1`, width, intermediate_size));
  return graph.node("Add", [attended, layers.linear(wide, `${prefix}.mlp.fc2`, intermediate_size, width)]);
}
