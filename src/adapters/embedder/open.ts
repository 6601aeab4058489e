/** Which encoder a run gets: what was asked for, or the best that can be had, and every step down said aloud. */
import { AlbumenError, isAlbumenError } from "../../errors.ts";
import type { GraphOptions } from "../../models/graph.ts";
import { openBundledModel, type Model, type ModelOptions } from "../../models/model.ts";
import { spaceKey, type Embedder, type Space } from "../../ports/embedder.ts";
import { createOnnxCaptioner, type OnnxCaptioner } from "../captioner/onnx.ts";
import { createOnnxEmbedder, spaceOf } from "./onnx.ts";

export type EmbedderChoice =
  /** by the caller's wish: this one or an error, never another */
  | { readonly kind: "named"; readonly model: string }
  /** what the catalog's vectors were made by: exactly this space or an error */
  | { readonly kind: "remembered"; readonly space: Space }
  /** the best that can be had within seconds */
  | { readonly kind: "best" };

export interface OpenedEmbedder {
  readonly embedder: Embedder;
  /** one sentence: why this model */
  readonly why: string;
  /** the model's own captioner, loaded when asked for; null when it has none */
  readonly openCaptioner: (() => Promise<OnnxCaptioner>) | null;
}

/** Best first. The last needs no network. */
const LADDER = ["starter", "mini"] as const;

const STEP_DOWN_REASONS: ReadonlySet<string> = new Set([
  "MODEL_NOT_INSTALLED",
  "MODEL_FETCH_FAILED",
  "MODEL_CORRUPT",
  "CACHE_UNWRITABLE",
  "DISK_FULL",
]);

/**
 * Errors: `MODEL_UNKNOWN`, `MODEL_INCOMPATIBLE` (the catalog's space is of another revision), and for a named or
 * remembered model whatever `Model.read` throws. With `best` a model that cannot be had is a `step-down` event.
 */
export async function openEmbedder(
  choice: EmbedderChoice,
  options: ModelOptions & GraphOptions,
): Promise<OpenedEmbedder> {
  if (choice.kind === "named")
    return open(await openBundledModel(choice.model, options), `--model ${choice.model} was given.`, options);
  if (choice.kind === "remembered") {
    const model = await openBundledModel(choice.space.model, options);
    const [wanted, here] = [spaceKey(choice.space), spaceKey(spaceOf(model))];
    if (wanted !== here)
      throw new AlbumenError(
        "MODEL_INCOMPATIBLE",
        `The catalog's vectors are of ${wanted}, this version of Albumen has ${here}.`,
        { hint: `Use --model ${choice.space.model} to embed the images anew.` },
      );
    return open(model, "The catalog was made with it.", options);
  }
  for (const [i, id] of LADDER.entries()) {
    const below = LADDER[i + 1];
    try {
      const why =
        i === 0 ? "It is the best model that comes with Albumen." : `${LADDER[i - 1]!} could not be had.`;
      return await open(await openBundledModel(id, options), why, options);
    } catch (error) {
      if (below === undefined || !isAlbumenError(error) || !STEP_DOWN_REASONS.has(error.code)) throw error;
      options.onEvent({
        kind: "step-down",
        from: id,
        to: below,
        reason: error.message,
        hint: `Albums will be rougher. ${error.hint ?? ""}`.trim(),
      });
    }
  }
  throw new AlbumenError("INTERNAL", "The ladder of models is empty.");
}

async function open(model: Model, why: string, options: GraphOptions): Promise<OpenedEmbedder> {
  return {
    embedder: await createOnnxEmbedder(model, options),
    why,
    openCaptioner: model.manifest.captioner === null ? null : () => createOnnxCaptioner(model, options),
  };
}
