/** What the graphs give, by type. */
import type * as ort from "../../models/onnxruntime.ts";
import { AlbumenError } from "../../errors.ts";

export function int32Of(tensor: ort.OnnxValue | undefined): Int32Array {
  if (tensor?.data instanceof Int32Array) return tensor.data;
  throw new AlbumenError("INTERNAL", "A matrix graph gave no int32 output.");
}

export function float32Of(tensor: ort.OnnxValue | undefined): Float32Array {
  if (tensor?.data instanceof Float32Array) return tensor.data;
  throw new AlbumenError("INTERNAL", "A matrix graph gave no float32 output.");
}
