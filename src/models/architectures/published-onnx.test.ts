import { describe, expect, it } from "vitest";
import type { PublishedFiles } from "../convert.ts";
import { GraphBuilder } from "../onnx/graph-builder.ts";
import { checkpointNames } from "./checkpoint-files.ts";
import { parsePreprocessor } from "./preprocessor.ts";
import { readImageTower, readTextTower, towerFile } from "./published-onnx.ts";

const { signal } = new AbortController();
const input = parsePreprocessor({ image_processor_type: "ViTImageProcessor", size: 8 });

/** Pixels [n, 3, 8, 8] to [n, 3, 8] as `output`: three tokens of eight numbers. */
function tokenGraph(output: string): Uint8Array {
  const graph = new GraphBuilder("tokens");
  const pixels = graph.input("pixel_values", "f32", ["n", 3, 8, 8]);
  graph.output(output, graph.node("ReduceMean", [pixels], { axes: [3], keepdims: 0 }), "f32", ["n", 3, 8]);
  return graph.toModel();
}

/** Token ids [n, t] to [n, 4] as `text_embeds`. */
function textGraph(): Uint8Array {
  const graph = new GraphBuilder("text");
  const ids = graph.input("input_ids", "i64", ["n", "t"]);
  const mask = graph.input("attention_mask", "i64", ["n", "t"]);
  const sum = graph.node("ReduceSum", [graph.cast(graph.node("Mul", [ids, mask]), "f32"), graph.ints([1])]);
  const four = graph.node("Expand", [sum, graph.ints([1, 4])]);
  graph.output("text_embeds", four, "f32", ["n", 4]);
  return graph.toModel();
}

const holding = (name: string, bytes: Uint8Array): PublishedFiles => ({
  names: [name],
  read: () => Promise.resolve(bytes),
  json: () => Promise.resolve(null),
});

describe("checkpointNames", () => {
  it("prefers safetensors, and takes all pieces of one that was cut", () => {
    expect(checkpointNames(["pytorch_model.bin", "model.safetensors"])).toEqual(["model.safetensors"]);
    expect(checkpointNames(["model-00002-of-00002.safetensors", "model-00001-of-00002.safetensors"])).toEqual(
      ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"],
    );
    expect(checkpointNames(["onnx/model.onnx", "open_clip_model.safetensors", "tf_model.h5"])).toEqual([]);
  });
});

describe("towerFile", () => {
  const names = ["onnx/vision_model.onnx", "onnx/vision_model_quantized.onnx", "onnx/model.onnx"];

  it("finds the precision that was asked for", () => {
    expect(towerFile(names, "vision_model", "fp32")).toBe("onnx/vision_model.onnx");
    expect(towerFile(names, "vision_model", "q8")).toBe("onnx/vision_model_quantized.onnx");
    expect(towerFile(names, "text_model", "fp32")).toBeNull();
  });

  it("does not take another precision instead, but says which there are", () => {
    expect(() => towerFile(names, "vision_model", "fp16")).toThrow(
      "no fp16 graph of vision_model, only onnx/vision_model.onnx, onnx/vision_model_quantized.onnx",
    );
  });

  it("refuses a graph whose weights lie in a second file", () => {
    expect(() => towerFile([...names, "onnx/model.onnx_data"], "model", "fp32")).toThrow("second file");
  });
});

describe("readImageTower", () => {
  it("takes the first token where the graph gives all of them", async () => {
    const files = holding("onnx/model.onnx", tokenGraph("last_hidden_state"));
    const tower = await readImageTower(files, "onnx/model.onnx", input, ["last_hidden_state"], signal);
    expect([...tower.graphs.keys()]).toEqual(["vision.onnx", "first-token.onnx"]);
    expect([tower.output, tower.dims]).toEqual(["embedding", 8]);
  });

  it("refuses a graph that was exported for something else, naming what it gives", async () => {
    const files = holding("onnx/model.onnx", tokenGraph("logits"));
    await expect(
      readImageTower(files, "onnx/model.onnx", input, ["pooler_output"], signal),
    ).rejects.toMatchObject({
      code: "MODEL_INCOMPATIBLE",
      message: "onnx/model.onnx gives logits and not pooler_output.",
    });
  });

  it("says that a graph is damaged when it cannot be loaded", async () => {
    const half = tokenGraph("logits").subarray(0, 100);
    await expect(
      readImageTower(holding("onnx/model.onnx", half), "onnx/model.onnx", input, ["logits"], signal),
    ).rejects.toMatchObject({ code: "MODEL_CORRUPT" });
  });
});

describe("readTextTower", () => {
  const read = (dims: number) =>
    readTextTower(holding("onnx/text_model.onnx", textGraph()), "onnx/text_model.onnx", ["text_embeds"], {
      dims,
      maxTokens: 5,
      padId: 1,
    });

  it("takes a tower whose vectors are as long as the pictures'", async () => {
    expect((await read(4)).output).toBe("text_embeds");
  });

  it("refuses one whose vectors are not", async () => {
    await expect(read(8)).rejects.toMatchObject({
      code: "MODEL_INCOMPATIBLE",
      message: "Texts have 4 dims in this model, pictures 8.",
    });
  });
});
