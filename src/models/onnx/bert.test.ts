import { InferenceSession, Tensor as OnnxTensor } from "../onnxruntime.ts";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../core/random.ts";
import { elementCount, type Tensor } from "../checkpoint/tensor.ts";
import { buildSentenceBert, parseBertConfig } from "./bert.ts";

const json = {
  model_type: "bert",
  hidden_act: "gelu",
  vocab_size: 11,
  type_vocab_size: 2,
  max_position_embeddings: 7,
  hidden_size: 8,
  intermediate_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  layer_norm_eps: 1e-12,
};
const config = parseBertConfig(json);

const incompatible = (message: RegExp) =>
  expect.objectContaining({ code: "MODEL_INCOMPATIBLE", message: expect.stringMatching(message) });

function randomTensors(): Map<string, Tensor> {
  const random = createRandom(9);
  const tensors = new Map<string, Tensor>();
  const add = (name: string, shape: readonly number[]) =>
    tensors.set(name, {
      dtype: "f32",
      shape,
      data: Float32Array.from({ length: elementCount(shape) }, () => 2 * random.next() - 1),
    });
  const pair = (name: string, shape: readonly number[]) => {
    add(`${name}.weight`, shape);
    add(`${name}.bias`, [shape[0]]);
  };
  add("embeddings.word_embeddings.weight", [11, 8]);
  add("embeddings.position_embeddings.weight", [7, 8]);
  add("embeddings.token_type_embeddings.weight", [2, 8]);
  pair("embeddings.LayerNorm", [8]);
  for (const layer of ["encoder.layer.0", "encoder.layer.1"]) {
    for (const part of ["self.query", "self.key", "self.value", "output.dense"])
      pair(`${layer}.attention.${part}`, [8, 8]);
    pair(`${layer}.attention.output.LayerNorm`, [8]);
    pair(`${layer}.intermediate.dense`, [12, 8]);
    pair(`${layer}.output.dense`, [8, 12]);
    pair(`${layer}.output.LayerNorm`, [8]);
  }
  return tensors;
}

async function embed(
  tensors: ReadonlyMap<string, Tensor>,
  ids: readonly number[][],
  mask: readonly number[][],
): Promise<number[][]> {
  const session = await InferenceSession.create(buildSentenceBert(tensors, config));
  const matrix = (rows: readonly number[][]) =>
    new OnnxTensor("int64", BigInt64Array.from(rows.flat(), BigInt), [rows.length, rows[0].length]);
  const { sentence_embedding } = await session.run({ input_ids: matrix(ids), attention_mask: matrix(mask) });
  await session.release();
  const values = [...(sentence_embedding.data as Float32Array)];
  return ids.map((_, i) => values.slice(8 * i, 8 * i + 8));
}

describe("buildSentenceBert", () => {
  it("gives unit rows that padding does not change", async () => {
    const tensors = randomTensors();
    const [alone] = await embed(tensors, [[3, 1, 4]], [[1, 1, 1]]);
    const [padded, other] = await embed(
      tensors,
      [
        [3, 1, 4, 0, 0],
        [2, 7, 1, 8, 2],
      ],
      [
        [1, 1, 1, 0, 0],
        [1, 1, 1, 1, 1],
      ],
    );
    for (const row of [alone, padded, other]) expect(Math.hypot(...row)).toBeCloseTo(1, 5);
    padded.forEach((value, i) => expect(value).toBeCloseTo(alone[i], 5));
    expect(Math.max(...other.map((value, i) => Math.abs(value - alone[i])))).toBeGreaterThan(1e-3);
  });

  it("means over tokens, worked by hand with layers that pass everything through", async () => {
    // All weights zero, so that each layer norms what it is given: a unit variance row stays itself.
    const tensors = randomTensors();
    for (const [name, tensor] of tensors)
      (tensor.data as Float32Array).fill(name.endsWith("LayerNorm.weight") ? 1 : 0);
    const words = tensors.get("embeddings.word_embeddings.weight")!.data as Float32Array;
    words.set([1, 1, 1, 1, -1, -1, -1, -1], 8 * 3);
    words.set([1, -1, 1, -1, 1, -1, 1, -1], 8 * 5);
    // Mean of both rows: (1, 0, 1, 0, 0, -1, 0, -1), of length 2.
    const [row] = await embed(tensors, [[3, 5, 9]], [[1, 1, 0]]);
    [0.5, 0, 0.5, 0, 0, -0.5, 0, -0.5].forEach((value, i) => expect(row[i]).toBeCloseTo(value, 5));
  });

  it("names a tensor that is missing or has another shape", () => {
    const missing = randomTensors();
    missing.delete("encoder.layer.1.output.dense.bias");
    expect(() => buildSentenceBert(missing, config)).toThrow(
      incompatible(/no tensor encoder.layer.1.output.dense.bias/),
    );
    const misshapen = randomTensors();
    misshapen.set("embeddings.word_embeddings.weight", {
      dtype: "f32",
      shape: [8, 11],
      data: new Float32Array(88),
    });
    expect(() => buildSentenceBert(misshapen, config)).toThrow(
      incompatible(/word_embeddings.weight.*\[8, 11\] instead of \[11, 8\]/),
    );
  });
});

describe("parseBertConfig", () => {
  it("names the field that is not a BERT encoder's", () => {
    expect(() => parseBertConfig({ ...json, hidden_act: "relu" })).toThrow(incompatible(/hidden_act/));
    expect(() => parseBertConfig({ ...json, position_embedding_type: "relative_key" })).toThrow(
      incompatible(/position_embedding_type/),
    );
    expect(() => parseBertConfig({ ...json, num_attention_heads: 3 })).toThrow(
      incompatible(/8 does not divide into 3 heads/),
    );
    expect(() => parseBertConfig(null)).toThrow(incompatible(/config.json/));
  });
});
