/** Python peers in a virtual environment of the bench's own: made on first use, kept in the temporary folder. */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ENVIRONMENT = join(tmpdir(), "albumen-bench-python");
const PACKAGES = ["faiss-cpu", "scikit-learn", "scipy", "numpy"];

export type Python =
  { readonly isThere: true; readonly path: string } | { readonly isThere: false; readonly reason: string };

/** The newest peers from the package index; or why there are none. */
export function openPython(): Python {
  const path = join(ENVIRONMENT, "bin", "python");
  const quiet = { stdio: ["ignore", "ignore", "pipe"] as ("ignore" | "pipe")[] };
  try {
    if (!existsSync(path)) execFileSync("python3", ["-m", "venv", ENVIRONMENT], quiet);
    execFileSync(path, ["-m", "pip", "install", "--quiet", "--upgrade", ...PACKAGES], quiet);
    return { isThere: true, path };
  } catch (error) {
    const last =
      String((error as { stderr?: Buffer }).stderr ?? error)
        .trim()
        .split("\n")
        .at(-1) ?? "";
    return { isThere: false, reason: `${PACKAGES.join(", ")} cannot be installed here (${last})` };
  }
}

export interface Peers {
  /** which of its kernels OpenBLAS was told to take; null: it chose */
  readonly blasKernels: string | null;
  ask<T>(request: Readonly<Record<string, unknown>>): Promise<T>;
  close(): void;
}

/**
 * A peer process. OpenBLAS settings of the machine are left out; as the OpenBLAS in faiss-cpu is of 2021 and takes
 * kernels of 2007 on processors it does not know, a second process can be told which kernels suit.
 */
export function startPeers(python: string, threads: number, blasKernels: string | null): Peers {
  const env: NodeJS.ProcessEnv = { ...process.env, OMP_NUM_THREADS: String(threads) };
  for (const name of Object.keys(env)) if (name.startsWith("OPENBLAS_")) delete env[name];
  if (blasKernels !== null) env["OPENBLAS_CORETYPE"] = blasKernels;
  const script = fileURLToPath(new URL("cluster.py", import.meta.url));
  const child = spawn(python, [script, String(threads)], { env, stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    blasKernels,
    async ask<T>(request: Readonly<Record<string, unknown>>) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`The peers ended at ${JSON.stringify(request)}.`);
      return JSON.parse(value) as T;
    },
    close: () => child.stdin.end(),
  };
}

/** The OpenBLAS kernels for this processor's widest vectors; null where that cannot be told. */
export function suitableBlasKernels(): string | null {
  if (process.platform !== "linux" || process.arch !== "x64" || cpus().length === 0) return null;
  const flags = readFileSync("/proc/cpuinfo", "utf8").match(/^flags\s*:(.*)$/m)?.[1] ?? "";
  if (/\bavx512bw\b/.test(flags)) return "SKYLAKEX";
  return /\bavx2\b/.test(flags) ? "HASWELL" : null;
}
