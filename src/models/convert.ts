/**
 * From a published checkpoint, in the file layout of a model hub, to a model folder: what an architecture is asked for
 * and what it gives. The architectures are in architectures/, one file each; pull.ts brings the files and stores
 * what comes out.
 */
import { AlbumenError } from "../errors.ts";
import type { CaptionerManifest, EncoderManifest } from "./manifest.ts";

/** The files of one repository at one revision, wherever they lie. */
export interface PublishedFiles {
  /** every file that can be read, paths with forward slashes: `config.json`, `onnx/model.onnx` */
  readonly names: readonly string[];
  /** The whole file. Errors: `MODEL_INCOMPATIBLE` when there is none of that name, `MODEL_CORRUPT`. */
  read(name: string): Promise<Uint8Array>;
  /** null: not there. Errors: `MODEL_CORRUPT` when it is no JSON. */
  json(name: string): Promise<unknown | null>;
}

/** How weights are kept: 32 or 16 bits, or 8-bit integers with a scale (activations are quantised as they come). */
export type WeightDtype = "fp32" | "fp16" | "q8";
export const WEIGHT_DTYPES = ["fp32", "fp16", "q8"] as const satisfies readonly WeightDtype[];

/** What the folder is named by and where it came from is known to who pulls, not to the converter. */
type KnownToPuller = "id" | "revision" | "title" | "licence" | "files" | "parts" | "origin";

export type ConvertedEncoder = Omit<EncoderManifest, KnownToPuller | "kind">;
export type ConvertedCaptioner = Omit<CaptionerManifest, KnownToPuller | "kind">;

/** What a converter makes: graphs and tables by bare file name, and the manifest fields that describe them. */
export type ConvertedModel = { readonly files: ReadonlyMap<string, Uint8Array> } & (
  | { readonly kind: "encoder"; readonly manifest: ConvertedEncoder }
  | { readonly kind: "captioner"; readonly manifest: ConvertedCaptioner }
);

export interface ConvertOptions {
  readonly dtype: WeightDtype;
  readonly signal: AbortSignal;
}

/** A family of networks that Albumen can make graphs of. */
export interface Architecture {
  /** the `model_type`s in config.json that it reads */
  readonly modelTypes: readonly string[];
  /**
   * Files of the repository that `convert` needs, given its config.json, the names there and how weights are
   * to be kept; where there is a choice, the best: model.safetensors before pytorch_model.bin before onnx/model.onnx. Errors: `MODEL_INCOMPATIBLE`, saying
   * what is missing.
   */
  filesNeeded(config: unknown, names: readonly string[], dtype: WeightDtype): readonly string[];
  /** Errors: `MODEL_INCOMPATIBLE`, `MODEL_CORRUPT`, `CHECKPOINT_*`, `ABORTED`. */
  convert(config: unknown, files: PublishedFiles, options: ConvertOptions): Promise<ConvertedModel>;
}

/** The `model_type` of a config.json. Errors: `MODEL_INCOMPATIBLE`. */
export function modelTypeOf(config: unknown): string {
  const type =
    typeof config === "object" && config !== null && "model_type" in config ? config.model_type : undefined;
  if (typeof type === "string") return type;
  throw new AlbumenError("MODEL_INCOMPATIBLE", "config.json names no model_type.", {
    hint: "Albumen reads checkpoints in the file layout of the Hugging Face hub's transformers library.",
  });
}
