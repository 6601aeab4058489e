/** Runs one command: opens the catalog, wires progress and Ctrl-C, turns errors into messages and exit codes. */
import { performance } from "node:perf_hooks";
import { resolve } from "node:path";
import pc from "picocolors";
import { openCatalog, type Catalog, type OpenOptions } from "../compose.ts";
import { AlbumenError, isAlbumenError } from "../errors.ts";
import { findOutput } from "./find-catalog.ts";
import { createReporter, visible, type Reporter } from "./reporter.ts";

/** Flags that every command takes. */
export interface CommonFlags {
  readonly catalog?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly yes?: boolean;
}

export interface Session {
  readonly flags: CommonFlags;
  readonly signal: AbortSignal;
  readonly reporter: Reporter;
  /** Opens the catalog that the flags mean; closed by `run`. */
  open(options: Omit<OpenOptions, "signal" | "onEvent" | "catalog">): Promise<Catalog>;
  /** Opens the catalog that is already there. */
  openExisting(options?: Omit<OpenOptions, "signal" | "onEvent" | "catalog" | "out">): Promise<Catalog>;
  /** Opens a catalog for this piece of work alone: in between, other commands may use it. */
  during<T>(
    options: Omit<OpenOptions, "signal" | "onEvent" | "catalog">,
    work: (catalog: Catalog) => Promise<T>,
  ): Promise<T>;
  /** A line of data for people; nothing with --json. */
  print(line: string): void;
  /** One JSON object on a line; nothing without --json. */
  emit(event: string, data: object): void;
}

export const EXIT = { done: 0, error: 1, usage: 2, strictFailure: 3, interrupted: 130 } as const;

/** How long a run may take to wind down after Ctrl-C; state survives being cut off at any moment. */
const WIND_DOWN_MS = 900;

/** Calls `work` and sets the exit code. What `work` returns is the exit code; void is 0. */
export async function run(
  flags: CommonFlags,
  work: (session: Session) => Promise<number | void>,
): Promise<void> {
  const controller = new AbortController();
  const reporter = createReporter({
    json: flags.json ?? false,
    quiet: flags.quiet ?? false,
    stdout: process.stdout,
    stderr: process.stderr,
    clock: () => performance.now(),
  });
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort();
    setTimeout(() => process.exit(EXIT.interrupted), WIND_DOWN_MS).unref();
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  // `albumen albums | head` closes the pipe early; that is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

  const opened: Catalog[] = [];
  const openNow: Session["open"] = (options) =>
    openCatalog({
      ...options,
      ...(flags.catalog === undefined ? {} : { catalog: resolve(flags.catalog) }),
      signal: controller.signal,
      onEvent: reporter.report,
    });
  const open: Session["open"] = async (options) => {
    const catalog = await openNow(options);
    opened.push(catalog);
    return catalog;
  };
  const session: Session = {
    flags,
    signal: controller.signal,
    reporter,
    open,
    async during(options, work) {
      const catalog = await openNow(options);
      try {
        return await work(catalog);
      } finally {
        await catalog.close();
      }
    },
    openExisting: (options = {}) => {
      if (flags.catalog !== undefined) return open({ ...options, mustExist: true });
      const out = findOutput(process.cwd());
      if (out === null)
        throw new AlbumenError("CATALOG_NOT_FOUND", "There is no catalog in this folder or above it.", {
          hint: "Run albumen organize <folder> first, go to its output folder, or name it with --catalog.",
        });
      return open({ ...options, out, mustExist: true });
    },
    print: (line) => void (flags.json || process.stdout.write(`${line}\n`)),
    emit: (event, data) =>
      void (flags.json && process.stdout.write(`${JSON.stringify({ event, ...data })}\n`)),
  };
  try {
    process.exitCode = (await work(session)) ?? EXIT.done;
  } catch (error) {
    reporter.stop();
    process.exitCode = explain(error, flags);
  } finally {
    for (const catalog of opened) await catalog.close();
    reporter.stop();
  }
}

function explain(error: unknown, flags: CommonFlags): number {
  const known = isAlbumenError(error)
    ? error
    : new AlbumenError("INTERNAL", error instanceof Error ? (error.stack ?? error.message) : String(error), {
        hint: "This is a bug in Albumen; please report it with the lines above.",
      });
  if (flags.json)
    process.stdout.write(
      `${JSON.stringify({ event: "error", code: known.code, message: known.message, hint: known.hint ?? null })}\n`,
    );
  else {
    const message = known.code === "INTERNAL" ? known.message : visible(known.message);
    process.stderr.write(`${pc.red(known.code === "ABORTED" ? "Stopped." : message)}\n`);
    if (known.hint) process.stderr.write(`${visible(known.hint)}\n`);
  }
  if (known.code === "ABORTED") return EXIT.interrupted;
  return known.code === "USAGE" || known.code === "CONFIG_INVALID" ? EXIT.usage : EXIT.error;
}
