/** Brings the files of a part from whichever of its sources answers first. */
import { AlbumenError, isAlbumenError, messageOf, throwIfAborted } from "../errors.ts";
import type { ModelEvent } from "./events.ts";
import type { ModelSource, OpenedSource } from "./sources/source.ts";

export interface Fetched {
  readonly place: string;
  /** role → verified bytes */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

export interface FetchRequest {
  readonly title: string;
  readonly licence: string;
  readonly sources: readonly ModelSource[];
  /** a last look at the files; what it throws passes the source over, like a failed download */
  readonly accept: (fetched: Fetched) => Promise<void>;
  readonly signal: AbortSignal;
  readonly onEvent: (event: ModelEvent) => void;
}

/** Another source would not help. */
const STORAGE_ERRORS: ReadonlySet<string> = new Set(["DISK_FULL", "CACHE_UNWRITABLE"]);

/**
 * All sources are opened at once and the first to answer is used; the others are closed. When it then fails, the
 * rest are raced again without it. Errors: `MODEL_FETCH_FAILED` with every source's reason, `ABORTED`,
 * `DISK_FULL`, `CACHE_UNWRITABLE`.
 */
export async function fetchFromAny(request: FetchRequest): Promise<Fetched> {
  const { title, licence, signal, onEvent } = request;
  const reasons: string[] = [];
  let left = [...request.sources];
  while (left.length > 0) {
    throwIfAborted(signal);
    const race = await firstToOpen(left, signal);
    throwIfAborted(signal);
    for (const { source, reason } of race.failed) reasons.push(`${source.place}: ${reason}`);
    left = left.filter((source) => !race.failed.some((failure) => failure.source === source));
    if (race.winner === null) break;
    const { source, opened } = race.winner;
    try {
      onEvent({ kind: "fetch", title, licence, place: source.place, sizeBytes: opened.sizeBytes });
      const files = await opened.download((doneBytes, totalBytes) =>
        onEvent({ kind: "progress", doneBytes, totalBytes }),
      );
      const fetched = { place: source.place, files };
      await request.accept(fetched);
      return fetched;
    } catch (error) {
      throwIfAborted(signal);
      if (isAlbumenError(error) && STORAGE_ERRORS.has(error.code)) throw error;
      const reason = withoutStop(messageOf(error));
      reasons.push(`${source.place}: ${reason}`);
      left = left.filter((other) => other !== source);
      if (left.length > 0) onEvent({ kind: "source-failed", title, place: source.place, reason });
    } finally {
      await opened.close();
    }
  }
  throw new AlbumenError("MODEL_FETCH_FAILED", `${title} could not be fetched. ${reasons.join("; ")}.`, {
    hint: "Check the network, or put the files into a folder and set ALBUMEN_MODELS to it.",
    isRetryable: true,
  });
}

interface Race {
  readonly winner: { readonly source: ModelSource; readonly opened: OpenedSource } | null;
  /** those that had failed by then */
  readonly failed: readonly { readonly source: ModelSource; readonly reason: string }[];
}

async function firstToOpen(sources: readonly ModelSource[], signal: AbortSignal): Promise<Race> {
  const attempts = sources.map((source) => {
    const control = new AbortController();
    return { source, control, opened: source.open(AbortSignal.any([signal, control.signal])) };
  });
  const failed: { source: ModelSource; reason: string }[] = [];
  let decided = false;
  for (const { source, opened } of attempts)
    opened.catch((error) => {
      if (!decided) failed.push({ source, reason: withoutStop(messageOf(error)) });
    });
  const winner = await Promise.any(
    attempts.map(async ({ source, opened }) => ({ source, opened: await opened })),
  ).catch(() => null);
  decided = true;
  const losers = attempts.filter(({ source }) => source !== winner?.source);
  for (const { control } of losers) control.abort();
  // One that opened in the same moment still has to be closed; the others have by now cleaned up after themselves.
  for (const loser of await Promise.allSettled(losers.map(({ opened }) => opened)))
    if (loser.status === "fulfilled") await loser.value.close();
  return { winner, failed };
}

function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, "");
}
