/** The models of this machine, to list, fetch, check and remove. */
import { listModels, removeModel, verifyModel } from "./inventory.ts";
import { openBundledModel, type ModelOptions } from "./model.ts";

/** What is known of one model on this machine. */
export interface ModelInfo {
  readonly id: string;
  readonly revision: string;
  /** the model's own folder, with its card */
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

/** The models of this machine. */
export interface ModelShelf {
  list(): Promise<ModelInfo[]>;
  /** Fetches every part of a model that is not here. Errors: `MODEL_UNKNOWN`, `MODEL_FETCH_FAILED`, `MODEL_NOT_INSTALLED` (offline). */
  pull(id: string): Promise<ModelInfo>;
  /** Removes the fetched parts; returns how many. */
  remove(id: string): Promise<number>;
  /** Reads every byte; one sentence a fault. */
  verify(id: string): Promise<string[]>;
}

export function createModelShelf(options: ModelOptions): ModelShelf {
  const list = async (): Promise<ModelInfo[]> =>
    (await listModels(options)).map(({ manifest, folder, parts }) => ({
      id: manifest.id,
      revision: String(manifest.revision),
      folder,
      parts: parts.map((part) => ({ ...part, state: part.state.kind })),
    }));
  return {
    list,
    async pull(id) {
      const model = await openBundledModel(id, options);
      for (const part of Object.keys(model.manifest.parts)) await model.install(part);
      return (await list()).find((info) => info.id === id)!;
    },
    remove: (id) => removeModel(id, options),
    verify: (id) => verifyModel(id, options),
  };
}
