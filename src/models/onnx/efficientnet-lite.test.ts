import { InferenceSession, Tensor as OnnxTensor } from "../onnxruntime.ts";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../core/random.ts";
import { elementCount, type Tensor } from "../checkpoint/tensor.ts";
import { buildEfficientNetLite, type EfficientNetLite } from "./efficientnet-lite.ts";

type Fill = (name: string) => (i: number) => number;

/** The tensors of a network, in the naming of the PyTorch port. */
function tensorsOf(network: EfficientNetLite, fill: Fill): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  const add = (name: string, shape: readonly number[]) => {
    const value = fill(name);
    tensors.set(name, {
      dtype: "f32",
      shape,
      data: Float32Array.from({ length: elementCount(shape) }, (_, i) => value(i)),
    });
  };
  const layer = (conv: string, norm: string, shape: readonly number[]) => {
    add(`${conv}.weight`, shape);
    for (const part of ["weight", "bias", "running_mean", "running_var"]) add(`${norm}.${part}`, [shape[0]]);
  };
  layer("_conv_stem", "_bn0", [network.stem, 3, 3, 3]);
  let channels = network.stem;
  let index = 0;
  for (const { kernel, repeats, expand, out } of network.stages)
    for (let repeat = 0; repeat < repeats; repeat++) {
      const prefix = `_blocks.${index++}`;
      const inner = channels * expand;
      if (expand !== 1) layer(`${prefix}._expand_conv`, `${prefix}._bn0`, [inner, channels, 1, 1]);
      layer(`${prefix}._depthwise_conv`, `${prefix}._bn1`, [inner, 1, kernel, kernel]);
      layer(`${prefix}._project_conv`, `${prefix}._bn2`, [out, inner, 1, 1]);
      channels = out;
    }
  layer("_conv_head", "_bn1", [network.head, channels, 1, 1]);
  add("_fc.weight", [1000, network.head]);
  add("_fc.bias", [1000]);
  return tensors;
}

const small: EfficientNetLite = {
  stem: 4,
  head: 8,
  batchNormEpsilon: 0.001,
  stages: [
    { kernel: 3, repeats: 1, stride: 1, expand: 1, out: 4 },
    { kernel: 5, repeats: 2, stride: 2, expand: 3, out: 6 },
  ],
};

function randomTensors(): Map<string, Tensor> {
  const random = createRandom(3);
  return tensorsOf(small, (name) =>
    name.endsWith("running_var") ? () => 0.5 + random.next() : () => random.next() - 0.5,
  );
}

/** The same tensors as timm names them, which numbers blocks by stage and repeat. */
const TIMM_NAMES: readonly (readonly [string, string])[] = [
  ["_conv_stem", "conv_stem"],
  ["_bn0", "bn1"],
  ["_blocks.0._depthwise_conv", "blocks.0.0.conv_dw"],
  ["_blocks.0._bn1", "blocks.0.0.bn1"],
  ["_blocks.0._project_conv", "blocks.0.0.conv_pw"],
  ["_blocks.0._bn2", "blocks.0.0.bn2"],
  ...[1, 2].flatMap((index): [string, string][] => [
    [`_blocks.${index}._expand_conv`, `blocks.1.${index - 1}.conv_pw`],
    [`_blocks.${index}._bn0`, `blocks.1.${index - 1}.bn1`],
    [`_blocks.${index}._depthwise_conv`, `blocks.1.${index - 1}.conv_dw`],
    [`_blocks.${index}._bn1`, `blocks.1.${index - 1}.bn2`],
    [`_blocks.${index}._project_conv`, `blocks.1.${index - 1}.conv_pwl`],
    [`_blocks.${index}._bn2`, `blocks.1.${index - 1}.bn3`],
  ]),
  ["_conv_head", "conv_head"],
  ["_bn1", "bn2"],
  ["_fc", "classifier"],
];

function renamed(tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const names = new Map(TIMM_NAMES);
  return new Map(
    [...tensors].map(([name, tensor]) => {
      const dot = name.lastIndexOf(".");
      return [names.get(name.slice(0, dot))! + name.slice(dot), tensor];
    }),
  );
}

describe("buildEfficientNetLite", () => {
  it("folds batch norm and pads as TensorFlow does, worked by hand", async () => {
    // Stem and head only. The stem looks at the centre of its window in the first channel; both norms have
    // gamma / sqrt(variance + epsilon) = 2 / sqrt(3 + 1) = 1, the stem's adds 1 - 0.5.
    const network: EfficientNetLite = { stem: 1, head: 1, batchNormEpsilon: 1, stages: [] };
    const values: Record<string, number> = {
      "_bn0.bias": 1,
      "_bn0.running_mean": 0.5,
      "_fc.weight": 2,
      "_fc.bias": -1,
    };
    const tensors = tensorsOf(network, (name) => {
      if (name === "_conv_stem.weight") return (i) => (i === 4 ? 1 : 0);
      if (name === "_conv_head.weight") return () => 1;
      if (/_bn.\.weight/.test(name)) return () => 2;
      if (name.endsWith("running_var")) return () => 3;
      return () => values[name] ?? 0;
    });
    const session = await InferenceSession.create(buildEfficientNetLite(tensors, network, 4));
    const x = new OnnxTensor(
      "float32",
      Float32Array.from({ length: 48 }, (_, i) => i / 4),
      [1, 3, 4, 4],
    );
    const { features, logits } = await session.run({ x });
    // 4 pixels in, stride 2, kernel 3: one pixel of padding, below and right. So the centres are the pixels
    // 5, 7, 13 and 15: 1.25, 1.75, 3.25, 3.75, mean 2.5, plus 0.5.
    expect([[...(features.data as Float32Array)], features.dims]).toEqual([[3], [1, 1]]);
    expect([(logits.data as Float32Array)[999], logits.dims]).toEqual([5, [1, 1000]]);
    await session.release();
  });

  it("gives the same bytes for either naming of the tensors", () => {
    const tensors = randomTensors();
    const timm = renamed(tensors);
    expect(timm.size).toBe(tensors.size);
    expect([...timm.keys()].some((name) => tensors.has(name))).toBe(false);
    expect(buildEfficientNetLite(timm, small, 32)).toEqual(buildEfficientNetLite(tensors, small, 32));
  });

  it("runs on batches of any size, features at 0 or above", async () => {
    const session = await InferenceSession.create(buildEfficientNetLite(randomTensors(), small, 33));
    const random = createRandom(5);
    const x = Float32Array.from({ length: 3 * 3 * 33 * 33 }, () => random.next() - 0.5);
    const all = await session.run({ x: new OnnxTensor("float32", x, [3, 3, 33, 33]) });
    const last = await session.run({
      x: new OnnxTensor("float32", x.slice((2 * x.length) / 3), [1, 3, 33, 33]),
    });
    expect([all.features.dims, all.logits.dims]).toEqual([
      [3, 8],
      [3, 1000],
    ]);
    const features = all.features.data as Float32Array;
    expect(Math.min(...features)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...features)).toBeGreaterThan(0);
    [...(last.features.data as Float32Array)].forEach((value, i) =>
      expect(value).toBeCloseTo(features[16 + i], 5),
    );
    await session.release();
  });

  it("names a tensor that is missing or has another shape", () => {
    const incompatible = (message: RegExp) =>
      expect.objectContaining({ code: "MODEL_INCOMPATIBLE", message: expect.stringMatching(message) });
    const missing = randomTensors();
    missing.delete("_blocks.2._bn1.running_var");
    expect(() => buildEfficientNetLite(missing, small, 32)).toThrow(
      incompatible(/no tensor _blocks.2._bn1.running_var/),
    );
    const misshapen = randomTensors();
    misshapen.set("_fc.weight", { dtype: "f32", shape: [10, 8], data: new Float32Array(80) });
    expect(() => buildEfficientNetLite(misshapen, small, 32)).toThrow(
      incompatible(/_fc.weight of the checkpoint has shape \[10, 8\] instead of \[1000, 8\]/),
    );
    expect(() => buildEfficientNetLite(new Map(), small, 32)).toThrow(incompatible(/neither/));
  });
});
