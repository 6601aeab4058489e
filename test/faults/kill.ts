/** Runs a process and kills it, as `kill -9` does, at a moment of one's choice. */
import { spawn } from "node:child_process";

export interface KillOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** the delay starts when the process's stdout matches; from its start when not given */
  readonly after?: RegExp;
  /** null: let it live */
  readonly delayMs: number | null;
}

export interface Ended {
  readonly killed: boolean;
  /** null when killed */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Resolves when the process has ended, by itself or by SIGKILL after the delay, whichever is first. */
export function runKilled(command: string, args: readonly string[], options: KillOptions): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    let timer: NodeJS.Timeout | null = null;
    const start = () => {
      if (options.delayMs === null || timer) return;
      timer = setTimeout(() => child.kill("SIGKILL"), options.delayMs);
    };
    if (!options.after) start();
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (options.after?.test(stdout)) start();
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", reject);
    child.on("close", (exitCode, signal) => {
      if (timer) clearTimeout(timer);
      resolve({ killed: signal === "SIGKILL", exitCode, stdout, stderr });
    });
  });
}
