/**
 * From a published checkpoint to a model folder in the cache: ask what it is, say what it costs, fetch, convert, try it
 * out, and put it in its place whole.
 */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { AlbumenError, isAlbumenError, messageOf, throwIfAborted } from "../errors.ts";
import { architectureOf } from "./architectures/registry.ts";
import { hashFile, sweep } from "./cache.ts";
import type { Architecture, ConvertedModel, PublishedFiles, WeightDtype } from "./convert.ts";
import type { ModelEvent } from "./events.ts";
import { knownModel } from "./known-models.ts";
import { parseManifest, type ManifestFile } from "./manifest.ts";
import { nameOf, writeModelId, type PublishedId } from "./model-id.ts";
import { pulledFolder, readPulled, storePulled, type PulledManifest, type PulledModel } from "./pulled.ts";
import { assertRoom } from "./room.ts";
import { openRepository } from "./sources/open-repository.ts";
import type { PackageOptions } from "./sources/package-repository.ts";
import { landed } from "./sources/pypi.ts";
import type { Repository } from "./sources/repository.ts";
import { teachWords } from "./teach-words.ts";
import { tryOut } from "./try-out.ts";

/**
 * Raised when the same checkpoint comes to give other vectors. It is part of the revision, and so of the space: vectors
 * made before and after are never compared.
 */
export const CONVERTER = 1;

/** Bytes of the graphs for each byte of a float32 checkpoint: CLIP B/32 and BLIP-base, with what does not shrink. */
const CONVERTED_SHARE: Readonly<Record<WeightDtype, number>> = { fp32: 1, fp16: 0.51, q8: 0.27 };

export interface PullOptions {
  /** see `defaultCacheDir` */
  readonly cacheDir: string;
  /** true: only a folder can be pulled from */
  readonly offline: boolean;
  readonly signal: AbortSignal;
  readonly onEvent: (event: ModelEvent) => void;
  readonly dtype: WeightDtype;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** free bytes where `folder` lies; what the file system says when omitted */
  readonly freeBytes?: (folder: string) => Promise<number>;
}

/** What a pull would bring, before anything large has travelled. One of `accept` and `decline` has to be called. */
export interface PullOffer {
  readonly id: string;
  /** pinned; null: by the digest of the files, which is not known yet */
  readonly revision: string | null;
  readonly place: string;
  readonly licence: string;
  /** what travels, bytes; null: the source did not say */
  readonly downloadBytes: number | null;
  /** what it takes on the disk in the end, bytes, about; null: not known */
  readonly keptBytes: number | null;
  /** it is here already: `accept` fetches nothing */
  readonly isHere: boolean;
  /**
   * Errors: `MODEL_FETCH_FAILED`, `MODEL_CORRUPT`, `MODEL_INCOMPATIBLE`, `CHECKPOINT_INVALID`, `CHECKPOINT_REFUSED`,
   * `DISK_FULL`, `CACHE_UNWRITABLE`, `OUT_OF_MEMORY`, `ABORTED`. What was fetched is kept for the next time.
   */
  accept(): Promise<PulledModel>;
  decline(): Promise<void>;
}

/**
 * Finds a published model and what it would cost to have it.
 * Errors: `MODEL_UNKNOWN`, `MODEL_NOT_INSTALLED` (offline), `MODEL_INCOMPATIBLE` when nothing in it can be converted,
 * `MODEL_FETCH_FAILED`, `ABORTED`.
 */
export async function offerModel(id: PublishedId, options: PullOptions): Promise<PullOffer> {
  const name = nameOf(id);
  if (options.offline && id.kind !== "folder")
    throw new AlbumenError("MODEL_NOT_INSTALLED", `${name} is not on this machine.`, {
      hint: `Run albumen models pull ${writeModelId(id)} once without --offline.`,
    });
  await sweep(partsDirOf(options.cacheDir), Date.now());
  const plan = await planOf(id, options);
  const { repository } = plan;
  const known = knownModel(name);
  const licence = repository.licence ?? known?.licence ?? "licence not stated";
  const downloadBytes = id.kind === "folder" ? 0 : totalOf(repository, plan.needed);
  const keptBytes = estimateKept(repository, plan.needed, options.dtype);
  const here =
    repository.revision === null
      ? null
      : await readPulled(
          pulledFolder(options.cacheDir, {
            id: name,
            revision: revisionOf(repository.revision, options.dtype),
          }),
        );
  const found = here !== null && "manifest" in here ? here : null;
  return {
    id: name,
    revision: repository.revision,
    place: repository.place,
    licence,
    downloadBytes,
    keptBytes,
    isHere: found !== null,
    decline: () => repository.close(),
    async accept() {
      try {
        if (found !== null) return found;
        const { place } = repository;
        if (id.kind !== "folder")
          options.onEvent({ kind: "fetch", title: name, licence, place, sizeBytes: downloadBytes });
        if (downloadBytes !== null && keptBytes !== null) {
          // Parts of an interrupted download are on the disk already, at most all of it.
          const there = Math.min(downloadBytes, await landed(partsDirOf(options.cacheDir)));
          await assertRoom(options.cacheDir, downloadBytes - there + keptBytes, options.freeBytes);
        }
        const pulled = await bring(name, plan, licence, downloadBytes, options);
        await repository.discard();
        options.onEvent({ kind: "installed", title: name, folder: pulled.folder });
        return pulled;
      } finally {
        await repository.close();
      }
    },
  };
}

/** A repository that can be converted, and what of it is needed. */
interface Plan {
  readonly repository: Repository;
  readonly config: unknown;
  readonly architecture: Architecture;
  readonly needed: readonly string[];
}

/**
 * The revision that was asked for, else the main one. Where that one has no weights that can be read, a branch of the
 * same repository that has them is taken: only its owners can make branches. Conversions that strangers offered as
 * pull requests are not looked at; a person can name one, `owner/name@refs/pr/4`.
 */
async function planOf(id: PublishedId, options: PullOptions): Promise<Plan> {
  const open = (which: PublishedId) => openRepository(which, sourceOptions(options), options.signal);
  const repository = await open(id);
  try {
    return await planFor(repository, options.dtype);
  } catch (error) {
    const isMissing = isAlbumenError(error) && error.code === "MODEL_INCOMPATIBLE";
    const branches = isMissing ? await repository.otherRevisions().catch(() => []) : [];
    await repository.close();
    if (id.kind !== "hub" || id.revision !== null) throw error;
    for (const revision of branches) {
      const other = await open({ ...id, revision });
      try {
        return await planFor(other, options.dtype);
      } catch {
        await other.close();
        throwIfAborted(options.signal);
      }
    }
    throwIfAborted(options.signal);
    throw error;
  }
}

async function planFor(repository: Repository, dtype: WeightDtype): Promise<Plan> {
  const names = [...repository.files.keys()];
  if (!names.includes("config.json")) {
    const isOpenClip = names.includes("open_clip_config.json");
    throw new AlbumenError(
      "MODEL_INCOMPATIBLE",
      `${repository.place} has no config.json${isOpenClip ? ", but OpenCLIP's own layout" : ""}.`,
      { hint: "Albumen reads models in the file layout of the transformers library." },
    );
  }
  const paths = await repository.fetch(["config.json"], () => {});
  const config = await readJson(paths.get("config.json")!, "config.json");
  const architecture = architectureOf(config);
  const needed = new Set(["config.json", ...architecture.filesNeeded(config, names, dtype)]);
  return { repository, config, architecture, needed: [...needed] };
}

/** Fetches, converts and stores. */
async function bring(
  name: string,
  { repository, config, architecture, needed }: Plan,
  licence: string,
  downloadBytes: number | null,
  options: PullOptions,
): Promise<PulledModel> {
  const { dtype, signal, onEvent } = options;
  const paths = await repository.fetch(needed, (doneBytes) => {
    if (downloadBytes !== 0) onEvent({ kind: "progress", doneBytes, totalBytes: downloadBytes });
  });
  throwIfAborted(signal);
  const fetched: Record<string, ManifestFile> = {};
  for (const [file, path] of paths) fetched[file] = await hashFile(path);
  const revision = repository.revision ?? digestOf(fetched);

  const here = await readPulled(
    pulledFolder(options.cacheDir, { id: name, revision: revisionOf(revision, dtype) }),
  );
  if ("manifest" in here) return here;

  onEvent({ kind: "convert", title: name, dtype });
  const converted = await teachWords(
    await architecture.convert(config, publishedFiles(paths), { dtype, signal }),
    name,
    options,
  );
  throwIfAborted(signal);
  const manifest = manifestOf(converted, {
    id: name,
    revision: revisionOf(revision, dtype),
    title: name,
    licence,
    origin: {
      source: name,
      revision,
      place: repository.place,
      dtype,
      converter: CONVERTER,
      fetched,
      pulledAt: new Date().toISOString(),
    },
  });
  return storePulled(options.cacheDir, manifest, converted.files, tryOut);
}

function manifestOf(
  converted: ConvertedModel,
  known: Pick<PulledManifest, "id" | "revision" | "title" | "licence" | "origin">,
): PulledManifest {
  const files: Record<string, ManifestFile> = {};
  for (const [file, bytes] of converted.files)
    files[file] = { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
  const { kind, manifest } = converted;
  const text = JSON.stringify({ ...known, kind, ...manifest, files, parts: {} });
  // Through the same door as every manifest: a converter that leaves something out is found here.
  return { ...parseManifest(text, `the converted ${known.id}`), origin: known.origin };
}

/** `3d74…40 digits-q8.1`: which checkpoint, how its weights are kept, which converter. */
function revisionOf(revision: string, dtype: WeightDtype): string {
  return `${revision}-${dtype}.${CONVERTER}`;
}

function digestOf(files: Readonly<Record<string, ManifestFile>>): string {
  const hash = createHash("sha256");
  for (const name of Object.keys(files).sort()) hash.update(`${name}\0${files[name]!.sha256}\n`);
  return hash.digest("hex").slice(0, 40);
}

function publishedFiles(paths: ReadonlyMap<string, string>): PublishedFiles {
  const pathOf = (name: string): string => {
    const path = paths.get(name);
    if (path === undefined)
      throw new AlbumenError("MODEL_INCOMPATIBLE", `The repository has no ${name}, which the model needs.`);
    return path;
  };
  return {
    names: [...paths.keys()],
    read: (name) => readWhole(pathOf(name)),
    json: async (name) => (paths.has(name) ? readJson(pathOf(name), name) : null),
  };
}

async function readJson(path: string, name: string): Promise<unknown> {
  try {
    return JSON.parse(new TextDecoder().decode(await readWhole(path)));
  } catch (cause) {
    throw new AlbumenError("MODEL_CORRUPT", `${name} cannot be read as JSON: ${messageOf(cause)}`, { cause });
  }
}

/** `readFile` ends at 2 GiB; a checkpoint of a large model does not. */
async function readWhole(path: string): Promise<Uint8Array> {
  const handle = await open(path, "r");
  try {
    const { size } = await handle.stat();
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size;) {
      const { bytesRead } = await handle.read(bytes, at, Math.min(size - at, 1 << 28), at);
      if (bytesRead === 0) throw new AlbumenError("MODEL_CORRUPT", `${path} ended while it was read.`);
      at += bytesRead;
    }
    return bytes;
  } finally {
    await handle.close();
  }
}

function totalOf(repository: Repository, names: readonly string[]): number | null {
  const sizes = names.map((name) => repository.files.get(name) ?? null);
  return sizes.includes(null) ? null : sizes.reduce<number>((sum, bytes) => sum + bytes!, 0);
}

function estimateKept(repository: Repository, names: readonly string[], dtype: WeightDtype): number | null {
  const total = totalOf(repository, names);
  return total === null ? null : Math.round(total * CONVERTED_SHARE[dtype]);
}

function sourceOptions({ cacheDir, env = process.env, onEvent }: PullOptions): PackageOptions {
  const onProgress = (doneBytes: number) => onEvent({ kind: "progress", doneBytes, totalBytes: null });
  return { partsDir: partsDirOf(cacheDir), env, onProgress };
}

function partsDirOf(cacheDir: string): string {
  return join(cacheDir, "downloads");
}
