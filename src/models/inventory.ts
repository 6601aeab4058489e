/** What is on this machine: the bundled models with their fetched parts, and the pulled ones; to list, check and remove. */
import { join } from "node:path";
import { AlbumenError, isAlbumenError } from "../errors.ts";
import { checkFile, partFolder, removePart, type PartState } from "./cache.ts";
import type { Manifest } from "./manifest.ts";
import { BUNDLED_MODELS, openBundledModel, openModel, type Model, type ModelOptions } from "./model.ts";
import { findPulled, listPulled, removePulled, type DamagedModel } from "./pulled.ts";

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
  /** the model's own folder, with its card where it has one */
  readonly folder: string;
  readonly parts: readonly PartSummary[];
}

export interface Inventory {
  /** bundled ones best first, then pulled ones, the last one pulled first */
  readonly models: readonly ModelSummary[];
  /** pulled ones that cannot be used any more */
  readonly damaged: readonly DamagedModel[];
}

/** Reads sizes only; fetches nothing. */
export async function listModels(options: ModelOptions): Promise<Inventory> {
  const pulled = await listPulled(options.cacheDir);
  const models: ModelSummary[] = [];
  for (const id of BUNDLED_MODELS) models.push(await summarise(await openBundledModel(id, options), options));
  for (const { manifest, folder } of pulled.models) models.push({ manifest, folder, parts: [] });
  return { models, damaged: pulled.damaged };
}

async function summarise(
  { manifest, folder, state }: Model,
  { cacheDir }: ModelOptions,
): Promise<ModelSummary> {
  const parts: PartSummary[] = [];
  for (const [id, { title, licence }] of Object.entries(manifest.parts))
    parts.push({ id, title, licence, state: await state(id), folder: partFolder(cacheDir, manifest, id) });
  return { manifest, folder, parts };
}

/**
 * Reads every byte of a model that is here. One sentence a fault; none when all is as it should be.
 * Errors: `MODEL_UNKNOWN`, `MODEL_NOT_INSTALLED`.
 */
export async function verifyModel(id: string, options: ModelOptions): Promise<string[]> {
  const faults: string[] = [];
  for (const { manifest, folder, state } of await modelsMeant(id, options)) {
    for (const [name, expected] of Object.entries(manifest.files))
      await checkFile(join(folder, name), expected).catch((error: unknown) => {
        if (!isAlbumenError(error)) throw error;
        faults.push(error.message);
      });
    for (const [part, { title }] of Object.entries(manifest.parts)) {
      const found = await state(part, true);
      if (found.kind === "damaged") faults.push(`${title}: ${found.reason}`);
    }
  }
  const { damaged } = await listPulled(options.cacheDir);
  return [...faults, ...damaged.filter(({ folder }) => mayBe(id, folder)).map(({ reason }) => reason)];
}

/**
 * Removes pulled models, or the fetched parts of a bundled one, whose own files belong to the package and stay. The
 * number removed. Errors: `MODEL_UNKNOWN`, `MODEL_NOT_INSTALLED`.
 */
export async function removeModel(id: string, options: ModelOptions): Promise<number> {
  let removed = 0;
  if (isBundled(id)) {
    const { manifest } = await openBundledModel(id, options);
    for (const part of Object.keys(manifest.parts))
      if (await removePart(partFolder(options.cacheDir, manifest, part))) removed++;
    return removed;
  }
  const { damaged } = await listPulled(options.cacheDir);
  const folders = [
    ...(await findPulled(id, options.cacheDir)).map(({ folder }) => folder),
    ...damaged.map(({ folder }) => folder).filter((folder) => mayBe(id, folder)),
  ];
  if (folders.length === 0) throw notHere(id);
  for (const folder of folders) await removePulled(folder);
  return folders.length;
}

async function modelsMeant(id: string, options: ModelOptions): Promise<Model[]> {
  if (isBundled(id)) return [await openBundledModel(id, options)];
  const pulled = await findPulled(id, options.cacheDir);
  const { damaged } = await listPulled(options.cacheDir);
  if (pulled.length === 0 && !damaged.some(({ folder }) => mayBe(id, folder))) throw notHere(id);
  return Promise.all(pulled.map(({ folder }) => openModel(folder, options)));
}

function isBundled(id: string): boolean {
  return /^[a-z0-9-]+$/.test(id);
}

/** Whether a folder whose manifest cannot be trusted holds what `id` names. */
function mayBe(id: string, folder: string): boolean {
  return folder.includes(`${id.replace(/[/:]/g, "--")}@`) || folder.endsWith(id.replace(/[/:]/g, "--"));
}

function notHere(id: string): AlbumenError {
  return new AlbumenError("MODEL_NOT_INSTALLED", `There is no model ${id} on this machine.`, {
    hint: "albumen models list shows what is here; albumen models pull brings one.",
  });
}
