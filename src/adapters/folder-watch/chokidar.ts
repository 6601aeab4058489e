/** Tells when files in some folders have changed and settled, by the system's own notices (chokidar). */
import { once } from "node:events";
import { sep } from "node:path";
import { watch } from "chokidar";

export interface WatchFoldersOptions {
  /** absolute paths; what lies below them is left out, e.g. the output */
  readonly exclude: readonly string[];
  /** a file counts once its size has not changed for so long: it may still be written */
  readonly settleMs: number;
}

/**
 * Yields 0 as soon as it watches, so that what was there before can be looked at without a gap, and then how many files are new
 * or changed, each time that a run of changes has ended. What changes while the caller works on one answer is in the next.
 * Ends when the signal fires.
 */
export async function* watchFolders(
  folders: readonly string[],
  { exclude, settleMs }: WatchFoldersOptions,
  signal: AbortSignal,
): AsyncGenerator<number, void> {
  const changed = new Set<string>();
  const changes = new EventTarget();
  const watcher = watch([...folders], {
    ignoreInitial: true,
    ignored: (path) => exclude.some((folder) => path === folder || path.startsWith(folder + sep)),
    awaitWriteFinish: { stabilityThreshold: settleMs, pollInterval: Math.min(100, settleMs) },
  });
  const note = (path: string): void => {
    changed.add(path);
    changes.dispatchEvent(new Event("change"));
  };
  watcher.on("add", note).on("change", note);
  try {
    await once(watcher, "ready", { signal });
    yield 0;
    for (;;) {
      if (changed.size === 0) await once(changes, "change", { signal });
      // A copied folder arrives file by file: one answer for all of them.
      while (await changesWithin(changes, settleMs, signal));
      const count = changed.size;
      changed.clear();
      yield count;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await watcher.close();
  }
}

async function changesWithin(changes: EventTarget, ms: number, signal: AbortSignal): Promise<boolean> {
  const quiet = AbortSignal.timeout(ms);
  return once(changes, "change", { signal: AbortSignal.any([quiet, signal]) }).then(
    () => true,
    (error: unknown) => {
      if (signal.aborted) throw error;
      return false;
    },
  );
}
