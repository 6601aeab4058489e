/** The one door to ONNX Runtime: whoever comes through it has telemetry off. The linter keeps the other doors shut. */
import "./no-telemetry.ts";

export { InferenceSession, Tensor } from "onnxruntime-node";
export type { OnnxValue } from "onnxruntime-node";
