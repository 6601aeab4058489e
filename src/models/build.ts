/** From a fetched checkpoint to an ONNX graph, by the builder that the manifest names. */
import { AlbumenError } from "../errors.ts";
import { readCheckpoint } from "./checkpoint/checkpoint.ts";
import type { ManifestBuilder } from "./manifest.ts";
import { buildSentenceBert, parseBertConfig } from "./onnx/bert.ts";
import { buildEfficientNetLite } from "./onnx/efficientnet-lite.ts";

/** `files`: role → bytes. `side`: of the pictures, px. Errors: `CHECKPOINT_*`, `MODEL_INCOMPATIBLE`. */
export function buildGraph(
  builder: ManifestBuilder,
  files: ReadonlyMap<string, Uint8Array>,
  side: number,
): Uint8Array {
  const tensors = readCheckpoint(fileNamed(files, "checkpoint"));
  switch (builder.kind) {
    case "efficientnet-lite":
      return buildEfficientNetLite(tensors, builder.network, side);
    case "sentence-bert": {
      const config: unknown = JSON.parse(new TextDecoder().decode(fileNamed(files, "config.json")));
      return buildSentenceBert(tensors, parseBertConfig(config));
    }
  }
}

/** `efficientnet-lite@1`: what a cached graph was made by; a new revision makes old ones count as absent. */
export function converterOf(builder: ManifestBuilder): string {
  return `${builder.kind}@${builder.revision}`;
}

function fileNamed(files: ReadonlyMap<string, Uint8Array>, role: string): Uint8Array {
  const bytes = files.get(role);
  if (bytes === undefined) throw new AlbumenError("MODEL_CORRUPT", `The source has no file for ${role}.`);
  return bytes;
}
