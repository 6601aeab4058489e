/**
 * A BERT sentence encoder, such as all-MiniLM-L6-v2, as an ONNX graph: the encoder of Devlin et al. (2018), then
 * the mean over tokens and unit length, as sentence-transformers does it (Reimers and Gurevych 2019).
 */
import { z } from "zod";
import { GraphBuilder, type Value } from "./graph-builder.ts";
import { TransformerLayers } from "./transformer.ts";
import { incompatible, weight, type Tensors } from "./weights.ts";

const count = z.int().positive();

const bertConfigSchema = z.object({
  model_type: z.literal("bert"),
  hidden_act: z.literal("gelu"),
  position_embedding_type: z.literal("absolute").default("absolute"),
  vocab_size: count,
  type_vocab_size: count,
  max_position_embeddings: count,
  hidden_size: count,
  intermediate_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  layer_norm_eps: z.number().positive(),
});

/** A model's `config.json`, as far as it shapes the graph. */
export type BertConfig = z.infer<typeof bertConfigSchema>;

/** Of a parsed `config.json`. Errors: `MODEL_INCOMPATIBLE`, naming the field. */
export function parseBertConfig(json: unknown): BertConfig {
  const parsed = bertConfigSchema.safeParse(json);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0];
    throw incompatible(
      `The model's config.json is not that of a BERT encoder: ${path.join(".")}: ${message}.`,
    );
  }
  const { hidden_size, num_attention_heads } = parsed.data;
  if (hidden_size % num_attention_heads !== 0)
    throw incompatible(
      `The model's hidden_size ${hidden_size} does not divide into ${num_attention_heads} heads.`,
    );
  return parsed.data;
}

/**
 * Inputs `input_ids` and `attention_mask` (1 = token, 0 = padding): int64 [n, t], t up to
 * `max_position_embeddings`, at least one token a row. Output `sentence_embedding`: float32 [n, hidden_size],
 * unit rows. Tensors are named as transformers' BertModel names them; others are left aside.
 * Errors: `MODEL_INCOMPATIBLE`, naming the tensor.
 */
export function buildSentenceBert(tensors: Tensors, config: BertConfig): Uint8Array {
  const graph = new GraphBuilder("sentence-bert");
  const ids = graph.input("input_ids", "i64", ["n", "t"]);
  const mask = graph.cast(graph.input("attention_mask", "i64", ["n", "t"]), "f32");
  const layers = new TransformerLayers(graph, tensors);
  const { hidden_size: width, layer_norm_eps: epsilon } = config;

  const embedded = embedTokens(graph, tensors, config, ids);
  let hidden = layers.layerNorm(embedded, "embeddings.LayerNorm", width, epsilon);
  const scoreMask = hidePadding(graph, mask);
  for (let i = 0; i < config.num_hidden_layers; i++)
    hidden = encoderLayer(graph, layers, config, hidden, `encoder.layer.${i}`, scoreMask);

  graph.output("sentence_embedding", toUnit(graph, meanOfTokens(graph, hidden, mask)), "f32", ["n", width]);
  return graph.toModel();
}

/** Word + position + type. Every token has type 0, so its vector is added to the positions beforehand. */
function embedTokens(graph: GraphBuilder, tensors: Tensors, config: BertConfig, ids: Value): Value {
  const { hidden_size: width, vocab_size, type_vocab_size, max_position_embeddings: positions } = config;
  const words = weight(tensors, "embeddings.word_embeddings.weight", [vocab_size, width]);
  const types = weight(tensors, "embeddings.token_type_embeddings.weight", [type_vocab_size, width]);
  const places = weight(tensors, "embeddings.position_embeddings.weight", [positions, width]);
  const placed = places.map((value, i) => value + types[i % width]);

  const perWord = graph.node("Gather", [graph.constant("words", words, [vocab_size, width]), ids]);
  const length = graph.node("Shape", [ids], { start: 1, end: 2 });
  const table = graph.constant("positions", placed, [positions, width]);
  return graph.node("Add", [perWord, graph.node("Slice", [table, graph.ints([0]), length])]);
}

/** [n, t] of 1 and 0 to [n, 1, 1, t] of 0 and a score that softmax turns into exactly 0. */
function hidePadding(graph: GraphBuilder, mask: Value): Value {
  const hidden = graph.node("Mul", [graph.node("Sub", [mask, graph.scalar(1)]), graph.scalar(1e9)]);
  return graph.node("Unsqueeze", [hidden, graph.ints([1, 2])]);
}

function encoderLayer(
  graph: GraphBuilder,
  layers: TransformerLayers,
  { hidden_size: width, intermediate_size, num_attention_heads, layer_norm_eps: epsilon }: BertConfig,
  x: Value,
  prefix: string,
  mask: Value,
): Value {
  const names = {
    query: `${prefix}.attention.self.query`,
    key: `${prefix}.attention.self.key`,
    value: `${prefix}.attention.self.value`,
    output: `${prefix}.attention.output.dense`,
  };
  const attended = graph.node("Add", [x, layers.selfAttention(x, names, width, num_attention_heads, mask)]);
  const middle = layers.layerNorm(attended, `${prefix}.attention.output.LayerNorm`, width, epsilon);
  const wide = layers.gelu(layers.linear(middle, `${prefix}.intermediate.dense`, width, intermediate_size));
  const narrow = layers.linear(wide, `${prefix}.output.dense`, intermediate_size, width);
  return layers.layerNorm(graph.node("Add", [middle, narrow]), `${prefix}.output.LayerNorm`, width, epsilon);
}

function meanOfTokens(graph: GraphBuilder, hidden: Value, mask: Value): Value {
  const perToken = graph.node("Unsqueeze", [mask, graph.ints([2])]); // [n, t, 1]
  const sum = graph.node("ReduceSum", [graph.node("Mul", [hidden, perToken]), graph.ints([1])], {
    keepdims: 0,
  });
  const tokens = graph.node("ReduceSum", [mask, graph.ints([1])]); // [n, 1]
  return graph.node("Div", [sum, tokens]);
}

function toUnit(graph: GraphBuilder, rows: Value): Value {
  return graph.node("Div", [rows, graph.node("ReduceL2", [rows], { axes: [1] })]);
}
