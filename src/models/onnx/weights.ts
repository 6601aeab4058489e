/** Takes a network's weights out of a checkpoint, by name and shape. */
import { AlbumenError } from "../../errors.ts";
import { toFloat32, type Tensor } from "../checkpoint/tensor.ts";

export type Tensors = ReadonlyMap<string, Tensor>;

/** Row-major float32. A missing tensor or one of another shape is `MODEL_INCOMPATIBLE`, naming it. */
export function weight(tensors: Tensors, name: string, shape: readonly number[]): Float32Array {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw incompatible(`The checkpoint has no tensor ${name}.`);
  if (tensor.shape.length !== shape.length || tensor.shape.some((size, axis) => size !== shape[axis]))
    throw incompatible(
      `Tensor ${name} of the checkpoint has shape [${tensor.shape.join(", ")}] instead of [${shape.join(", ")}].`,
    );
  return toFloat32(tensor);
}

export function incompatible(message: string): AlbumenError {
  return new AlbumenError("MODEL_INCOMPATIBLE", message, {
    hint: "The weights belong to another network than the one asked for.",
  });
}
