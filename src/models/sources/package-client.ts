/**
 * Runs a person's own package client (pip, uv, npm): it knows their index, mirror, proxy and certificates, so Albumen
 * need not. What it brings is taken apart by us; nothing of it is installed or run.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { AlbumenError, throwIfAborted } from "../../errors.ts";

/** A way to call a client. */
export interface PackageClient {
  /** for messages */
  readonly name: string;
  readonly command: readonly string[];
  arguments(folder: string, timeoutS: number): string[];
}

/** A client at work. */
export interface ClientRun {
  /** resolves once the index has answered; rejects as `ended` does */
  readonly reached: Promise<void>;
  /** rejects with the client's last words when it fails */
  readonly ended: Promise<void>;
}

export interface ClientCall {
  /** where it leaves what it fetched, and keeps its temporary files meanwhile */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly openTimeoutMs: number;
  /** what it says once the index has answered; without it a client counts as there as soon as it runs */
  readonly reachedWords: RegExp | null;
  readonly signal: AbortSignal;
}

/**
 * Tries the clients until one has reached its index. One that is missing is passed over.
 * Errors: `MODEL_FETCH_FAILED`, `ABORTED`.
 */
export async function startFirst(clients: readonly PackageClient[], call: ClientCall): Promise<ClientRun> {
  const { openTimeoutMs, signal } = call;
  const failures: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new AlbumenError("MODEL_FETCH_FAILED", `no answer within ${openTimeoutMs / 1000} s`)),
      openTimeoutMs,
    );
  });
  try {
    for (const client of clients) {
      throwIfAborted(signal);
      const run = start(client, call);
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

function start(client: PackageClient, call: ClientCall): ClientRun {
  const { folder, env, openTimeoutMs, reachedWords, signal } = call;
  const [command, ...before] = client.command;
  const child = spawn(command!, [...before, ...client.arguments(folder, Math.ceil(openTimeoutMs / 1000))], {
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
    if (reachedWords === null) child.once("spawn", () => resolve());
    const listen = (chunk: Buffer) => {
      said = (said + chunk.toString("utf8")).slice(-4_000);
      if (reachedWords?.test(said)) resolve();
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

/** What npm says after it has said why. */
const NPM_CHATTER = /npm error (code|notarget (In most|a package)|A complete log)/;

class ClientFailed extends AlbumenError {
  constructor(client: string, code: number | null, said: string) {
    const lines = said.split(/\r?\n/).map((line) => line.trim());
    const why =
      lines.findLast((line) => /error|No module named/i.test(line) && !NPM_CHATTER.test(line)) ??
      lines.findLast(Boolean) ??
      "";
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
