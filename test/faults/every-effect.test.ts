/** A process that dies, or a disk that fills, at each single effect of organise, edit and undo. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createMemoryJournal } from "../../src/adapters/journal/memory.ts";
import { createMemoryOutput, type MemoryOutputOptions } from "../../src/adapters/output/memory.ts";
import type { Album } from "../../src/core/albums.ts";
import type { PlaceMode } from "../../src/core/plan/steps.ts";
import { isAlbumenError } from "../../src/errors.ts";
import { applyPlan, recover, type Workplace } from "../../src/pipeline/apply.ts";
import { checkPublishable, publishFile, unpublishExports } from "../../src/pipeline/export.ts";
import { planOutput } from "../../src/pipeline/plan.ts";
import { undoLast } from "../../src/pipeline/undo.ts";
import { createFaults, Died, type Fault } from "./faulty.ts";

const CALL = { signal: new AbortController().signal };
const startedAt = "2026-01-01T00:00:00Z";
const CONTENTS = ["rex", "fido", "tom", "tweety"];
const imageOf = (content: string) => createHash("sha256").update(content).digest("hex");

function album(id: string, name: string, contents: readonly string[]): Album {
  return {
    id,
    parentId: null,
    name: { text: name, source: "user", score: null, evidence: null },
    cohesion: 1,
    trust: null,
    members: contents.map((content) => ({
      image: imageOf(content),
      similarity: 1,
      representativeRank: -1,
      isPinned: false,
    })),
  };
}

/** Names swapped, one file to another album, one image forgotten, one album gone, one new: every kind of step. */
const EDITS: readonly (readonly Album[])[] = [
  [album("1", "Dogs", ["rex", "fido"]), album("2", "Cats", ["tom"]), album("3", "Birds", ["tweety"])],
  [album("1", "Cats", ["rex"]), album("2", "Dogs", ["tom", "fido"]), album("4", "New", ["tweety"])],
];

/** How the last apply places the same files: each removes one and puts another under its name. */
const NEXT_MODE: Record<PlaceMode, PlaceMode> = { link: "move", copy: "link", move: "copy" };

/** What survives the process. */
function createWorld(options: MemoryOutputOptions) {
  const output = createMemoryOutput(options);
  for (const content of CONTENTS) output.put(`/in/${content}.jpg`, content);
  return { output, journal: createMemoryJournal(), state: { value: "nothing" } };
}
type World = ReturnType<typeof createWorld>;

/** One process: recovers, then performs the operations that are not finished yet. */
async function live(
  world: World,
  mode: PlaceMode,
  strikeAt: number,
  fault: Fault,
  snapshots: Map<number, unknown>,
) {
  const faults = createFaults(strikeAt, fault);
  const workplace: Workplace = {
    output: faults.output(world.output),
    journal: faults.journal(world.journal),
    restoreState: (state) =>
      faults.effect(async () => {
        world.state.value = state === null ? "nothing" : new TextDecoder().decode(state);
      }),
  };
  const images = new Map(
    CONTENTS.map((content) => [
      imageOf(content),
      { locations: [{ source: `/in/${content}.jpg`, name: `${content}.jpg` }] },
    ]),
  );
  const organise = (albums: readonly Album[], mode: PlaceMode, stateBefore: string | null) => async () => {
    const plan = await planOutput(workplace, { albums, images, mode, depth: 1 }, CALL.signal);
    const options = {
      label: "",
      startedAt,
      stateBefore: stateBefore === null ? null : Buffer.from(stateBefore),
    };
    await applyPlan(workplace, plan, options, CALL);
  };
  const operations = [
    organise(EDITS[0]!, mode, null),
    organise(EDITS[1]!, mode, "first"),
    organise(EDITS[1]!, NEXT_MODE[mode], "second"),
    () => undoLast(workplace, { startedAt }, CALL),
    () => undoLast(workplace, { startedAt }, CALL),
    () => undoLast(workplace, { startedAt }, CALL),
  ];
  try {
    await recover(workplace, CALL);
    for (;;) {
      const finished = (await world.journal.entries()).filter((entry) => entry.isFinished).length;
      if (finished > 0 && !snapshots.has(finished)) snapshots.set(finished, await snapshot(world));
      const operation = operations[finished];
      if (!operation) return { effects: faults.count, struck: false };
      await operation();
    }
  } catch (error) {
    if (!(error instanceof Died) && !(isAlbumenError(error) && error.code === "DISK_FULL")) throw error;
    return { effects: faults.count, struck: true };
  }
}

async function snapshot(world: World) {
  const { folders, files } = await world.journal.outputs();
  const entries = await world.journal.entries();
  return {
    tree: Object.fromEntries(world.output.tree()),
    state: world.state.value,
    folders,
    files: files.map(({ path, image, source, mode }) => ({ path, image, source, mode })),
    entries: entries.map(({ id, kind, undoes, isFinished, isUndone }) => ({
      id,
      kind,
      undoes,
      isFinished,
      isUndone,
    })),
    steps: await Promise.all(
      entries.map(async ({ id }) =>
        (await world.journal.steps(id)).map(({ step, outcome }) => `${step.kind} ${outcome?.kind}`),
      ),
    ),
  };
}

const FILE_SYSTEMS: [string, MemoryOutputOptions][] = [
  ["with links", {}],
  ["without links", { canLink: false }],
  ["without links or clones", { canLink: false, canClone: false }],
  ["with sources on another device", { isSourceElsewhere: true }],
];

describe.each(FILE_SYSTEMS)("a file system %s", (_, options) => {
  describe.each<Fault[]>([["die"], ["disk-full"]])("at every effect: %s", (fault) => {
    it.each<PlaceMode[]>([["link"], ["copy"], ["move"]])(
      "then recovery ends as if undisturbed (%s)",
      async (mode) => {
        const expected = new Map<number, unknown>();
        const start = createWorld(options);
        const before = Object.fromEntries(start.output.tree());
        const { effects, struck } = await live(start, mode, 0, fault, expected);
        expect(struck).toBe(false);
        expect(expected.size).toBe(6);
        expect(Object.fromEntries(start.output.tree())).toEqual(before);
        expect(effects).toBeGreaterThan(40);

        for (let strikeAt = 1; strikeAt <= effects; strikeAt++) {
          const world = createWorld(options);
          const reached = new Map<number, unknown>();
          expect((await live(world, mode, strikeAt, fault, reached)).struck, `effect ${strikeAt}`).toBe(true);
          // Whatever happened, every picture still stands somewhere, whole.
          const contents = [...world.output.tree().values()];
          for (const content of CONTENTS) expect(contents, `effect ${strikeAt}`).toContain(content);
          expect((await live(world, mode, 0, fault, reached)).struck).toBe(false);
          expect(Object.fromEntries(reached), `effect ${strikeAt}`).toEqual(Object.fromEntries(expected));
        }
      },
    );

    it("then recovery itself is struck, at every effect, and the next one ends as if undisturbed", async () => {
      const expected = new Map<number, unknown>();
      const { effects } = await live(createWorld(options), "move", 0, fault, expected);
      for (let first = 1; first <= effects; first += 7)
        for (let second = 1; ; second++) {
          const world = createWorld(options);
          const reached = new Map<number, unknown>();
          await live(world, "move", first, fault, reached);
          const { struck } = await live(world, "move", second, fault, reached);
          if (struck) await live(world, "move", 0, fault, reached);
          expect(Object.fromEntries(reached), `effects ${first}, ${second}`).toEqual(
            Object.fromEntries(expected),
          );
          if (!struck) break;
        }
    });
  });
});

describe("publishing", () => {
  it.each<Fault[]>([["die"], ["disk-full"]])(
    "is whole or not at all at every effect (%s), and knows its files again",
    async (fault) => {
      const write = async (world: World, text: string, strikeAt: number) => {
        const faults = createFaults(strikeAt, fault);
        const target = { output: faults.output(world.output), journal: faults.journal(world.journal) };
        try {
          await publishFile(target, "albums.csv", [text], CALL.signal);
          return { struck: false, effects: faults.count };
        } catch (error) {
          if (!(error instanceof Died) && !(isAlbumenError(error) && error.code === "DISK_FULL")) throw error;
          return { struck: true, effects: faults.count };
        }
      };
      const { effects } = await write(createWorld({}), "one", 0);
      expect(effects).toBe(5);
      for (let strikeAt = 1; strikeAt <= effects; strikeAt++) {
        const world = createWorld({});
        await write(world, "one", 0);
        await write(world, "two", strikeAt);
        expect(["one", "two"]).toContain(world.output.tree().get("albums.csv"));
        expect((await write(world, "three", 0)).struck).toBe(false);
        expect(world.output.tree().get("albums.csv")).toBe("three");
        expect(await unpublishExports(world, CALL.signal)).toEqual([]);
        expect([...world.output.tree().keys()].filter((path) => !path.startsWith("/"))).toEqual([]);
        await checkPublishable(world, ["albums.csv"], CALL.signal);
      }
    },
  );
});
