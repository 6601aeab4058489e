import { expect, it } from "vitest";
import { clipsByteProducts } from "./byte-products.ts";
import { openGraph } from "./graph.ts";
import { GraphBuilder } from "./onnx/graph-builder.ts";
import { Tensor } from "./onnxruntime.ts";

it("asks the processor once", async () => {
  expect(clipsByteProducts()).toBe(clipsByteProducts());
  expect(typeof (await clipsByteProducts())).toBe("boolean");
});

it("lets no graph clip the largest products of bytes, whatever the processor", async () => {
  const [rows, inner, columns] = [3, 256, 40];
  const graph = new GraphBuilder("largest");
  const levels = graph.input("levels", "u8", ["n", inner]);
  const weights = graph.constant("weights", new Int8Array(inner * columns).fill(-127), [inner, columns]);
  graph.output("sums", graph.node("MatMulInteger", [levels, weights]), "i32", ["n", columns]);
  const opened = await openGraph(graph.toModel(), "largest", { threads: 1 });
  const feed = new Tensor("uint8", new Uint8Array(rows * inner).fill(255), [rows, inner]);
  const sums = (await opened.run({ levels: feed }))["sums"]!.data as Int32Array;
  await opened.dispose();
  expect(new Set(sums)).toEqual(new Set([-127 * 255 * inner]));
});
