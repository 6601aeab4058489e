import { InferenceSession, Tensor } from "../onnxruntime.ts";
import { describe, expect, it } from "vitest";
import { float, floats, GraphBuilder } from "./graph-builder.ts";

async function run(graph: GraphBuilder, feeds: Record<string, Tensor> = {}): Promise<Record<string, Tensor>> {
  const session = await InferenceSession.create(graph.toModel());
  try {
    return (await session.run(feeds)) as Record<string, Tensor>;
  } finally {
    await session.release();
  }
}

const bug = (message: RegExp) =>
  expect.objectContaining({ code: "INTERNAL", message: expect.stringMatching(message) });

describe("GraphBuilder", () => {
  it("makes models that ONNX Runtime loads, with dimensions known only when they run", async () => {
    const graph = new GraphBuilder("double");
    const x = graph.input("x", "f32", ["n", 2]);
    graph.output("y", graph.node("Add", [x, x]), "f32", ["n", 2]);
    const model = graph.toModel();
    const session = await InferenceSession.create(model);
    expect([session.inputNames, session.outputNames]).toEqual([["x"], ["y"]]);
    expect(session.inputMetadata[0]).toMatchObject({ name: "x", type: "float32", shape: ["n", 2] });
    const { y } = await session.run({ x: new Tensor("float32", Float32Array.of(1, 2, 3, 4), [2, 2]) });
    expect([...(y.data as Float32Array)]).toEqual([2, 4, 6, 8]);
    await session.release();
  });

  it("keeps constants of every type it takes", async () => {
    const graph = new GraphBuilder("constants");
    graph.output("f", graph.constant("cf", Float32Array.of(0.5, -1), [2]), "f32", [2]);
    graph.output("l", graph.constant("cl", BigInt64Array.of(-1n, 2n ** 40n), [2, 1]), "i64", [2, 1]);
    graph.output("i", graph.constant("ci", Int32Array.of(-7), [1]), "i32", [1]);
    graph.output("b", graph.constant("cb", Int8Array.of(-128, 127), [2]), "i8", [2]);
    graph.output("u", graph.constant("cu", Uint8Array.of(255), []), "u8", []);
    const { f, l, i, b, u } = await run(graph);
    expect([...(f.data as Float32Array)]).toEqual([0.5, -1]);
    expect([[...(l.data as BigInt64Array)], l.dims]).toEqual([
      [-1n, 2n ** 40n],
      [2, 1],
    ]);
    expect([[...(i.data as Int32Array)], [...(b.data as Int8Array)]]).toEqual([[-7], [-128, 127]]);
    expect([[...(u.data as Uint8Array)], u.dims]).toEqual([[255], []]);
  });

  it("keeps a constant that is a view into a larger array", async () => {
    const graph = new GraphBuilder("view");
    graph.output("y", graph.constant("c", Float32Array.of(1, 2, 3, 4).subarray(1, 3), [2]), "f32", [2]);
    expect([...((await run(graph)).y.data as Float32Array)]).toEqual([2, 3]);
  });

  it("writes attributes of every kind", async () => {
    const graph = new GraphBuilder("attributes");
    const x = graph.constant("x", Float32Array.of(-1, 2, 3, -4), [2, 2]);
    graph.output("float", graph.node("LeakyRelu", [x], { alpha: float(0.5) }), "f32", [2, 2]);
    graph.output("ints", graph.node("Transpose", [x], { perm: [1, 0] }), "f32", [2, 2]);
    graph.output("int", graph.node("Flatten", [x], { axis: 0 }), "f32", [1, 4]);
    const padded = graph.node("Pad", [x, graph.ints([0, 1, 0, 0])], { mode: "edge" });
    graph.output("string", padded, "f32", [2, 3]);
    graph.output("floats", graph.node("Constant", [], { value_floats: floats([0.25, -8]) }), "f32", [2]);
    const values = await run(graph);
    const of = (name: string) => [...(values[name].data as Float32Array)];
    expect(of("float")).toEqual([-0.5, 2, 3, -2]);
    expect(of("ints")).toEqual([-1, 3, 2, -4]);
    expect(values["int"].dims).toEqual([1, 4]);
    expect(of("string")).toEqual([-1, -1, 2, 3, 3, -4]);
    expect(of("floats")).toEqual([0.25, -8]);
  });

  it("leaves optional inputs out, gives several results and casts", async () => {
    const graph = new GraphBuilder("inputs");
    const x = graph.input("x", "i64", [4]);
    const clipped = graph.node("Clip", [graph.cast(x, "f32"), null, graph.scalar(2)]);
    const [low, high] = graph.nodes("Split", [clipped], 2, { axis: 0 });
    graph.output("low", low, "f32", [2]);
    graph.output("high", high, "f32", [2]);
    const values = await run(graph, { x: new Tensor("int64", BigInt64Array.of(-5n, 1n, 2n, 9n), [4]) });
    expect([...(values["low"].data as Float32Array), ...(values["high"].data as Float32Array)]).toEqual([
      -5, 1, 2, 2,
    ]);
  });

  it("keeps equal scalars and int vectors once", () => {
    const graph = new GraphBuilder("literals");
    expect(graph.scalar(6)).toBe(graph.scalar(6));
    expect(graph.ints([1, 2])).toBe(graph.ints([1, 2]));
    expect(graph.ints([1, 2])).not.toBe(graph.ints([12]));
    expect(graph.scalar(0)).not.toBe(graph.scalar(6));
  });

  it("gives the same bytes for the same calls", () => {
    const build = () => {
      const graph = new GraphBuilder("same");
      graph.output("y", graph.node("Relu", [graph.input("x", "f32", ["n"])]), "f32", ["n"]);
      return graph.toModel();
    };
    expect(build()).toEqual(build());
  });

  it("refuses a name taken twice and data that do not fill their shape", () => {
    const graph = new GraphBuilder("wrong");
    graph.input("x", "f32", [1]);
    expect(() => graph.constant("x", Float32Array.of(1), [1])).toThrow(bug(/two values named x/));
    expect(() => graph.constant("w", Float32Array.of(1), [2])).toThrow(
      bug(/constant w has 1 elements for the shape \[2\]/),
    );
  });
});
