/** Tensors by name out of any checkpoint file that Albumen reads. */
import { invalid } from "./faults.ts";
import { looksLikeLegacyPytorch, readLegacyPytorch, readZipPytorch } from "./pytorch.ts";
import { looksLikeSafetensors, readSafetensors } from "./safetensors.ts";
import { looksLikeZip } from "./stored-zip.ts";
import type { Tensor } from "./tensor.ts";

/**
 * The format is told from the bytes: PyTorch old or zip, or safetensors. Nothing in the file is ever run, time
 * and memory are bounded by its size. The tensors may be views of `bytes`: leave those unchanged.
 * Errors: `CHECKPOINT_INVALID` for malformed or unknown files, `CHECKPOINT_REFUSED` for pickles that want more
 * than tensors.
 */
export function readCheckpoint(bytes: Uint8Array): Map<string, Tensor> {
  if (looksLikeZip(bytes)) return readZipPytorch(bytes);
  if (looksLikeLegacyPytorch(bytes)) return readLegacyPytorch(bytes);
  if (looksLikeSafetensors(bytes)) return readSafetensors(bytes);
  throw invalid("it is neither safetensors nor a PyTorch checkpoint");
}
