import { Tensor } from "./onnxruntime.ts";
import { describe, expect, it } from "vitest";
import { memoryErrorOf, openGraph } from "./graph.ts";
import { GraphBuilder } from "./onnx/graph-builder.ts";

/** As many zeros as it is told to: a graph that asks for any amount of memory. */
function zerosGraph(): Uint8Array {
  const builder = new GraphBuilder("zeros");
  const shape = builder.input("shape", "i64", [1]);
  builder.output("zeros", builder.node("ConstantOfShape", [shape]), "f32", ["n"]);
  return builder.toModel();
}
const zeros = (count: bigint) => ({ shape: new Tensor("int64", BigInt64Array.of(count), [1]) });

describe("graph", () => {
  it("runs, and can be disposed of twice", async () => {
    const graph = await openGraph(zerosGraph(), "zeros.onnx");
    expect([...((await graph.run(zeros(3n)))["zeros"]!.data as Float32Array)]).toEqual([0, 0, 0]);
    await graph.dispose();
    await graph.dispose();
  });

  it("turns a failed allocation into OUT_OF_MEMORY that may be retried, and still works afterwards", async () => {
    const graph = await openGraph(zerosGraph(), "zeros.onnx");
    await expect(graph.run(zeros(2n ** 46n))).rejects.toMatchObject({
      code: "OUT_OF_MEMORY",
      isRetryable: true,
    });
    expect((await graph.run(zeros(2n)))["zeros"]!.dims).toEqual([2]);
    await graph.dispose();
  });

  it("says which file is no graph", async () => {
    await expect(openGraph(Uint8Array.of(1, 2, 3), "broken.onnx")).rejects.toMatchObject({
      code: "MODEL_CORRUPT",
      message: expect.stringContaining("broken.onnx cannot be loaded"),
    });
  });

  it("says that inputs do not fit", async () => {
    const graph = await openGraph(zerosGraph(), "zeros.onnx");
    await expect(graph.run({})).rejects.toMatchObject({ code: "MODEL_INCOMPATIBLE", isRetryable: false });
    await graph.dispose();
  });

  it("knows a failed allocation of JavaScript's own from another range error", () => {
    expect(memoryErrorOf(new RangeError("Array buffer allocation failed"))?.code).toBe("OUT_OF_MEMORY");
    expect(memoryErrorOf(new RangeError("Invalid string length"))).toBeNull();
  });
});
