/** The command line as a user has it: one process a command, in a home folder of its own, with no network. */
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { createHash } from "node:crypto";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));

/** What `process.execPath` runs: the sources, so that no test depends on when they were last built. */
export const CLI = [
  "--import",
  new URL(import.meta.resolve("tsx")).href,
  join(REPOSITORY, "src/cli/main.ts"),
] as const;

export interface Ran {
  /** null when a signal ended it */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly elapsedMs: number;
}

export type JsonLine = Readonly<Record<string, unknown>>;

export interface RunOptions {
  /** the desk's folder when omitted */
  readonly cwd?: string;
  /** on top of the desk's; undefined takes one away */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** what it reads from standard input; none when omitted */
  readonly input?: string | Uint8Array;
  /** sent once stdout and stderr together match */
  readonly interrupt?: {
    readonly when: RegExp;
    readonly signal: NodeJS.Signals;
    readonly onSent?: () => void;
  };
  readonly timeoutMs?: number;
}

/** A folder to work in, with nothing else in reach. Taken away when all tests of the file are done. */
export interface Desk {
  readonly folder: string;
  /** environment of every command: offline, the bundled model, an empty home and cache */
  readonly env: NodeJS.ProcessEnv;
  path(...names: string[]): string;
  /** Runs a command; whatever the exit code, the promise is kept. */
  run(args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** Runs a command that must end with 0; its stdout. */
  albumen(args: readonly string[], options?: RunOptions): Promise<string>;
  /** The same with `--json`; its lines, the last one the summary. */
  json(args: readonly string[], options?: RunOptions): Promise<JsonLine[]>;
}

const opened: string[] = [];
afterAll(() => opened.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

export function openDesk(): Desk {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "albumen-cli-")));
  opened.push(folder);
  mkdirSync(join(folder, ".home"));
  const env: NodeJS.ProcessEnv = {
    PATH: process.env["PATH"],
    HOME: join(folder, ".home"),
    XDG_CONFIG_HOME: join(folder, ".home", "config"),
    ALBUMEN_CACHE: join(folder, ".home", "cache"),
    ALBUMEN_OFFLINE: "1",
    ALBUMEN_MODEL: "mini",
    NO_COLOR: "1",
  };
  const run: Desk["run"] = (args, options = {}) => runCli(args, folder, env, options);
  const albumen: Desk["albumen"] = async (args, options) => {
    const ran = await run(args, options);
    if (ran.code !== 0) throw new Error(`albumen ${args.join(" ")} ended with ${ran.code}:\n${ran.stderr}`);
    return ran.stdout;
  };
  return {
    folder,
    env,
    path: (...names) => join(folder, ...names),
    run,
    albumen,
    json: async (args, options) => jsonLines(await albumen([...args, "--json"], options)),
  };
}

export function jsonLines(stdout: string): JsonLine[] {
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as JsonLine);
}

function runCli(
  args: readonly string[],
  folder: string,
  env: NodeJS.ProcessEnv,
  { cwd = folder, env: changes = {}, input, interrupt, timeoutMs = 120_000 }: RunOptions,
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const child = spawn(process.execPath, [...CLI, ...args], {
      cwd,
      env: Object.fromEntries(
        Object.entries({ ...env, ...changes }).filter(([, value]) => value !== undefined),
      ),
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    }) as ChildProcessByStdio<Writable | null, Readable, Readable>;
    child.stdin?.on("error", () => {}); // a command may end before it has read everything
    child.stdin?.end(input);
    const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    let [stdout, stderr] = ["", ""];
    let isInterrupted = false;
    const listen = () => {
      if (isInterrupted || !interrupt?.when.test(stdout + stderr)) return;
      isInterrupted = true;
      child.kill(interrupt.signal);
      interrupt.onSent?.();
    };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      listen();
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      listen();
    });
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr, elapsedMs: performance.now() - begun });
    });
  });
}

export interface TreeOptions {
  /** names, at any depth, that are left out with all below */
  readonly without?: readonly string[];
  /** tells a file by its inode too: equal means the very same file, not a copy */
  readonly withInodes?: boolean;
}

/** Every path below a folder → what it is: `folder`, `-> target`, or the first half of a file's SHA-256. */
export function treeOf(folder: string, options: TreeOptions = {}): Record<string, string> {
  const { without = [], withInodes = false } = options;
  const tree: Record<string, string> = {};
  const visit = (below: string): void => {
    for (const name of readdirSync(join(folder, below)).sort()) {
      if (without.includes(name)) continue;
      const path = below === "" ? name : `${below}/${name}`;
      const stats = lstatSync(join(folder, path));
      if (stats.isDirectory()) {
        tree[path] = "folder";
        visit(path);
      } else if (stats.isSymbolicLink()) tree[path] = `-> ${readlinkSync(join(folder, path))}`;
      else if (!stats.isFile()) tree[path] = "special";
      else {
        const hash = createHash("sha256")
          .update(readFileSync(join(folder, path)))
          .digest("hex");
        tree[path] = withInodes ? `${hash.slice(0, 32)} ${stats.ino}` : hash.slice(0, 32);
      }
    }
  };
  visit("");
  return tree;
}

/** The pictures and folders of an output: what an apply makes and an undo takes back. */
export function albumTree(out: string, options: TreeOptions = {}): Record<string, string> {
  return treeOf(out, { ...options, without: [".albumen", "index.html", "albums.json", "albums.csv"] });
}
