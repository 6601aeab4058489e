/** What is on this machine: every known model with its fetched parts, to list, check and remove. */
import { join } from "node:path";
import { isAlbumenError } from "../errors.ts";
import { partFolder, readVerified, removePart, type PartState } from "./cache.ts";
import type { Manifest } from "./manifest.ts";
import { BUNDLED_MODELS, openBundledModel, type ModelOptions } from "./model.ts";

export interface PartSummary {
  readonly id: string;
  readonly title: string;
  readonly licence: string;
  readonly state: PartState;
  /** where it is, or would be */
  readonly folder: string;
}

export interface ModelSummary {
  readonly manifest: Manifest;
  /** the model's own folder, with its card */
  readonly folder: string;
  readonly parts: readonly PartSummary[];
}

/** Best model first. Reads sizes only; fetches nothing. */
export async function listModels(options: ModelOptions): Promise<ModelSummary[]> {
  const summaries: ModelSummary[] = [];
  for (const id of BUNDLED_MODELS) {
    const { manifest, folder, state } = await openBundledModel(id, options);
    const parts: PartSummary[] = [];
    for (const [part, { title, licence }] of Object.entries(manifest.parts))
      parts.push({
        id: part,
        title,
        licence,
        state: await state(part),
        folder: partFolder(options.cacheDir, manifest, part),
      });
    summaries.push({ manifest, folder, parts });
  }
  return summaries;
}

/** Reads every byte of a model that is here. One sentence a fault; none when all is as it should be. */
export async function verifyModel(id: string, options: ModelOptions): Promise<string[]> {
  const { manifest, folder, state } = await openBundledModel(id, options);
  const faults: string[] = [];
  for (const [name, expected] of Object.entries(manifest.files))
    await readVerified(join(folder, name), expected).catch((error: unknown) => {
      if (!isAlbumenError(error)) throw error;
      faults.push(error.message);
    });
  for (const [part, { title }] of Object.entries(manifest.parts)) {
    const found = await state(part, true);
    if (found.kind === "damaged") faults.push(`${title}: ${found.reason}`);
  }
  return faults;
}

/** Removes the fetched parts of a model; its own files belong to the package and stay. The number removed. */
export async function removeModel(id: string, options: ModelOptions): Promise<number> {
  const { manifest } = await openBundledModel(id, options);
  let removed = 0;
  for (const part of Object.keys(manifest.parts))
    if (await removePart(partFolder(options.cacheDir, manifest, part))) removed++;
  return removed;
}
