/** The layers that transformer graphs are made of, with weights named and laid out as PyTorch saves them. */
import { float, type GraphBuilder, type Value } from "./graph-builder.ts";
import { weight, type Tensors } from "./weights.ts";

/** Prefixes of the four linear maps of an attention layer. */
export interface AttentionNames {
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly output: string;
}

/** Values are float32 [n, t, width] throughout. Errors of every method: `MODEL_INCOMPATIBLE`, naming the tensor. */
export class TransformerLayers {
  readonly #graph: GraphBuilder;
  readonly #tensors: Tensors;

  constructor(graph: GraphBuilder, tensors: Tensors) {
    this.#graph = graph;
    this.#tensors = tensors;
  }

  /** x W^T + b; PyTorch keeps W as [out, in]. */
  linear(x: Value, prefix: string, inWidth: number, outWidth: number): Value {
    const graph = this.#graph;
    const weights = transpose(
      weight(this.#tensors, `${prefix}.weight`, [outWidth, inWidth]),
      outWidth,
      inWidth,
    );
    const bias = weight(this.#tensors, `${prefix}.bias`, [outWidth]);
    const product = graph.node("MatMul", [
      x,
      graph.constant(`${prefix}.weight`, weights, [inWidth, outWidth]),
    ]);
    return graph.node("Add", [product, graph.constant(`${prefix}.bias`, bias, [outWidth])]);
  }

  layerNorm(x: Value, prefix: string, width: number, epsilon: number): Value {
    const [scale, bias] = ["weight", "bias"].map((part) =>
      this.#graph.constant(`${prefix}.${part}`, weight(this.#tensors, `${prefix}.${part}`, [width]), [width]),
    );
    return this.#graph.node("LayerNormalization", [x, scale, bias], { axis: -1, epsilon: float(epsilon) });
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
    const graph = this.#graph;
    const headWidth = width / heads;
    const split = (prefix: string, perm: readonly number[]): Value => {
      const projected = this.linear(x, prefix, width, width);
      const perHead = graph.node("Reshape", [projected, graph.ints([0, 0, heads, headWidth])]); // 0: as it was
      return graph.node("Transpose", [perHead], { perm });
    };
    const query = split(names.query, [0, 2, 1, 3]); // [n, heads, t, headWidth]
    const key = split(names.key, [0, 2, 3, 1]); // [n, heads, headWidth, t]
    const value = split(names.value, [0, 2, 1, 3]);
    const product = graph.node("MatMul", [query, key]);
    const scaled = graph.node("Mul", [product, graph.scalar(1 / Math.sqrt(headWidth))]);
    const scores = mask === null ? scaled : graph.node("Add", [scaled, mask]);
    const seen = graph.node("MatMul", [graph.node("Softmax", [scores], { axis: -1 }), value]);
    const joined = graph.node("Transpose", [seen], { perm: [0, 2, 1, 3] });
    return this.linear(
      graph.node("Reshape", [joined, graph.ints([0, 0, width])]),
      names.output,
      width,
      width,
    );
  }
}

function transpose(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const transposed = new Float32Array(matrix.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) transposed[j * rows + i] = matrix[i * columns + j];
  return transposed;
}
