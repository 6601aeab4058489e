/** Which encoder a run gets: what was asked for, or the best that can be had, and every step down said aloud. */
import { AlbumenError, isAlbumenError } from "../../errors.ts";
import type { GraphOptions } from "../../models/graph.ts";
import { KNOWN_ENCODERS, rankOf } from "../../models/known-models.ts";
import { asEncoder } from "../../models/manifest.ts";
import {
  BUNDLED_MODELS,
  openBundledModel,
  openModel,
  type Model,
  type ModelOptions,
} from "../../models/model.ts";
import { openExactModel, openNamedModel } from "../../models/named-model.ts";
import { listPulled } from "../../models/pulled.ts";
import type { CaptionerSource } from "../../ports/captioner.ts";
import { spaceKey, type Embedder, type Space } from "../../ports/embedder.ts";
import { createOnnxCaptioner, ownCaptionerId } from "../captioner/onnx.ts";
import { createOnnxEmbedder, spaceOf } from "./onnx.ts";

export type EmbedderChoice =
  /** by the caller's wish, an id or a folder: this one or an error, never another */
  | { readonly kind: "named"; readonly model: string }
  /**
   * what the catalog's vectors were made by: exactly this space or an error. `named`: what the model was called when it
   * was chosen; null: it was not named
   */
  | { readonly kind: "remembered"; readonly space: Space; readonly named: string | null }
  /** the best that can be had within seconds */
  | { readonly kind: "best" };

export interface OpenedEmbedder {
  readonly embedder: Embedder;
  /** one sentence: why this model */
  readonly why: string;
  /** the model's own captioner; null when it has none */
  readonly captioner: CaptionerSource | null;
}

const STEP_DOWN_REASONS: ReadonlySet<string> = new Set([
  "MODEL_NOT_INSTALLED",
  "MODEL_FETCH_FAILED",
  "MODEL_CORRUPT",
  "CACHE_UNWRITABLE",
  "DISK_FULL",
]);

/**
 * Errors: `MODEL_UNKNOWN`, `MODEL_INCOMPATIBLE` (a captioner, or the catalog's space is of another revision), and for a
 * named or remembered model whatever having it runs into. With `best` a model that cannot be had is a `step-down` event.
 */
export async function openEmbedder(
  choice: EmbedderChoice,
  options: ModelOptions & GraphOptions,
): Promise<OpenedEmbedder> {
  switch (choice.kind) {
    case "named":
      return open(await openNamedModel(choice.model, options), `--model ${choice.model} was given.`, options);
    case "remembered": {
      const { space, named } = choice;
      const model = await openExactModel({ id: space.model, revision: space.revision }, named, options);
      const [wanted, here] = [spaceKey(space), spaceKey(spaceOf(model))];
      if (wanted !== here)
        throw new AlbumenError(
          "MODEL_INCOMPATIBLE",
          `The catalog's vectors are of ${wanted}, and there is only ${here}.`,
          { hint: `Use --model ${named ?? space.model} to embed the images anew.` },
        );
      return open(model, "The catalog was made with it.", options);
    }
    case "best":
      return openBest(options);
  }
}

/** A model that may be had, and why it would be the one. */
interface Rung {
  readonly id: string;
  readonly why: string;
  open(): Promise<Model>;
}

/**
 * Pulled models that are known, by their place in `KNOWN_ENCODERS`, then the bundled ones, of which the last needs no
 * network. A pulled model that nothing is known about is used when it is named, never by itself.
 */
async function ladder(options: ModelOptions): Promise<Rung[]> {
  const { models, damaged } = await listPulled(options.cacheDir);
  for (const { folder, reason, kind } of damaged)
    if (kind !== "captioner") options.onEvent({ kind: "passed-over", folder, reason });
  const pulled = models
    .flatMap(({ folder, manifest }) => {
      const rank = manifest.kind === "encoder" ? rankOf(manifest.id, KNOWN_ENCODERS) : null;
      return rank === null ? [] : [{ folder, manifest, rank }];
    })
    .sort((a, b) => a.rank - b.rank)
    .map(({ folder, manifest: { id } }): Rung => ({
      id,
      why: "It is the best encoder that was pulled.",
      open: () => openModel(folder, options),
    }));
  const bundled = BUNDLED_MODELS.map((id): Rung => ({
    id,
    why: "It is the best model that comes with Albumen.",
    open: () => openBundledModel(id, options),
  }));
  return [...pulled, ...bundled];
}

async function openBest(options: ModelOptions & GraphOptions): Promise<OpenedEmbedder> {
  const rungs = await ladder(options);
  for (const [i, rung] of rungs.entries()) {
    const below = rungs[i + 1];
    try {
      const why = i === 0 ? rung.why : `${rungs[i - 1]!.id} could not be had.`;
      return await open(await rung.open(), why, options);
    } catch (error) {
      if (below === undefined || !isAlbumenError(error) || !STEP_DOWN_REASONS.has(error.code)) throw error;
      options.onEvent({
        kind: "step-down",
        from: rung.id,
        to: below.id,
        reason: error.message,
        hint: `Albums will be rougher. ${error.hint ?? ""}`.trim(),
      });
    }
  }
  throw new AlbumenError("INTERNAL", "The ladder of models is empty.");
}

async function open(model: Model, why: string, options: GraphOptions): Promise<OpenedEmbedder> {
  const manifest = asEncoder(model.manifest);
  return {
    embedder: await createOnnxEmbedder(model, options),
    why,
    captioner:
      manifest.captioner === null
        ? null
        : {
            id: ownCaptionerId(manifest),
            isTrusted: false,
            sendsTo: null,
            open: () => createOnnxCaptioner(model, options),
          },
  };
}
