/**
 * BLIP's mouth as an ONNX graph (Li et al. 2022, section 3.1): a BERT decoder that looks at what it has said and at
 * the picture, and gives the likelihood of the next token. What it computed of earlier tokens it is given back.
 */
import type { WeightDtype } from "../convert.ts";
import { GraphBuilder, type Value } from "../onnx/graph-builder.ts";
import { TransformerLayers } from "../onnx/transformer.ts";
import { weight, type Tensors } from "../onnx/weights.ts";
import type { BlipTextConfig } from "./blip-config.ts";

const HIDDEN = -10_000; // what the original adds to the scores of later tokens: softmax makes exactly 0 of it

/**
 * One step for `rows` sentences, the same number a picture, those of one picture beside each other.
 *
 * Inputs: `input_ids` int64 [rows, t], the new tokens; `parents` int64 [rows], which row of the last step each row
 * goes on from; `past.i.key` and `past.i.value` float32 [last rows, heads, p, headWidth], the last step's `present`,
 * p = 0 in the first; `cross.i.key` and `cross.i.value` float32 [pictures, heads, s, headWidth], see blip-vision.ts.
 * Outputs: `logits` float32 [rows, vocabulary], of what follows the last token; `present.i.key` and
 * `present.i.value` float32 [rows, heads, p + t, headWidth]. p + t is at most `max_position_embeddings`.
 * Errors: `MODEL_INCOMPATIBLE`, naming the tensor.
 */
export function buildBlipText(tensors: Tensors, config: BlipTextConfig, dtype: WeightDtype): Uint8Array {
  const graph = new GraphBuilder("blip-text");
  const layers = new TransformerLayers(graph, tensors, dtype);
  const { hidden_size: width, num_attention_heads: heads, layer_norm_eps: epsilon } = config;
  const headWidth = width / heads;
  const ids = graph.input("input_ids", "i64", ["rows", "t"]);
  const parents = graph.input("parents", "i64", ["rows"]);
  const memories = Array.from({ length: config.num_hidden_layers }, (_, i) => {
    const read = (what: string, shape: readonly string[]): Value =>
      graph.input(what, "f32", [shape[0]!, heads, shape[1]!, headWidth]);
    return {
      past: { key: read(`past.${i}.key`, ["last", "p"]), value: read(`past.${i}.value`, ["last", "p"]) },
      cross: {
        key: read(`cross.${i}.key`, ["pictures", "s"]),
        value: read(`cross.${i}.value`, ["pictures", "s"]),
      },
    };
  });

  const span = spanOf(graph, ids, memories[0]!.past.key);
  let hidden = layers.layerNorm(
    embedTokens(graph, layers, tensors, config, ids, span),
    "text_decoder.bert.embeddings.LayerNorm",
    width,
    epsilon,
  );
  const mask = causalMask(graph, span);
  memories.forEach(({ past, cross }, i) => {
    const prefix = `text_decoder.bert.encoder.layer.${i}`;
    const project = (x: Value, name: string): Value => layers.linear(x, `${prefix}.${name}`, width, width);
    /** The second half of every block: project, add what came in, normalise. */
    const settle = (x: Value, came: Value, name: string, inWidth: number): Value =>
      layers.layerNorm(
        graph.node("Add", [layers.linear(x, `${prefix}.${name}.dense`, inWidth, width), came]),
        `${prefix}.${name}.LayerNorm`,
        width,
        epsilon,
      );

    const remember = (part: "key" | "value"): Value => {
      const fresh = layers.splitHeads(project(hidden, `attention.self.${part}`), width, heads);
      const all = graph.node("Concat", [graph.node("Gather", [past[part], parents]), fresh], { axis: 2 });
      graph.output(`present.${i}.${part}`, all, "f32", ["rows", heads, "p + t", headWidth]);
      return all;
    };
    const query = layers.splitHeads(project(hidden, "attention.self.query"), width, heads);
    const said = layers.attend(query, remember("key"), remember("value"), headWidth, mask);
    const self = settle(layers.joinHeads(said, width), hidden, "attention.output", width);

    const seen = lookAt(graph, layers, project(self, "crossattention.self.query"), cross, width, heads);
    const crossed = settle(seen, self, "crossattention.output", width);

    const wide = layers.gelu(
      layers.linear(crossed, `${prefix}.intermediate.dense`, width, config.intermediate_size),
    );
    hidden = settle(wide, crossed, "output", config.intermediate_size);
  });

  graph.output("logits", toLogits(graph, layers, config, hidden), "f32", ["rows", config.vocab_size]);
  return graph.toModel();
}

/** Where the new tokens stand: int64 [1] each. */
interface Span {
  /** earlier tokens */
  readonly past: Value;
  /** new tokens */
  readonly fresh: Value;
  readonly all: Value;
}

function spanOf(graph: GraphBuilder, ids: Value, pastKey: Value): Span {
  const past = graph.node("Shape", [pastKey], { start: 2, end: 3 });
  const fresh = graph.node("Shape", [ids], { start: 1, end: 2 });
  return { past, fresh, all: graph.node("Add", [past, fresh]) };
}

function embedTokens(
  graph: GraphBuilder,
  layers: TransformerLayers,
  tensors: Tensors,
  { hidden_size: width, vocab_size, max_position_embeddings: positions }: BlipTextConfig,
  ids: Value,
  { past, all }: Span,
): Value {
  const prefix = "text_decoder.bert.embeddings";
  const words = layers.embed(ids, `${prefix}.word_embeddings.weight`, vocab_size, width);
  const name = `${prefix}.position_embeddings.weight`;
  const table = graph.constant(name, weight(tensors, name, [positions, width]), [positions, width]);
  return graph.node("Add", [words, graph.node("Slice", [table, past, all])]);
}

/** [t, p + t]: a token sees all that were before it, and itself. */
function causalMask(graph: GraphBuilder, { past, fresh, all }: Span): Value {
  const shape = graph.node("Concat", [fresh, all], { axis: 0 });
  const everything = graph.node("Expand", [graph.scalar(HIDDEN), shape]);
  return graph.node("Trilu", [everything, graph.node("Add", [past, graph.ints([1])])], { upper: 1 });
}

/**
 * Cross-attention. All sentences of a picture ask the same keys, so they are one long row of queries there, and the
 * keys, by far the largest tensors here, are not copied for each beam.
 */
function lookAt(
  graph: GraphBuilder,
  layers: TransformerLayers,
  projected: Value, // [rows, t, width]
  cross: { readonly key: Value; readonly value: Value },
  width: number,
  heads: number,
): Value {
  const pictures = graph.node("Shape", [cross.key], { start: 0, end: 1 });
  const perPicture = graph.node("Concat", [pictures, graph.ints([-1, width])], { axis: 0 });
  const query = layers.splitHeads(graph.node("Reshape", [projected, perPicture]), width, heads);
  const seen = layers.joinHeads(layers.attend(query, cross.key, cross.value, width / heads, null), width);
  return graph.node("Reshape", [seen, graph.node("Shape", [projected])]);
}

/** Of the last token alone. */
function toLogits(
  graph: GraphBuilder,
  layers: TransformerLayers,
  { hidden_size: width, vocab_size: vocabulary, layer_norm_eps: epsilon }: BlipTextConfig,
  hidden: Value,
): Value {
  const prefix = "text_decoder.cls.predictions";
  const last = graph.node("Squeeze", [
    graph.node("Gather", [hidden, graph.ints([-1])], { axis: 1 }),
    graph.ints([1]),
  ]);
  const dense = layers.gelu(layers.linear(last, `${prefix}.transform.dense`, width, width));
  const normal = layers.layerNorm(dense, `${prefix}.transform.LayerNorm`, width, epsilon);
  return layers.linear(normal, `${prefix}.decoder`, width, vocabulary);
}
