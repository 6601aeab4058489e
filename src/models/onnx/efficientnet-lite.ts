/**
 * EfficientNet-Lite as an ONNX graph: inverted residual blocks without squeeze-and-excitation, ReLU6 throughout.
 * Network: https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite; blocks after Sandler
 * et al., MobileNetV2 (2018), section 3. Batch norm is folded into the convolutions.
 */
import { GraphBuilder, type Value } from "./graph-builder.ts";
import { incompatible, weight, type Tensors } from "./weights.ts";

/** The `trunk` of a model's manifest. */
export interface EfficientNetLite {
  readonly stages: readonly Stage[];
  /** channels of the first convolution */
  readonly stem: number;
  /** channels of the last convolution: the dims of the features */
  readonly head: number;
  readonly batchNormEpsilon: number;
}

export interface Stage {
  readonly kernel: number;
  readonly repeats: number;
  /** of the first repeat; the others have 1 */
  readonly stride: number;
  /** the blocks' inner channels, as a multiple of their incoming ones */
  readonly expand: number;
  /** channels */
  readonly out: number;
}

const CLASSES = 1000; // ImageNet-1k, on which all EfficientNet-Lite weights are trained

/**
 * Input `x`: float32 [n, 3, size, size], RGB, (value - 127) / 128. Outputs: `features` float32 [n, head], pooled
 * after ReLU6 and so >= 0; `logits` float32 [n, 1000]. Tensors are named as in timm or as in the PyTorch port by
 * Luke Melas-Kyriazi; the same weights give the same bytes. Errors: `MODEL_INCOMPATIBLE`, naming the tensor.
 */
export function buildEfficientNetLite(tensors: Tensors, network: EfficientNetLite, size: number): Uint8Array {
  const names = namingOf(tensors);
  const graph = new GraphBuilder("efficientnet-lite");
  const layers = new FoldedConvolutions(graph, tensors, network.batchNormEpsilon);

  let map: FeatureMap = { value: graph.input("x", "f32", ["n", 3, size, size]), channels: 3, size };
  map = layers.convolve(map, { ...names.stem, label: "stem", kernel: 3, stride: 2, out: network.stem });
  let index = 0;
  network.stages.forEach((stage, s) => {
    for (let repeat = 0; repeat < stage.repeats; repeat++) {
      const block = names.block({ stage: s, repeat, index, expands: stage.expand !== 1 });
      map = layers.invertedResidual(map, block, `block${index}`, stage, repeat === 0 ? stage.stride : 1);
      index += 1;
    }
  });
  map = layers.convolve(map, { ...names.head, label: "head", kernel: 1, stride: 1, out: network.head });

  const features = graph.node("Flatten", [graph.node("GlobalAveragePool", [map.value])]);
  const { classifier } = names;
  const matrix = weight(tensors, `${classifier}.weight`, [CLASSES, network.head]);
  const bias = weight(tensors, `${classifier}.bias`, [CLASSES]);
  const logits = graph.node(
    "Gemm",
    [
      features,
      graph.constant("classifier.weight", matrix, [CLASSES, network.head]),
      graph.constant("classifier.bias", bias, [CLASSES]),
    ],
    { transB: 1 },
  );
  graph.output("features", features, "f32", ["n", network.head]);
  graph.output("logits", logits, "f32", ["n", CLASSES]);
  return graph.toModel();
}

/** Square maps of `size` x `size` pixels. */
interface FeatureMap {
  readonly value: Value;
  readonly channels: number;
  readonly size: number;
}

/** A convolution and the batch norm behind it, by the prefixes of their tensors. */
interface LayerNames {
  readonly conv: string;
  readonly norm: string;
}

interface Convolution extends LayerNames {
  /** names the folded weights in the graph */
  readonly label: string;
  readonly kernel: number;
  readonly stride: number;
  readonly out: number;
  /** default: every output channel sees every input channel */
  readonly kind?: "depthwise";
  /** default: ReLU6 */
  readonly activation?: "none";
}

class FoldedConvolutions {
  readonly #graph: GraphBuilder;
  readonly #tensors: Tensors;
  readonly #epsilon: number;

  constructor(graph: GraphBuilder, tensors: Tensors, epsilon: number) {
    this.#graph = graph;
    this.#tensors = tensors;
    this.#epsilon = epsilon;
  }

  convolve(input: FeatureMap, layer: Convolution): FeatureMap {
    const { label, kernel, stride, out } = layer;
    const depthwise = layer.kind === "depthwise";
    const shape = [out, depthwise ? 1 : input.channels, kernel, kernel];
    const { weights, bias } = this.#fold(layer, shape);
    const graph = this.#graph;
    const size = Math.ceil(input.size / stride);
    const convolved = graph.node(
      "Conv",
      [
        input.value,
        graph.constant(`${label}.weight`, weights, shape),
        graph.constant(`${label}.bias`, bias, [out]),
      ],
      {
        kernel_shape: [kernel, kernel],
        strides: [stride, stride],
        pads: samePadding(input.size, size, kernel, stride),
        group: depthwise ? input.channels : 1,
      },
    );
    const value =
      layer.activation === "none"
        ? convolved
        : graph.node("Clip", [convolved, graph.scalar(0), graph.scalar(6)]);
    return { value, channels: out, size };
  }

  /** Expand, filter each channel, project; the input is added where it has the shape of the output. */
  invertedResidual(
    input: FeatureMap,
    names: BlockNames,
    label: string,
    { kernel, expand, out }: Stage,
    stride: number,
  ): FeatureMap {
    const inner = input.channels * expand;
    const expanded = names.expand
      ? this.convolve(input, {
          ...names.expand,
          label: `${label}.expand`,
          kernel: 1,
          stride: 1,
          out: inner,
        })
      : input;
    const filtered = this.convolve(expanded, {
      ...names.depthwise,
      label: `${label}.depthwise`,
      kernel,
      stride,
      out: inner,
      kind: "depthwise",
    });
    const projected = this.convolve(filtered, {
      ...names.project,
      label: `${label}.project`,
      kernel: 1,
      stride: 1,
      out,
      activation: "none",
    });
    if (stride !== 1 || input.channels !== out) return projected;
    return { ...projected, value: this.#graph.node("Add", [input.value, projected.value]) };
  }

  /** y = (conv(x) - mean) * gamma / sqrt(variance + epsilon) + beta, as one convolution. */
  #fold({ conv, norm }: LayerNames, shape: readonly number[]): { weights: Float32Array; bias: Float32Array } {
    const original = weight(this.#tensors, `${conv}.weight`, shape);
    const [gamma, beta, mean, variance] = ["weight", "bias", "running_mean", "running_var"].map((part) =>
      weight(this.#tensors, `${norm}.${part}`, [shape[0]]),
    );
    const scale = Float64Array.from(gamma, (g, i) => g / Math.sqrt(variance[i] + this.#epsilon));
    const perChannel = original.length / shape[0];
    return {
      weights: original.map((w, i) => w * scale[Math.floor(i / perChannel)]),
      bias: beta.map((b, i) => b - mean[i] * scale[i]),
    };
  }
}

/** TensorFlow's SAME as ONNX pads [top, left, bottom, right]: an odd pixel goes below and to the right. */
function samePadding(size: number, outSize: number, kernel: number, stride: number): number[] {
  const total = Math.max((outSize - 1) * stride + kernel - size, 0);
  const before = Math.floor(total / 2);
  return [before, before, total - before, total - before];
}

interface BlockPosition {
  readonly stage: number;
  /** within the stage */
  readonly repeat: number;
  /** over all stages */
  readonly index: number;
  readonly expands: boolean;
}

interface BlockNames {
  readonly expand: LayerNames | null;
  readonly depthwise: LayerNames;
  readonly project: LayerNames;
}

interface Naming {
  readonly stem: LayerNames;
  readonly head: LayerNames;
  readonly classifier: string;
  block(position: BlockPosition): BlockNames;
}

/** https://github.com/lukemelas/EfficientNet-PyTorch, and its Lite variant */
const MELAS: Naming = {
  stem: { conv: "_conv_stem", norm: "_bn0" },
  head: { conv: "_conv_head", norm: "_bn1" },
  classifier: "_fc",
  block({ index, expands }) {
    const prefix = `_blocks.${index}`;
    return {
      expand: expands ? { conv: `${prefix}._expand_conv`, norm: `${prefix}._bn0` } : null,
      depthwise: { conv: `${prefix}._depthwise_conv`, norm: `${prefix}._bn1` },
      project: { conv: `${prefix}._project_conv`, norm: `${prefix}._bn2` },
    };
  },
};

/** timm's tf_efficientnet_lite*: its DepthwiseSeparableConv has no expansion, and so numbers from the next layer. */
const TIMM: Naming = {
  stem: { conv: "conv_stem", norm: "bn1" },
  head: { conv: "conv_head", norm: "bn2" },
  classifier: "classifier",
  block({ stage, repeat, expands }) {
    const prefix = `blocks.${stage}.${repeat}`;
    if (!expands)
      return {
        expand: null,
        depthwise: { conv: `${prefix}.conv_dw`, norm: `${prefix}.bn1` },
        project: { conv: `${prefix}.conv_pw`, norm: `${prefix}.bn2` },
      };
    return {
      expand: { conv: `${prefix}.conv_pw`, norm: `${prefix}.bn1` },
      depthwise: { conv: `${prefix}.conv_dw`, norm: `${prefix}.bn2` },
      project: { conv: `${prefix}.conv_pwl`, norm: `${prefix}.bn3` },
    };
  },
};

function namingOf(tensors: Tensors): Naming {
  const naming = [MELAS, TIMM].find(({ stem }) => tensors.has(`${stem.conv}.weight`));
  if (naming === undefined)
    throw incompatible("The checkpoint has neither a tensor _conv_stem.weight nor conv_stem.weight.");
  return naming;
}
