import { describe, expect, it } from "vitest";
import { assertUsable } from "./device.ts";
import { openGraph } from "./graph.ts";
import { listSupportedBackends } from "./onnxruntime.ts";

/** One that this platform's ONNX Runtime was not built with. */
const foreign = process.platform === "win32" ? "coreml" : "dml";

describe("devices", () => {
  it("has the CPU everywhere", async () => {
    await expect(assertUsable("cpu")).resolves.toBeUndefined();
  });

  it("names what there is when the one asked for is of another platform", async () => {
    await expect(assertUsable(foreign)).rejects.toMatchObject({
      code: "DEVICE_UNAVAILABLE",
      message: expect.stringContaining(`knows only ${listSupportedBackends()[0]!.name}`),
      hint: expect.stringContaining("--device cpu"),
    });
  });

  it("does not take a missing device for a damaged graph", async () => {
    await expect(openGraph(new Uint8Array(3), "no graph", { device: foreign })).rejects.toMatchObject({
      code: "DEVICE_UNAVAILABLE",
    });
    await expect(openGraph(new Uint8Array(3), "no graph")).rejects.toMatchObject({ code: "MODEL_CORRUPT" });
  });
});
