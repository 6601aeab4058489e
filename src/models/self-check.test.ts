import { Tensor } from "./onnxruntime.ts";
import { describe, expect, it } from "vitest";
import type { Graph } from "./graph.ts";
import type { Manifest } from "./manifest.ts";
import { parseSelfCheck, runSelfCheck, syntheticPicture, type SelfCheck } from "./self-check.ts";

const input: Manifest["input"] = {
  side: 4,
  fit: "squash",
  resizeTo: 4,
  filter: "bicubic",
  mean: [127, 127, 127],
  deviation: [128, 128, 128],
};
const check: SelfCheck = {
  input: { kind: "synthetic-picture" },
  tolerance: 0.01,
  outputs: { y: [1, 2] },
};
const answering = (...numbers: number[]): Graph => ({
  inputs: ["x"],
  outputs: ["y"],
  run: async () => ({ y: new Tensor("float32", Float32Array.from(numbers), [1, numbers.length]) }),
  dispose: () => Promise.resolve(),
});
const run = (graph: Graph) => runSelfCheck(graph, check, input, "the part");

describe("self-check", () => {
  it("accepts answers within the tolerance, and more numbers than were recorded", async () => {
    await run(answering(1.009, 1.991, 7));
  });

  it("refuses an answer that is off, and says by how much", async () => {
    await expect(run(answering(1, 2.5))).rejects.toMatchObject({
      code: "MODEL_CORRUPT",
      message: "the part does not compute what it should: y is off by 0.50.",
    });
  });

  it("refuses NaN and too few numbers", async () => {
    await expect(run(answering(NaN, 2))).rejects.toMatchObject({ code: "MODEL_CORRUPT" });
    await expect(run(answering(1))).rejects.toMatchObject({ code: "MODEL_CORRUPT" });
  });

  it("draws its picture by a rule anyone can work out", () => {
    // Channel 1, row 2, column 3: 3·4 + 2·4 + (6 >> 4) + 40 = 60, so (60 − 127) / 128.
    expect(syntheticPicture(input).data[16 + 2 * 4 + 3]).toBe(Math.fround((60 - 127) / 128));
  });

  it("refuses a check file that checks nothing", () => {
    expect(() => parseSelfCheck(JSON.stringify({ ...check, outputs: { y: [] } }), "check.json")).toThrow(
      /check\.json is not valid: outputs\.y/,
    );
  });
});
