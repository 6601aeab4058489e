/** Which of a repository's files hold the weights, and the tensors in them. */
import { AlbumenError, throwIfAborted } from "../../errors.ts";
import { readCheckpoint } from "../checkpoint/checkpoint.ts";
import type { Tensor } from "../checkpoint/tensor.ts";
import type { PublishedFiles } from "../convert.ts";
import type { Tensors } from "../onnx/weights.ts";

/** Best first. A large checkpoint is cut into numbered pieces. */
const LAYOUTS = [
  /^model\.safetensors$/,
  /^model-\d+-of-\d+\.safetensors$/,
  /^pytorch_model\.bin$/,
  /^pytorch_model-\d+-of-\d+\.bin$/,
];

/** Empty when the repository has none in a layout that Albumen reads. */
export function checkpointNames(names: readonly string[]): readonly string[] {
  for (const layout of LAYOUTS) {
    const found = names.filter((name) => layout.test(name));
    if (found.length > 0) return found.sort();
  }
  return [];
}

/** Errors: `MODEL_INCOMPATIBLE` when there is none, else as `readCheckpoint` and `PublishedFiles.read`. */
export async function readTensors(files: PublishedFiles, signal: AbortSignal): Promise<Tensors> {
  const tensors = new Map<string, Tensor>();
  const names = checkpointNames(files.names);
  if (names.length === 0)
    throw new AlbumenError("MODEL_INCOMPATIBLE", "The repository has no weights that Albumen reads.", {
      hint: "It looks for model.safetensors, pytorch_model.bin and onnx/*.onnx.",
    });
  for (const name of names) {
    throwIfAborted(signal);
    for (const [key, tensor] of readCheckpoint(await files.read(name))) tensors.set(key, tensor);
  }
  return tensors;
}
