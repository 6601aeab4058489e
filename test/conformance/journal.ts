/** What every `Journal` keeps to. */
import { describe, expect, it } from "vitest";
import type { PlacedFile, Step, StepOutcome } from "../../src/core/plan/steps.ts";
import type { Journal, NewEntry } from "../../src/ports/journal.ts";

export interface JournalUnderTest {
  readonly journal: Journal;
  /** the same journal as the next process finds it */
  reopen(): Promise<Journal>;
}

const file = (path: string, image = path): PlacedFile => ({
  path,
  image,
  source: `/in/${image}`,
  mode: "link",
  stamp: "s",
});

function entry(steps: readonly Step[], rest: Partial<NewEntry> = {}): NewEntry {
  return {
    kind: "apply",
    undoes: null,
    token: "t",
    startedAt: "2026-01-01T00:00:00Z",
    label: "organize /in",
    gone: [],
    stateBefore: null,
    ...rest,
    steps,
  };
}

const place = (path: string): Step => ({
  kind: "place",
  path,
  image: path,
  source: `/in/${path}`,
  mode: "link",
  sourceStamp: "s",
});
const done: StepOutcome = { kind: "done", how: "link", stamp: "s" };

/** Begins an entry, records every step with its outcome, finishes it. */
async function perform(
  journal: Journal,
  steps: readonly Step[],
  outcome: StepOutcome = done,
): Promise<number> {
  const { id } = await journal.begin(entry(steps));
  await journal.record(
    id,
    (await journal.steps(id)).map((step) => ({ ...step, outcome })),
  );
  await journal.finish(id);
  return id;
}

export function testJournal(name: string, create: () => Promise<JournalUnderTest>): void {
  describe(name, () => {
    it("is empty at first", async () => {
      const { journal } = await create();
      expect(await journal.outputs()).toEqual({ folders: [], files: [] });
      expect(await journal.unfinished()).toBeNull();
      expect(await journal.entries()).toEqual([]);
      expect(await journal.published()).toEqual([]);
    });

    it("keeps an unfinished entry with all its steps and their outcomes so far", async () => {
      const { journal, reopen } = await create();
      const steps: Step[] = [
        { kind: "makeFolder", path: "Dogs", album: "1" },
        place("Dogs/a"),
        place("Dogs/ü\n'\""),
      ];
      const begun = await journal.begin(entry(steps, { stateBefore: new Uint8Array([0, 255, 7]) }));
      expect(begun).toMatchObject({
        kind: "apply",
        isFinished: false,
        isUndone: false,
        stepCount: 3,
        token: "t",
      });
      await journal.record(begun.id, [{ n: 0, step: steps[0]!, outcome: { kind: "done" } }]);
      const next = await reopen();
      expect(await next.unfinished()).toEqual(begun);
      expect(await next.steps(begun.id)).toEqual([
        { n: 0, step: steps[0], outcome: { kind: "done" } },
        { n: 1, step: steps[1], outcome: null },
        { n: 2, step: steps[2], outcome: null },
      ]);
      expect(await next.stateBefore(begun.id)).toEqual(new Uint8Array([0, 255, 7]));
      await next.finish(begun.id);
      expect(await next.unfinished()).toBeNull();
      expect((await next.entries())[0]).toMatchObject({ id: begun.id, isFinished: true });
    });

    it("refuses a second entry while one is unfinished", async () => {
      const { journal } = await create();
      await journal.begin(entry([]));
      await expect(journal.begin(entry([]))).rejects.toMatchObject({ code: "INTERNAL" });
    });

    it("records what stands after each kind of step", async () => {
      const { journal, reopen } = await create();
      await perform(journal, [
        { kind: "makeFolder", path: "Dogs", album: "1" },
        { kind: "makeFolder", path: "Dogs 2", album: "2" },
        { kind: "makeFolder", path: "Dogs/in", album: "3" },
        place("Dogs/a"),
        place("Dogs/b"),
        place("Dogs/in/c"),
        place("Dogs 2/d"),
      ]);
      await perform(journal, [
        { kind: "renameFolder", path: "Dogs", to: "Hünde_%" },
        { kind: "adoptFolder", path: "Hünde_%", album: "9", previous: "1" },
        { kind: "relocate", file: { ...file("Hünde_%/a", "Dogs/a"), source: "/in/Dogs/a" }, to: "Dogs 2/a" },
        { kind: "remove", file: file("Dogs 2/d") },
      ]);
      expect(await (await reopen()).outputs()).toEqual({
        folders: [
          { path: "Dogs 2", album: "2" },
          { path: "Hünde_%", album: "9" },
          { path: "Hünde_%/in", album: "3" },
        ],
        files: [file("Dogs 2/a", "Dogs/a"), file("Hünde_%/b", "Dogs/b"), file("Hünde_%/in/c", "Dogs/in/c")],
      });
    });

    it("forgets what the user took away or changed, keeps what was in the way", async () => {
      const { journal } = await create();
      await perform(journal, [place("a"), place("b"), place("c"), place("d")]);
      const { id } = await journal.begin(entry([], { gone: ["a"] }));
      await journal.finish(id);
      await perform(journal, [{ kind: "remove", file: file("b") }], { kind: "kept", reason: "changed" });
      await perform(journal, [{ kind: "relocate", file: file("c"), to: "e" }], {
        kind: "kept",
        reason: "occupied",
      });
      await perform(journal, [{ kind: "remove", file: file("d") }], {
        kind: "failed",
        code: "FILE_UNREADABLE",
        reason: "",
      });
      expect((await journal.outputs()).files.map(({ path }) => path)).toEqual(["c", "d"]);
    });

    it("marks an apply undone when its undo is finished, not before", async () => {
      const { journal } = await create();
      const applied = await perform(journal, [place("a")]);
      const undo = await journal.begin(
        entry([{ kind: "remove", file: file("a") }], { kind: "undo", undoes: applied }),
      );
      expect((await journal.entries()).map(({ isUndone }) => isUndone)).toEqual([false, false]);
      await journal.finish(undo.id);
      expect(await journal.entries()).toMatchObject([
        { id: undo.id, kind: "undo", undoes: applied, isUndone: false, isFinished: true },
        { id: applied, kind: "apply", isUndone: true },
      ]);
    });

    it("knows its own files by all hashes that may stand there", async () => {
      const { journal, reopen } = await create();
      await journal.publish("albums.csv", "11", "intended");
      await journal.publish("albums.csv", "11", "written");
      await journal.publish("albums.csv", "22", "intended");
      await journal.publish("albums.json", "33", "written");
      const next = await reopen();
      expect(await next.published()).toEqual([
        { place: "albums.csv", sha256: ["11", "22"] },
        { place: "albums.json", sha256: ["33"] },
      ]);
      await next.publish("albums.csv", "22", "written");
      await next.publish("albums.json", null, "written");
      expect(await next.published()).toEqual([{ place: "albums.csv", sha256: ["22"] }]);
    });

    it("forgets every entry and what stands of some images", async () => {
      const { journal, reopen } = await create();
      await perform(journal, [place("a"), place("b")]);
      await journal.publish("albums.csv", "11", "written");
      await journal.erase(["a"]);
      await journal.erase(["a"]);
      const next = await reopen();
      expect(await next.entries()).toEqual([]);
      expect((await next.outputs()).files.map(({ path }) => path)).toEqual(["b"]);
      expect(await next.published()).toEqual([{ place: "albums.csv", sha256: ["11"] }]);
      expect(await perform(next, [place("c")])).toBeGreaterThan(0);
    });
  });
}
