import { describe, expect, it } from "vitest";
import { AlbumenError } from "../errors.ts";
import type { ModelEvent } from "./events.ts";
import { fetchFromAny } from "./fetch.ts";
import type { ModelSource } from "./sources/source.ts";

const BYTES = new Map([["checkpoint", Uint8Array.of(1, 2, 3)]]);
const wait = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), reject(new Error("stopped"))), {
      once: true,
    });
  });

interface Script {
  readonly answersAfterMs?: number;
  readonly refuses?: string;
  readonly failsAfterOpening?: string;
}

/** A source that acts as told, and counts what is open. */
function scripted(place: string, script: Script, open: Set<string>): ModelSource {
  return {
    place,
    async open(signal) {
      open.add(place);
      try {
        await wait(script.answersAfterMs ?? 0, signal);
        if (script.refuses !== undefined) throw new AlbumenError("MODEL_FETCH_FAILED", script.refuses);
      } catch (error) {
        open.delete(place);
        throw error;
      }
      return {
        sizeBytes: 3,
        async download(onProgress) {
          if (script.failsAfterOpening !== undefined)
            throw new AlbumenError("MODEL_CORRUPT", script.failsAfterOpening);
          onProgress(3, 3);
          return BYTES;
        },
        close: async () => void open.delete(place),
      };
    },
  };
}

function run(scripts: Record<string, Script>, signal: AbortSignal = new AbortController().signal) {
  const open = new Set<string>();
  const events: ModelEvent[] = [];
  const fetched = fetchFromAny({
    title: "the part",
    licence: "MIT",
    sources: Object.entries(scripts).map(([place, script]) => scripted(place, script, open)),
    accept: () => Promise.resolve(),
    signal,
    onEvent: (event) => events.push(event),
  });
  return { fetched, events, open };
}

describe("fetchFromAny", () => {
  it("uses the source that answers first, says so once, and closes the others", async () => {
    const { fetched, events, open } = run({
      slow: { answersAfterMs: 5_000 },
      quick: { answersAfterMs: 10 },
    });
    expect((await fetched).place).toBe("quick");
    expect(events).toEqual([
      { kind: "fetch", title: "the part", licence: "MIT", place: "quick", sizeBytes: 3 },
      { kind: "progress", doneBytes: 3, totalBytes: 3 },
    ]);
    expect([...open]).toEqual([]);
  });

  it("does not wait for a silent source when another refuses and a third answers", async () => {
    const { fetched } = run({
      silent: { answersAfterMs: 60_000 },
      refusing: { refuses: "404" },
      slower: { answersAfterMs: 30 },
    });
    expect((await fetched).place).toBe("slower");
  });

  it("tries the next source when the first turns out to be wrong, and says that too", async () => {
    const { fetched, events } = run({
      wrong: { failsAfterOpening: "the hash differs." },
      right: { answersAfterMs: 20 },
    });
    expect((await fetched).place).toBe("right");
    expect(events.map(({ kind }) => kind)).toEqual(["fetch", "source-failed", "fetch", "progress"]);
    expect(events[1]).toMatchObject({ place: "wrong", reason: "the hash differs" });
  });

  it("gives every source's reason when none works", async () => {
    const { fetched, open } = run({
      a: { refuses: "answered 404" },
      b: { failsAfterOpening: "the hash differs" },
    });
    await expect(fetched).rejects.toMatchObject({
      code: "MODEL_FETCH_FAILED",
      message: "the part could not be fetched. a: answered 404; b: the hash differs.",
    });
    expect([...open]).toEqual([]);
  });

  it("stops all sources when the signal fires while they are opened", async () => {
    const control = new AbortController();
    const { fetched, open } = run(
      { a: { answersAfterMs: 9_000 }, b: { answersAfterMs: 9_000 } },
      control.signal,
    );
    setTimeout(() => control.abort(), 20);
    await expect(fetched).rejects.toMatchObject({ code: "ABORTED" });
    expect([...open]).toEqual([]);
  });
});
