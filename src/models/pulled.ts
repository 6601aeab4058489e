/**
 * Pulled models: whole model folders in `<cache>/pulled/<owner>--<name>@<revision>-<dtype>/`. One appears whole or not
 * at all, so whatever is killed leaves nothing that counts, and what reads them needs to know nothing of pulling.
 */
import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isAlbumenError } from "../errors.ts";
import { discard, moveInto, sweep, throwIfStorage } from "./cache.ts";
import { readManifest, type Manifest, type Origin } from "./manifest.ts";
import { folderNameOf, isMeant } from "./model-id.ts";

/** A manifest of a model that was pulled. */
export type PulledManifest = Manifest & { readonly origin: Origin };

export interface PulledModel {
  readonly folder: string;
  readonly manifest: PulledManifest;
}

/** A folder that should hold a pulled model and does not. */
export interface DamagedModel {
  readonly folder: string;
  readonly reason: string;
  /** null: its manifest cannot be read either */
  readonly kind: Manifest["kind"] | null;
}

export interface PulledList {
  /** the one pulled last comes first */
  readonly models: readonly PulledModel[];
  readonly damaged: readonly DamagedModel[];
}

function placeOf(cacheDir: string): string {
  return join(cacheDir, "pulled");
}

/** Where a model is kept, whether it is there or not. */
export function pulledFolder(
  cacheDir: string,
  model: { readonly id: string; readonly revision: string },
): string {
  return join(placeOf(cacheDir), folderNameOf(model));
}

/** Reads manifests and sizes only. */
export async function listPulled(cacheDir: string): Promise<PulledList> {
  const models: PulledModel[] = [];
  const damaged: DamagedModel[] = [];
  const names = await readdir(placeOf(cacheDir)).catch(() => []);
  for (const name of names.filter((entry) => !entry.endsWith(".tmp") && !entry.startsWith("."))) {
    const folder = join(placeOf(cacheDir), name);
    const found = await readPulled(folder);
    if ("reason" in found) damaged.push(found);
    else models.push(found);
  }
  models.sort(
    (a, b) =>
      b.manifest.origin.pulledAt.localeCompare(a.manifest.origin.pulledAt) ||
      a.folder.localeCompare(b.folder),
  );
  return { models, damaged };
}

/** The pulled models that a person means by `text`, the one pulled last first. */
export async function findPulled(text: string, cacheDir: string): Promise<PulledModel[]> {
  const { models } = await listPulled(cacheDir);
  return models.filter(({ manifest }) => isMeant(text, manifest));
}

/** What is in a folder of the cache. Sizes are compared; hashes are when a file is read. */
export async function readPulled(folder: string): Promise<PulledModel | DamagedModel> {
  let kind: DamagedModel["kind"] = null;
  const damaged = (reason: string): DamagedModel => ({ folder, reason, kind });
  try {
    const manifest = await readManifest(folder);
    const { origin } = manifest;
    kind = manifest.kind;
    if (origin === undefined) return damaged("model.json does not say where it came from.");
    for (const [name, { bytes }] of Object.entries(manifest.files)) {
      const size = await stat(join(folder, name)).then(
        (entry) => entry.size,
        () => null,
      );
      if (size === null) return damaged(`${name} is missing.`);
      if (size !== bytes) return damaged(`${name} has ${size} bytes instead of ${bytes}.`);
    }
    return { folder, manifest: { ...manifest, origin } };
  } catch (error) {
    if (!isAlbumenError(error)) throw error;
    return damaged(error.message);
  }
}

/**
 * Writes the folder beside its place, lets `check` look at it, and moves it there. When another process was quicker its
 * model stays; one that is damaged or older is replaced. Errors: `DISK_FULL`, `CACHE_UNWRITABLE`, what `check` throws.
 */
export async function storePulled(
  cacheDir: string,
  manifest: PulledManifest,
  files: ReadonlyMap<string, Uint8Array>,
  check: (folder: string) => Promise<void>,
): Promise<PulledModel> {
  const folder = pulledFolder(cacheDir, manifest);
  const building = `${folder}.${randomUUID()}.tmp`;
  await sweep(placeOf(cacheDir), Date.now());
  try {
    await mkdir(building, { recursive: true });
    for (const [name, bytes] of files) await writeFile(join(building, name), bytes, { flush: true });
    // Last: a folder without it is none.
    await writeFile(join(building, "model.json"), `${JSON.stringify(manifest, null, 1)}\n`, { flush: true });
    await check(building);
    return await moveInto(building, folder, { folder, manifest }, async () => {
      const other = await readPulled(folder);
      const isSame = "manifest" in other && other.manifest.origin.converter === manifest.origin.converter;
      return isSame ? other : null;
    });
  } catch (error) {
    throwIfStorage(error, folder);
    throw error;
  } finally {
    // What cannot be removed now is swept later; it must not hide why the model could not be stored.
    await rm(building, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Removes a pulled model's folder. */
export async function removePulled(folder: string): Promise<void> {
  await discard(folder);
}
