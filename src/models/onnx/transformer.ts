/** The layers that transformer graphs are made of, with weights named and laid out as PyTorch saves them. */
import type { WeightDtype } from "../convert.ts";
import { float, type GraphBuilder, type Value } from "./graph-builder.ts";
import { quantizeRows, toHalves } from "./quantize.ts";
import { weight, type Tensors } from "./weights.ts";

/** Prefixes of the four linear maps of an attention layer. */
export interface AttentionNames {
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly output: string;
}

/** The activations that published networks name in `hidden_act`. */
export const ACTIVATIONS = ["gelu", "quick_gelu", "gelu_pytorch_tanh", "gelu_new", "silu"] as const;
export type Activation = (typeof ACTIVATIONS)[number];

/** A linear map that does not lie in the checkpoint as it is used. */
export interface LinearMap {
  /** for the constants of the graph */
  readonly name: string;
  /** row-major [out, in], as PyTorch keeps it */
  readonly weights: Float32Array;
  /** [out] */
  readonly bias: Float32Array | null;
}

/**
 * Values are float32 [n, t, width] throughout. Matrices and word tables are kept as `dtype` says, all else as float32:
 * - fp16: halves, widened as the graph is loaded, word vectors as they are looked up;
 * - q8: 8-bit integers, one scale an output. The activations that meet them become bytes as they come, one scale a
 *   row, and the product is of integers: twice as fast as fp32 where the CPU has instructions for it.
 *
 * Errors of every method: `MODEL_INCOMPATIBLE`, naming the tensor.
 */
export class TransformerLayers {
  readonly #graph: GraphBuilder;
  readonly #tensors: Tensors;
  readonly #dtype: WeightDtype;

  constructor(graph: GraphBuilder, tensors: Tensors, dtype: WeightDtype = "fp32") {
    this.#graph = graph;
    this.#tensors = tensors;
    this.#dtype = dtype;
  }

  /** x W^T + b; PyTorch keeps W as [out, in]. */
  linear(x: Value, prefix: string, inWidth: number, outWidth: number): Value {
    const weights = weight(this.#tensors, `${prefix}.weight`, [outWidth, inWidth]);
    const bias = weight(this.#tensors, `${prefix}.bias`, [outWidth]);
    return this.apply(x, { name: prefix, weights, bias }, inWidth, outWidth);
  }

  /** x W^T, without a bias. */
  project(x: Value, prefix: string, inWidth: number, outWidth: number): Value {
    const weights = weight(this.#tensors, `${prefix}.weight`, [outWidth, inWidth]);
    return this.apply(x, { name: prefix, weights, bias: null }, inWidth, outWidth);
  }

  /** A map that the checkpoint does not hold in this form. */
  apply(x: Value, { name, weights, bias }: LinearMap, inWidth: number, outWidth: number): Value {
    const product = this.#product(x, `${name}.weight`, weights, inWidth, outWidth);
    if (bias === null) return product;
    return this.#graph.node("Add", [product, this.#graph.constant(`${name}.bias`, bias, [outWidth])]);
  }

  /** `matrix`: [out, in]; ONNX wants [in, out]. */
  #product(x: Value, name: string, matrix: Float32Array, inWidth: number, outWidth: number): Value {
    const graph = this.#graph;
    const shape = [inWidth, outWidth];
    if (this.#dtype === "q8") return this.#integerProduct(x, name, matrix, inWidth, outWidth);
    if (this.#dtype === "fp32")
      return graph.node("MatMul", [x, graph.constant(name, transpose(matrix, outWidth, inWidth), shape)]);
    const halves = transpose(toHalves(matrix), outWidth, inWidth);
    return graph.node("MatMul", [x, graph.cast(graph.constant(name, halves, shape), "f32")]);
  }

  /**
   * Each row of x becomes bytes with a scale of its own. DynamicQuantizeLinear's one scale for all would be faster by a
   * fifth, but what a picture gives would depend on the pictures that it shares a batch with, and the large numbers of
   * one token would coarsen all others.
   */
  #integerProduct(x: Value, name: string, matrix: Float32Array, inWidth: number, outWidth: number): Value {
    const graph = this.#graph;
    const { data, scales } = quantizeRows(matrix, inWidth);
    const weights = graph.constant(name, transpose(data, outWidth, inWidth), [inWidth, outWidth]);
    const rows = graph.node("Reshape", [x, graph.ints([-1, inWidth])]);
    const largest = graph.node("ReduceMax", [graph.node("Abs", [rows])], { axes: [1], keepdims: 0 });
    // A row of zeros must not be divided by 0.
    const steps = graph.node("Max", [
      graph.node("Mul", [largest, graph.scalar(1 / 127)]),
      graph.scalar(1e-30),
    ]);
    const middle = graph.cast(graph.scalar(128), "u8");
    const middles = graph.node("Expand", [middle, graph.node("Shape", [steps])]);
    const levels = graph.node("QuantizeLinear", [rows, steps, middles], { axis: 0 });
    const sums = graph.node("MatMulInteger", [levels, weights, middle]);
    const perColumn = graph.node("Mul", [
      graph.cast(sums, "f32"),
      graph.constant(`${name}.scale`, scales, [outWidth]),
    ]);
    const product = graph.node("Mul", [perColumn, graph.node("Unsqueeze", [steps, graph.ints([1])])]);
    const before = graph.node("Shape", [x], { start: 0, end: -1 });
    return graph.node("Reshape", [
      product,
      graph.node("Concat", [before, graph.ints([outWidth])], { axis: 0 }),
    ]);
  }

  /** Rows of a table of word vectors: ids int64 of any shape to float32 [...shape, width]. */
  embed(ids: Value, name: string, rows: number, width: number): Value {
    const graph = this.#graph;
    const table = weight(this.#tensors, name, [rows, width]);
    if (this.#dtype === "fp32")
      return graph.node("Gather", [graph.constant(name, table, [rows, width]), ids]);
    if (this.#dtype === "fp16")
      return graph.cast(
        graph.node("Gather", [graph.constant(name, toHalves(table), [rows, width]), ids]),
        "f32",
      );
    const { data, scales } = quantizeRows(table, width);
    const found = graph.node("Gather", [graph.constant(name, data, [rows, width]), ids]);
    const steps = graph.node("Gather", [graph.constant(`${name}.scale`, scales, [rows, 1]), ids]);
    return graph.node("Mul", [graph.cast(found, "f32"), steps]);
  }

  layerNorm(x: Value, prefix: string, width: number, epsilon: number): Value {
    const [scale, bias] = ["weight", "bias"].map((part) =>
      this.#graph.constant(`${prefix}.${part}`, weight(this.#tensors, `${prefix}.${part}`, [width]), [width]),
    );
    return this.#graph.node("LayerNormalization", [x, scale, bias], { axis: -1, epsilon: float(epsilon) });
  }

  activate(x: Value, activation: Activation): Value {
    const graph = this.#graph;
    switch (activation) {
      case "gelu":
        return this.gelu(x);
      case "quick_gelu":
        return graph.node("Mul", [x, graph.node("Sigmoid", [graph.node("Mul", [x, graph.scalar(1.702)])])]);
      case "silu":
        return graph.node("Mul", [x, graph.node("Sigmoid", [x])]);
      case "gelu_pytorch_tanh":
      case "gelu_new":
        return this.#tanhGelu(x);
    }
  }

  /** x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))): Hendrycks and Gimpel 2016, section 2. */
  #tanhGelu(x: Value): Value {
    const graph = this.#graph;
    const cube = graph.node("Mul", [graph.node("Mul", [x, x]), x]);
    const bent = graph.node("Add", [x, graph.node("Mul", [cube, graph.scalar(0.044715)])]);
    const tanh = graph.node("Tanh", [graph.node("Mul", [bent, graph.scalar(Math.sqrt(2 / Math.PI))])]);
    const doubled = graph.node("Mul", [x, graph.node("Add", [tanh, graph.scalar(1)])]);
    return graph.node("Mul", [doubled, graph.scalar(0.5)]);
  }

  /** x/2 (1 + erf(x / sqrt 2)): the exact form, which opset 17 has no operator for. */
  gelu(x: Value): Value {
    const graph = this.#graph;
    const erf = graph.node("Erf", [graph.node("Div", [x, graph.scalar(Math.SQRT2)])]);
    const doubled = graph.node("Mul", [x, graph.node("Add", [erf, graph.scalar(1)])]);
    return graph.node("Mul", [doubled, graph.scalar(0.5)]);
  }

  /**
   * Multi-head self-attention (Vaswani et al. 2017, section 3.2). `mask` is added to the scores [n, heads, t, t]
   * and broadcasts: 0 where to look, far below 0 where not; null looks everywhere.
   */
  selfAttention(x: Value, names: AttentionNames, width: number, heads: number, mask: Value | null): Value {
    const [query, key, value] = [names.query, names.key, names.value].map((prefix) =>
      this.splitHeads(this.linear(x, prefix, width, width), width, heads),
    );
    const seen = this.attend(query, key, value, width / heads, mask);
    return this.linear(this.joinHeads(seen, width), names.output, width, width);
  }

  /** [n, t, width] to [n, heads, t, width / heads]. */
  splitHeads(x: Value, width: number, heads: number): Value {
    const perHead = this.#graph.node("Reshape", [x, this.#graph.ints([0, 0, heads, width / heads])]); // 0: as it was
    return this.#graph.node("Transpose", [perHead], { perm: [0, 2, 1, 3] });
  }

  /** [n, heads, t, width / heads] to [n, t, width]. */
  joinHeads(x: Value, width: number): Value {
    const joined = this.#graph.node("Transpose", [x], { perm: [0, 2, 1, 3] });
    return this.#graph.node("Reshape", [joined, this.#graph.ints([0, 0, width])]);
  }

  /**
   * What each query sees: softmax(query key^T / sqrt(headWidth) + mask) value. Queries [n, heads, t, headWidth],
   * keys and values [n, heads, s, headWidth]; the result is like the queries.
   */
  attend(query: Value, key: Value, value: Value, headWidth: number, mask: Value | null): Value {
    const graph = this.#graph;
    const product = graph.node("MatMul", [query, graph.node("Transpose", [key], { perm: [0, 1, 3, 2] })]);
    const scaled = graph.node("Mul", [product, graph.scalar(1 / Math.sqrt(headWidth))]);
    const scores = mask === null ? scaled : graph.node("Add", [scaled, mask]);
    return graph.node("MatMul", [graph.node("Softmax", [scores], { axis: -1 }), value]);
  }
}

/** In squares that the processor's cache holds: 3 times as fast as row by row. */
function transpose<T extends Float32Array | Uint16Array | Int8Array>(
  matrix: T,
  rows: number,
  columns: number,
): T {
  const transposed = matrix.slice() as T;
  for (let top = 0; top < rows; top += TILE)
    for (let left = 0; left < columns; left += TILE) {
      const [bottom, right] = [Math.min(rows, top + TILE), Math.min(columns, left + TILE)];
      for (let j = left; j < right; j++)
        for (let i = top; i < bottom; i++) transposed[j * rows + i] = matrix[i * columns + j]!;
    }
  return transposed;
}

const TILE = 16;
