/** Whether this processor multiplies bytes exactly, by trying. */
import { GraphBuilder } from "./onnx/graph-builder.ts";
import { InferenceSession, Tensor } from "./onnxruntime.ts";

let answer: Promise<boolean> | undefined;

/**
 * True where ONNX Runtime's kernels for bytes times signed bytes clip the sum of two products at 2^15 - 1: on x86
 * processors without VNNI. A session can be told to take slower kernels that do not (`session.x64quantprecision`), but
 * obeys on every x86 processor, and then takes 1.5 times as long where there was nothing to mend.
 */
export function clipsByteProducts(): Promise<boolean> {
  return (answer ??= tryProducts());
}

const WIDTH = 32; // enough for the kernels' widest registers

async function tryProducts(): Promise<boolean> {
  const graph = new GraphBuilder("byte-products");
  const levels = graph.input("levels", "u8", [1, WIDTH]);
  const weights = graph.constant("weights", new Int8Array(WIDTH * WIDTH).fill(127), [WIDTH, WIDTH]);
  graph.output("sums", graph.node("MatMulInteger", [levels, weights]), "i32", [1, WIDTH]);
  const session = await InferenceSession.create(graph.toModel(), {
    logSeverityLevel: 4,
    intraOpNumThreads: 1,
  });
  const { sums } = await session.run({
    levels: new Tensor("uint8", new Uint8Array(WIDTH).fill(255), [1, WIDTH]),
  });
  await session.release();
  return (sums!.data as Int32Array).some((sum) => sum !== 255 * 127 * WIDTH);
}
