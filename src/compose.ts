/** Settings → adapters → pipeline; the only file that knows both. */
import { createHash } from "node:crypto";
import { setMaxListeners } from "node:events";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  rmdirSync,
  statSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { createFolderBlobStore } from "./adapters/blob-store/folder.ts";
import { watchFolders } from "./adapters/folder-watch/chokidar.ts";
import { createDensity } from "./adapters/clusterer/density.ts";
import { createKMeans } from "./adapters/clusterer/kmeans.ts";
import { createWardKMeans } from "./adapters/clusterer/ward-kmeans.ts";
import { makeAtlas, makePreviews } from "./adapters/atlas/sharp.ts";
import { demoNames, writeDemo } from "./adapters/demo/sharp.ts";
import { chooseCaptioner } from "./adapters/captioner/open.ts";
import { openEmbedder, type EmbedderChoice } from "./adapters/embedder/open.ts";
import { createSharpDecoder } from "./adapters/image-decoder/sharp.ts";
import { createFetcher } from "./adapters/fetch/fetcher.ts";
import { checkRoot, isLocalRoot, openSources } from "./adapters/image-source/open.ts";
import { createS3Source } from "./adapters/image-source/s3.ts";
import { createUrlReader } from "./adapters/image-source/url.ts";
import { createSqliteJournal, migrate } from "./adapters/journal/sqlite.ts";
import { createOnnxMatrix } from "./adapters/matrix/onnx.ts";
import { createConceptNamer } from "./adapters/namer/concepts.ts";
import { languageNamerOf } from "./adapters/namer/open.ts";
import { scanFiles } from "./adapters/scan-files.ts";
import { createDiskOutput } from "./adapters/output/disk.ts";
import { lockCatalog, openDatabase } from "./adapters/store/database.ts";
import { createSqliteStore } from "./adapters/store/sqlite.ts";
import {
  REMEMBERED_SETTINGS,
  resolveSettings,
  SETTINGS,
  type Origin,
  type ResolvedSettings,
  type SettingName,
  type SettingsInput,
} from "./config.ts";
import { redactUrl } from "./core/url-secrets.ts";
import { AlbumenError, isAlbumenError, messageOf } from "./errors.ts";
import type { Atlas } from "./gallery/data.ts";
import { previewOrder } from "./gallery/render.ts";
import { defaultCacheDir } from "./models/cache.ts";
import { describeModelEvent } from "./models/events.ts";
import { absoluteName } from "./models/model-id.ts";
import type { ModelOptions } from "./models/model.ts";
import { createModelShelf, type ModelShelf } from "./models/shelf.ts";
import { createCatalog, type Catalog } from "./pipeline/catalog.ts";
import type { CatalogParts, OpenEncoder } from "./pipeline/catalog-parts.ts";
import { quietCall, type Report, type Watch } from "./pipeline/events.ts";
import type { UserCatalog } from "./pipeline/per-user.ts";
import type { BlobStore } from "./ports/blob-store.ts";
import { publishedPlaces } from "./pipeline/publish.ts";
import type { Space } from "./ports/embedder.ts";
import type { ImageDecoder } from "./ports/image-decoder.ts";
import type { Matrix } from "./ports/matrix.ts";
import type { Store } from "./ports/store.ts";

/** What `openCatalog` takes; every part may be omitted. */
export interface OpenOptions {
  /** output folder; `settings.out` when omitted, `./albums` when that is unset too */
  readonly out?: string;
  /** catalog folder; `.albumen` in the output folder when omitted */
  readonly catalog?: string;
  /** win over environment, catalog, user file and defaults */
  readonly settings?: SettingsInput;
  /** true: `CATALOG_NOT_FOUND` instead of making a new one */
  readonly mustExist?: boolean;
  readonly signal?: AbortSignal;
  /** progress, notices, failures */
  readonly onEvent?: Report;
  /** environment variables; the process's when omitted */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const CLUSTERERS = { "ward+kmeans": createWardKMeans, kmeans: createKMeans, density: createDensity } as const;

const CATALOG_FOLDER = ".albumen";
const DATABASE = "catalog.db";
/** Where a user's catalog notes which catalog keeps its originals, as seen from its own folder. */
const ORIGINALS = "originals";

/** Bytes of small pictures inside the gallery page: enough for 10,000 tiles and some hundred covers. */
const ATLAS_BUDGET_BYTES = 9_000_000;
const PREVIEW_BUDGET_BYTES = 3_000_000;

/**
 * Opens the catalog of an output folder, or makes one.
 * Errors: `CONFIG_INVALID`, `CATALOG_NOT_FOUND`, `CATALOG_TOO_NEW`, `CATALOG_CORRUPT`, `OUTPUT_UNWRITABLE`.
 */
export async function openCatalog(options: OpenOptions = {}): Promise<Catalog> {
  return open(options, null);
}

/** What the catalogs of several users have in common. */
interface Lent {
  /** loaded when it is first asked for */
  readonly encoder: () => Promise<OpenEncoder>;
  readonly decoder: () => ImageDecoder;
  readonly matrix: () => Promise<Matrix>;
  /** catalog folder that holds the originals */
  readonly originals: string;
}

async function open(options: OpenOptions, lent: Lent | null): Promise<Catalog & UserCatalog> {
  const env = options.env ?? process.env;
  const layers = { flags: options.settings ?? {}, env, userFile: readUserFile(env) };
  const before = resolveSettings(layers).settings;
  const folder = resolve(options.catalog ?? join(options.out ?? before.out, CATALOG_FOLDER));
  if (options.mustExist && !existsSync(join(folder, DATABASE)))
    throw new AlbumenError("CATALOG_NOT_FOUND", `There is no catalog in ${folder}.`, {
      hint: "Run albumen organize <folder> first, or name the right folder with --catalog.",
    });
  const isNew = !existsSync(join(folder, DATABASE));
  const topmostMade = makeFolder(folder);

  const db = openDatabase(join(folder, DATABASE));
  migrate(db);
  const store = createSqliteStore({ db, vectorFolder: join(folder, "vectors") });
  const remembered = await rememberedSettings(store);
  const resolved = resolveSettings({ ...layers, catalog: remembered.settings });
  const { settings } = resolved;
  // A catalog that does not lie in its output knows where that is; `--out` says it anew.
  const isOutTold = options.catalog === undefined || options.settings?.out !== undefined;
  const out = resolve(options.out ?? (isOutTold ? settings.out : (remembered.out ?? dirname(folder))));

  const signal = options.signal ?? new AbortController().signal;
  // Every decode in flight listens to it, and there are more than ten.
  setMaxListeners(0, signal);
  const watch = {
    signal,
    report: options.onEvent ?? (() => {}),
  };
  const thumbs = createFolderBlobStore({ catalog: folder, folder: "thumbs", extension: ".webp" });
  // A user's catalog was handed its images by another one, which keeps the originals.
  if (lent) await store.setMeta(ORIGINALS, relative(folder, lent.originals));
  const originalsFolder = resolve(folder, (await store.meta(ORIGINALS)) ?? ".");
  const originals = createFolderBlobStore({
    catalog: originalsFolder,
    folder: "originals",
    extension: ".bin",
  });
  const pictures = createFolderBlobStore({ catalog: folder, folder: "gallery", extension: ".json.gz" });
  const matrixOf = once(() =>
    createOnnxMatrix(settings.threads === null ? {} : { threads: settings.threads }),
  );
  const decoderOf = once(() =>
    createSharpDecoder({
      maxPixels: settings.maxPixels,
      ...(settings.threads === null ? {} : { parallelism: settings.threads }),
    }),
  );
  const fetcherOf = once(() =>
    createFetcher({
      userAgent: `albumen/${VERSION}`,
      offline: settings.offline,
      allowPrivate: settings.allowPrivate,
      concurrency: settings.fetchConcurrency,
      perHost: settings.fetchPerHost,
      timeoutMs: settings.fetchTimeoutSeconds * 1000,
      maxBytes: settings.maxFetchBytes,
      proxy: settings.proxy,
    }),
  );
  const buckets = createS3Source({
    endpoint: settings.s3Endpoint ?? env["AWS_ENDPOINT_URL_S3"] ?? env["AWS_ENDPOINT_URL"] ?? null,
    env,
    offline: settings.offline,
    concurrency: settings.fetchConcurrency,
    maxBytes: settings.maxFetchBytes,
  });
  let release: (() => void) | null = null;
  /** Whether no other process works on the catalog, from now on. */
  const isOurs = (): boolean => {
    try {
      release ??= lockCatalog(folder);
      return true;
    } catch {
      return false;
    }
  };

  const parts: CatalogParts = {
    version: VERSION,
    out,
    galleryPath: join(out, "index.html"),
    settings,
    watch,
    now: () => new Date().toISOString(),
    clock: () => performance.now(),
    store,
    journal: createSqliteJournal(db),
    output: createDiskOutput(out),
    thumbs,
    originals,
    originalPath: (image) => join(originalsFolder, originals.pathOf(image)!),
    namer: createConceptNamer(),
    languageNamer: languageNamerOf(settings, env, signal),
    async lock() {
      if (release) return;
      release = lockCatalog(folder);
      makeFolder(out);
    },
    rememberSettings: () => rememberSettings(store, remembered.settings, resolved, out),
    decoder: lent?.decoder ?? decoderOf,
    matrix: lent?.matrix ?? matrixOf,
    clusterer: async (id) => CLUSTERERS[id]({ matrix: await parts.matrix() }),
    openEncoder: async () => {
      if (lent) return lent.encoder();
      const options = {
        ...modelOptions(env, settings.offline, watch),
        ...(settings.threads === null ? {} : { threads: settings.threads }),
        device: settings.device,
      };
      const encoder = await openEmbedder(await encoderChoice(store, resolved), options);
      // A catalog, perhaps somebody else's, is no reason to send pictures away: a command or the user's own file is.
      if (settings.captioner === "llm" && resolved.origins.captioner === "catalog")
        return { ...encoder, captioner: null };
      try {
        const captioner = await chooseCaptioner(settings, encoder.captioner, { ...options, env });
        return { ...encoder, captioner };
      } catch (error) {
        await encoder.embedder.dispose();
        throw error;
      }
    },
    openUser: (name, encoder) =>
      open(
        {
          out: join(out, name),
          settings: toldSettings(resolved),
          signal,
          env,
          onEvent: (event) => event.kind !== "progress" && watch.report(event),
        },
        { encoder, decoder: decoderOf, matrix: matrixOf, originals: originalsFolder },
      ),
    async openSource(sources, { mayBeGone = false } = {}) {
      checkSources(sources, { out, mayBeGone });
      return openSources({
        roots: sources,
        exclude: [out, folder],
        user: settings.user,
        columns: { url: settings.urlColumn, user: settings.userColumn },
        scratch: join(folder, "scratch"),
        stdin: () => process.stdin,
        urls: { read: (source, call) => createUrlReader({ fetcher: fetcherOf() }).read(source, call) },
        buckets,
      });
    },
    async galleryPictures(images, signal) {
      const keys = images.map((image) => image.sha256);
      const call = quietCall({ signal });
      const atlas = await cached(pictures, ["atlas", ATLAS_BUDGET_BYTES, ...keys], () =>
        makeAtlas(keys, thumbs, { budgetBytes: ATLAS_BUDGET_BYTES }, call),
      );
      const covers = previewOrder({ images }).map((i) => [i, keys[i]!] as const);
      const previews = await makePreviews(covers, thumbs, { budgetBytes: PREVIEW_BUDGET_BYTES }, call);
      return { atlas: atlas as Atlas | null, previews };
    },
    async removeUser(name) {
      removeCatalog(join(out, name, CATALOG_FOLDER), join(out, name));
    },
    async clearGalleryPictures() {
      rmSync(join(folder, "gallery"), { recursive: true, force: true });
    },
    scanForTraces: (traces, signal) =>
      scanFiles([folder, ...publishedPlaces(settings).map((place) => join(out, place))], traces, signal),
    absolute: (path) => resolve(path),
    relativeToOutput: (path) => insideOf(path, out),
    thumbPath(image) {
      const place = thumbs.pathOf(image);
      return place === null ? null : slashed(relative(out, join(folder, place)));
    },
    async close() {
      if (decoderOf.made()) await decoderOf().dispose();
      if (matrixOf.made()) await (await matrixOf()).dispose();
      if (fetcherOf.made()) await fetcherOf().close();
      buckets.close();
      const isUnused = isNew && (await isEmpty(store)) && isOurs();
      await store.close();
      // A misspelled source leaves no catalog behind: later commands would find it and take it for the one meant.
      if (isUnused) removeCatalog(folder, topmostMade);
      release?.();
      release = null;
    },
  };
  return createCatalog(parts);
}

function modelOptions(
  env: Readonly<Record<string, string | undefined>>,
  offline: boolean,
  { signal, report }: Watch,
): ModelOptions {
  let toldMegabytes = 0;
  return {
    cacheDir: defaultCacheDir(env),
    offline,
    signal,
    onEvent(event) {
      const text = describeModelEvent(event);
      if (text !== null) report({ kind: "notice", text });
      else if (event.kind === "progress") {
        // Bytes arrive by the thousand; a person is told megabytes.
        const done = Math.round(event.doneBytes / 1e6);
        const total = event.totalBytes === null ? null : Math.round(event.totalBytes / 1e6);
        if (done !== toldMegabytes) report({ kind: "progress", stage: "model", done, total });
        toldMegabytes = done;
      }
    },
  };
}

/** The models of this machine, whatever catalogs use them. */
export function openModels(
  options: Pick<OpenOptions, "settings" | "signal" | "onEvent" | "env"> = {},
): ModelShelf {
  const env = options.env ?? process.env;
  const { settings } = resolveSettings({ flags: options.settings ?? {}, env, userFile: readUserFile(env) });
  return createModelShelf(
    modelOptions(env, settings.offline, {
      signal: options.signal ?? new AbortController().signal,
      report: options.onEvent ?? (() => {}),
    }),
  );
}

/** What the user named, else what the catalog's vectors were made by, else the best that can be had. */
async function encoderChoice(store: Store, { settings, origins }: ResolvedSettings): Promise<EmbedderChoice> {
  if (settings.model !== null && origins.model !== "catalog") return { kind: "named", model: settings.model };
  const space = await store.meta("space");
  if (space !== null) return { kind: "remembered", space: JSON.parse(space) as Space, named: settings.model };
  return settings.model === null ? { kind: "best" } : { kind: "named", model: settings.model };
}

async function rememberedSettings(
  store: Store,
): Promise<{ readonly settings: Record<string, unknown>; readonly out: string | null }> {
  const [settings, out] = [await store.meta("settings"), await store.meta("out")];
  return { settings: settings === null ? {} : (JSON.parse(settings) as Record<string, unknown>), out };
}

/** What a command was told, later commands on this catalog follow. */
async function rememberSettings(
  store: Store,
  before: Record<string, unknown>,
  { settings, origins }: ResolvedSettings,
  out: string,
): Promise<void> {
  const told = REMEMBERED_SETTINGS.filter((name) => origins[name] === "flag");
  const after: Record<string, unknown> = {
    ...before,
    ...Object.fromEntries(told.map((name) => [name, settings[name]])),
  };
  // The next command may run in another folder.
  for (const name of ["model", "captioner"] as const)
    if (told.includes(name) && settings[name] !== null) after[name] = absoluteName(settings[name]);
  await store.setMeta("settings", JSON.stringify(after));
  await store.setMeta("out", out);
}

export interface SettingRow {
  readonly name: SettingName;
  readonly value: unknown;
  readonly origin: Origin;
  readonly about: string;
}

/** Every setting with its value and where it comes from. `out`: the output folder whose catalog counts; null: none. */
export async function describeSettings(
  options: { readonly catalog?: string; readonly out?: string; readonly env?: OpenOptions["env"] } = {},
): Promise<SettingRow[]> {
  const env = options.env ?? process.env;
  const folder = options.catalog ?? (options.out === undefined ? null : join(options.out, CATALOG_FOLDER));
  let catalog: Record<string, unknown> = {};
  if (folder !== null && existsSync(join(folder, DATABASE))) {
    const store = createSqliteStore({ db: openDatabase(join(folder, DATABASE)), vectorFolder: null });
    catalog = (await rememberedSettings(store)).settings;
    await store.close();
  }
  const { settings, origins } = resolveSettings({ env, catalog, userFile: readUserFile(env) });
  return (Object.keys(SETTINGS) as SettingName[]).map((name) => ({
    name,
    value: typeof settings[name] === "string" ? redactUrl(settings[name]) : settings[name],
    origin: origins[name],
    about: SETTINGS[name].about,
  }));
}

/** A file counts once its size has stayed for so long. */
const SETTLE_MS = 2000;

/** Yields each time that files in the folders have changed and settled; ends when the signal fires. Errors: `SOURCE_NOT_FOUND`. */
export function watchForFiles(
  folders: readonly string[],
  out: string,
  signal: AbortSignal,
): AsyncGenerator<number, void> {
  checkSources(folders, { out: resolve(out), mayBeGone: false });
  const absolute = folders.map((folder) => resolve(folder));
  return watchFolders(absolute, { exclude: [resolve(out)], settleMs: SETTLE_MS }, signal);
}

/** Draws the demo pictures into a new folder; one that holds them already is used as it is. */
export async function makeDemo(
  folder: string,
  signal: AbortSignal,
): Promise<{ readonly folder: string; readonly drawn: number }> {
  const target = resolve(folder);
  const names = demoNames();
  if (names.every((name) => existsSync(join(target, name)))) return { folder: target, drawn: names.length };
  try {
    return { folder: target, drawn: (await writeDemo(target, { signal })).length };
  } catch (error) {
    throw isAlbumenError(error) ? error : notMade(target, error);
  }
}

/** `settings.json` in the user's configuration folder; {} when there is none. */
function readUserFile(env: Readonly<Record<string, string | undefined>>): Record<string, unknown> {
  const base = env["XDG_CONFIG_HOME"];
  const path = join(base && isAbsolute(base) ? base : join(homedir(), ".config"), "albumen", "settings.json");
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new AlbumenError("CONFIG_INVALID", `Cannot read ${path}: ${messageOf(error)}.`, { cause: error });
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Told below, like any other content that is no object.
  }
  throw new AlbumenError("CONFIG_INVALID", `${path} is not a JSON object.`, {
    hint: 'It looks like { "as": "copy", "depth": 2 }.',
  });
}

function checkSources(
  sources: readonly string[],
  { out, mayBeGone }: { readonly out: string; readonly mayBeGone: boolean },
): void {
  for (const source of sources) {
    if (!mayBeGone) checkRoot(source);
    if (!isLocalRoot(source) || !existsSync(source)) continue;
    if (existsSync(out) && insideOf(realpathSync(source), realpathSync(out)) !== null)
      throw new AlbumenError("OUTPUT_OVERLAP", `${source} is inside the output folder ${out}.`, {
        hint: "Name the folder the pictures came from, or another output with --out.",
      });
  }
}

/** Forward slashes; "" for the folder itself, null outside of it. */
function insideOf(path: string, folder: string): string | null {
  const way = relative(folder, path);
  return way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way) ? null : slashed(way);
}

function slashed(path: string): string {
  return sep === "/" ? path : path.replaceAll(sep, "/");
}

/** Returns the topmost folder that had to be made; undefined when all were there. */
function makeFolder(folder: string): string | undefined {
  try {
    return mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw notMade(folder, error);
  }
}

function notMade(folder: string, cause: unknown): AlbumenError {
  const code = (cause as NodeJS.ErrnoException).code;
  return new AlbumenError(
    code === "ENOSPC" || code === "EDQUOT" ? "DISK_FULL" : "OUTPUT_UNWRITABLE",
    `Cannot make the folder ${folder}: ${whyNotMade(folder, cause)}.`,
    { hint: "Check its permissions and its disk, or choose another place.", cause },
  );
}

/** Node says ENOENT of a read-only disk and ENOTDIR of a file above; people need to know which. */
function whyNotMade(folder: string, error: unknown): string {
  let above = folder;
  while (!existsSync(above)) above = dirname(above);
  if (!statSync(above).isDirectory()) return `${above} is a file`;
  try {
    accessSync(above, constants.W_OK);
  } catch (denied) {
    return messageOf(denied);
  }
  return messageOf(error);
}

async function isEmpty(store: Store): Promise<boolean> {
  const { images, places, failures } = await store.counts();
  return images + places + failures + (await store.albums()).length === 0;
}

/** Takes a catalog away, with the folders above it up to `topmostMade` that hold nothing else. */
function removeCatalog(folder: string, topmostMade: string | undefined): void {
  rmSync(folder, { recursive: true, force: true });
  if (topmostMade === undefined) return;
  for (let above = dirname(folder); insideOf(above, topmostMade) !== null; above = dirname(above))
    try {
      rmdirSync(above);
    } catch {
      return; // something else came to lie in it
    }
}

/** Makes a value on the first call and gives that one ever after. */
function once<T>(make: () => T): (() => T) & { made(): boolean } {
  let value: { readonly it: T } | null = null;
  return Object.assign(() => (value ??= { it: make() }).it, { made: () => value !== null });
}

/** What `make` gives, kept under everything it depends on. */
async function cached<T>(blobs: BlobStore, recipe: readonly unknown[], make: () => Promise<T>): Promise<T> {
  const key = createHash("sha256").update(JSON.stringify(recipe)).digest("hex");
  const kept = await blobs.get(key);
  if (kept) return JSON.parse(gunzipSync(kept).toString("utf8")) as T;
  const value = await make();
  await blobs.put(key, gzipSync(JSON.stringify(value), { level: 1 }));
  return value;
}

/** What of the settings a user's catalog is to follow: all that somebody set but what tells users and places apart. */
function toldSettings({ settings, origins }: ResolvedSettings): SettingsInput {
  const own: readonly SettingName[] = ["out", "user", "perUser", "urlColumn", "userColumn"];
  const told = (Object.keys(settings) as SettingName[]).filter(
    (name) => origins[name] !== "default" && !own.includes(name),
  );
  return { ...Object.fromEntries(told.map((name) => [name, settings[name]])), perUser: false, user: null };
}

/** The version of this package. */
export const VERSION = (
  JSON.parse(readFileSync(fileURLToPath(new URL("../package.json", import.meta.url)), "utf8")) as {
    version: string;
  }
).version;

export { redactUrl } from "./core/url-secrets.ts";
export type { Album } from "./core/albums.ts";
export { WEIGHT_DTYPES, type WeightDtype } from "./models/convert.ts";
export type { ModelInfo, ModelShelf, Offer, PullWishes } from "./models/shelf.ts";
export type { Catalog, CatalogStatus, ShownPlan } from "./pipeline/catalog.ts";
export type { DuplicateFile, DuplicateSet } from "./pipeline/duplicates.ts";
export type { ForgetReport } from "./pipeline/forget.ts";
export type { Hit } from "./pipeline/lookup.ts";
export type { PipelineEvent, Report, Stage } from "./pipeline/events.ts";
export type { RunSummary } from "./pipeline/receipt.ts";
