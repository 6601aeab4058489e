/** The one door to ONNX Runtime: whoever comes through it has telemetry off. The linter keeps the other doors shut. */
import "./no-telemetry.ts";
import { env } from "onnxruntime-node";

// Whatever goes wrong is thrown; what it would print beside goes to stderr, which is the person's.
env.logLevel = "fatal";

export { InferenceSession, listSupportedBackends, Tensor } from "onnxruntime-node";
export type { OnnxValue } from "onnxruntime-node";
