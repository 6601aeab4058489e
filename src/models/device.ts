/** What graphs can run on here, by ONNX Runtime's own list and by trying. */
import { AlbumenError, messageOf } from "../errors.ts";
import { GraphBuilder } from "./onnx/graph-builder.ts";
import { InferenceSession, listSupportedBackends } from "./onnxruntime.ts";

/** `cuda`: NVIDIA, `webgpu`: any GPU with Vulkan, Metal or Direct3D 12, `coreml`: Apple, `dml`: Windows. */
export type Device = "cpu" | "cuda" | "webgpu" | "coreml" | "dml";

const usable = new Map<Device, Promise<void>>();

/**
 * ONNX Runtime lists what it was built for, whether the hardware and its libraries are there or not, so a listed device
 * has to open a graph of one node, once a process. Errors: `DEVICE_UNAVAILABLE`.
 */
export function assertUsable(device: Device): Promise<void> {
  const known = usable.get(device) ?? tryDevice(device);
  usable.set(device, known);
  return known;
}

async function tryDevice(device: Device): Promise<void> {
  if (device === "cpu") return;
  const listed = listSupportedBackends().map(({ name }) => name);
  if (!listed.includes(device))
    throw unavailable(device, `ONNX Runtime knows only ${listed.join(", ")} on this platform`);
  try {
    const session = await InferenceSession.create(probe(), {
      executionProviders: [device],
      logSeverityLevel: 4,
    });
    await session.release();
  } catch (cause) {
    // ONNX Runtime puts the place in its own source before some of its reasons.
    const reason = messageOf(cause)
      .split("\n")[0]!
      .replace(/^\/\S+:\d+ .* was false\. /, "");
    throw unavailable(device, reason.trim().replace(/\.$/, ""), cause);
  }
}

function probe(): Uint8Array {
  const graph = new GraphBuilder("probe");
  const x = graph.input("x", "f32", ["n", 1]);
  graph.output("y", graph.node("Add", [x, x]), "f32", ["n", 1]);
  return graph.toModel();
}

function unavailable(device: Device, reason: string, cause?: unknown): AlbumenError {
  return new AlbumenError("DEVICE_UNAVAILABLE", `The device ${device} cannot be used here: ${reason}.`, {
    hint: "Install its driver and libraries, or use --device cpu.",
    cause,
  });
}
