import * as fc from "fast-check";
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createMemoryJournal } from "../adapters/journal/memory.ts";
import {
  createMemoryOutput,
  type MemoryOutput,
  type MemoryOutputOptions,
} from "../adapters/output/memory.ts";
import type { Album } from "../core/albums.ts";
import { isNumbered, safeFolderName } from "../core/plan/folder-names.ts";
import type { PlannableImage } from "../core/plan/plan.ts";
import { parentOf, type PlaceMode } from "../core/plan/steps.ts";
import { applyPlan, recover, type Workplace } from "./apply.ts";
import { planOutput } from "./plan.ts";
import { undoLast } from "./undo.ts";

const CALL = { signal: new AbortController().signal };
const START = { startedAt: "2026-01-01T00:00:00Z" };
const imageOf = (content: string) => createHash("sha256").update(content).digest("hex");

function album(id: string, name: string, contents: readonly string[], parentId: string | null = null): Album {
  return {
    id,
    parentId,
    name: { text: name, source: "concepts", score: 0.5, evidence: null },
    cohesion: 0.8,
    trust: null,
    members: contents.map((content) => ({
      image: imageOf(content),
      similarity: 0.8,
      representativeRank: -1,
      isPinned: false,
    })),
  };
}

/** A catalog of pictures whose content is a word; picture `w` lies at /in/w.jpg, and at /more/w.jpg when doubled. */
function workshop(
  options: MemoryOutputOptions = {},
  contents: readonly string[] = [],
  doubled: string[] = [],
) {
  const output = createMemoryOutput(options);
  const journal = createMemoryJournal();
  const images = new Map<string, PlannableImage>();
  for (const content of contents) {
    const folders = doubled.includes(content) ? ["/in", "/more"] : ["/in"];
    for (const folder of folders) output.put(`${folder}/${content}.jpg`, content);
    images.set(imageOf(content), {
      locations: folders.map((folder) => ({ source: `${folder}/${content}.jpg`, name: `${content}.jpg` })),
    });
  }
  const restored: (string | null)[] = [];
  const workplace: Workplace = {
    output,
    journal,
    restoreState: async (state) => void restored.push(state && new TextDecoder().decode(state)),
  };
  const plan = (albums: readonly Album[], mode: PlaceMode = "link", depth: 1 | 2 = 1) =>
    planOutput(workplace, { albums, images, mode, depth }, CALL.signal);
  const apply = async (albums: readonly Album[], mode: PlaceMode = "link", depth: 1 | 2 = 1, state = "") =>
    applyPlan(
      workplace,
      await plan(albums, mode, depth),
      { ...START, label: "test", stateBefore: state === "" ? null : new TextEncoder().encode(state) },
      CALL,
    );
  return {
    output,
    journal,
    workplace,
    images,
    restored,
    plan,
    apply,
    undo: () => undoLast(workplace, START, CALL),
  };
}

const tree = (output: MemoryOutput) => Object.fromEntries(output.tree());

describe("applyPlan", () => {
  const albums = [album("1", "Dogs", ["rex", "fido"]), album("2", "Cats", ["tom"])];
  const contents = ["rex", "fido", "tom"];

  it.each<[MemoryOutputOptions, PlaceMode, string]>([
    [{}, "link", "link"],
    [{ isSourceElsewhere: true }, "link", "copy"],
    [{ canLink: false }, "link", "clone"],
    [{ canLink: false, canClone: false }, "link", "copy"],
    [{}, "copy", "clone"],
    [{ canClone: false }, "copy", "copy"],
    [{}, "move", "move"],
    [{ isSourceElsewhere: true }, "move", "move"],
    [{ canLink: false }, "move", "move"],
  ])("on %o, asked to %s, does and says: %s", async (options, mode, how) => {
    const { output, apply } = workshop(options, contents);
    const result = await apply(albums, mode);
    expect(result.counts.placed).toEqual({ link: 0, clone: 0, copy: 0, move: 0, [how]: 3 });
    expect(result.counts.foldersMade).toBe(2);
    expect([result.kept, result.failed]).toEqual([[], []]);
    const sources = { "/in/fido.jpg": "fido", "/in/rex.jpg": "rex", "/in/tom.jpg": "tom" };
    expect(tree(output)).toEqual({
      ...(mode === "move" ? {} : sources),
      "Cats/": "",
      "Cats/tom.jpg": "tom",
      "Dogs/": "",
      "Dogs/fido.jpg": "fido",
      "Dogs/rex.jpg": "rex",
    });
    expect((await output.inspect("Dogs/rex.jpg"))!.links).toBe(how === "link" ? 2 : 1);
  });

  it("has nothing to do the second time", async () => {
    const { apply, plan } = workshop({}, contents);
    await apply(albums);
    expect((await plan(albums)).steps).toEqual([]);
  });

  it("does nothing at all when something foreign came to stand in the way since it was planned", async () => {
    const { output, journal, workplace, plan } = workshop({}, contents);
    const stale = await plan(albums);
    output.put("Dogs/rex.jpg", "another rex");
    const before = tree(output);
    await expect(
      applyPlan(workplace, stale, { ...START, label: "", stateBefore: null }, CALL),
    ).rejects.toMatchObject({ code: "OUTPUT_CONFLICT" });
    expect(tree(output)).toEqual(before);
    expect(await journal.entries()).toEqual([]);
  });

  it("reports a source that is gone and places the rest", async () => {
    const { output, apply } = workshop({}, contents);
    output.take("/in/rex.jpg");
    const result = await apply(albums);
    expect(result.failed).toEqual([
      {
        path: "Dogs/rex.jpg",
        code: "FILE_NOT_FOUND",
        reason: expect.stringContaining("/in/rex.jpg") as string,
      },
    ]);
    expect(Object.keys(tree(output))).toContain("Dogs/fido.jpg");
  });

  it("leaves a file that the user changed where it is, as the user's", async () => {
    const { output, apply, plan } = workshop({}, contents);
    await apply(albums, "copy");
    output.put("Dogs/rex.jpg", "rex with a hat");
    const moved = [album("1", "Dogs", ["fido"]), album("2", "Cats", ["tom", "rex"])];
    const result = await apply(moved, "copy");
    expect(result.kept).toEqual([{ path: "Dogs/rex.jpg", reason: "changed" }]);
    expect(tree(output)["Dogs/rex.jpg"]).toBe("rex with a hat");
    await apply(moved, "copy");
    expect(tree(output)["Cats/rex.jpg"]).toBe("rex");
    expect((await plan(moved, "copy")).steps).toEqual([]);
  });

  it("keeps a link whose original is gone: it is the last copy", async () => {
    const { output, apply } = workshop({}, contents);
    await apply(albums);
    output.take("/in/tom.jpg");
    const result = await apply([albums[0]!]);
    expect(result.kept).toEqual([
      { path: "Cats/tom.jpg", reason: "last-copy" },
      { path: "Cats", reason: "not-empty" },
    ]);
    expect(tree(output)["Cats/tom.jpg"]).toBe("tom");
  });

  it("keeps a copy whose original is another picture now", async () => {
    const { output, apply } = workshop({ canLink: false }, contents);
    await apply(albums);
    output.put("/in/tom.jpg", "jerry");
    expect((await apply([albums[0]!])).kept[0]).toEqual({ path: "Cats/tom.jpg", reason: "last-copy" });
  });

  it("does not move a source that changed since it was read", async () => {
    const { output, journal, workplace, plan } = workshop({}, contents);
    const fresh = await plan(albums, "move");
    // Between the look at the source and the move: the first effect after the journal has begun.
    const begin = journal.begin;
    const racing = {
      ...journal,
      begin: async (entry: Parameters<typeof begin>[0]) => {
        output.put("/in/rex.jpg", "rex, edited");
        return begin(entry);
      },
    };
    const result = await applyPlan(
      { ...workplace, journal: racing },
      fresh,
      { ...START, label: "", stateBefore: null },
      CALL,
    );
    expect(result.failed).toMatchObject([{ path: "Dogs/rex.jpg", code: "FILE_CHANGED" }]);
    expect(tree(output)["/in/rex.jpg"]).toBe("rex, edited");
  });

  it("places again what the user took away", async () => {
    const { output, apply } = workshop({}, contents);
    await apply(albums);
    const before = tree(output);
    output.take("Dogs");
    await apply(albums);
    expect(tree(output)).toEqual(before);
  });

  it("stops when cancelled and goes on from there", async () => {
    const { output, workplace, plan, journal } = workshop({}, contents);
    const controller = new AbortController();
    const call = {
      signal: controller.signal,
      onProgress: (done: number) => {
        if (done === 3) controller.abort();
      },
    };
    await expect(
      applyPlan(workplace, await plan(albums), { ...START, label: "", stateBefore: null }, call),
    ).rejects.toMatchObject({ code: "ABORTED" });
    expect((await journal.steps(1)).filter(({ outcome }) => outcome !== null)).toHaveLength(3);
    await expect(
      applyPlan(workplace, await plan([]), { ...START, label: "", stateBefore: null }, CALL),
    ).rejects.toMatchObject({ code: "INTERNAL" });
    const result = await recover(workplace, CALL);
    expect(result!.counts.placed.link).toBe(3);
    expect(await recover(workplace, CALL)).toBeNull();
    expect(output.tree().size).toBe(8);
  });
});

describe("undoLast", () => {
  it("brings back the tree and the state, apply by apply", async () => {
    const { output, apply, undo, restored } = workshop({}, ["rex", "tom"]);
    const start = tree(output);
    await apply([album("1", "Dogs", ["rex", "tom"])], "link", 1);
    const first = tree(output);
    await apply([album("1", "Pets", ["rex"]), album("2", "Cats", ["tom"])], "link", 1, "dogs only");
    await undo();
    expect(tree(output)).toEqual(first);
    expect(restored).toEqual(["dogs only"]);
    await undo();
    expect(tree(output)).toEqual(start);
    expect(restored).toEqual(["dogs only", null]);
    await expect(undo()).rejects.toMatchObject({ code: "UNDO_IMPOSSIBLE" });
  });

  it("undoes the apply before an undone one next", async () => {
    const { output, apply, undo, plan } = workshop({}, ["rex"]);
    const start = tree(output);
    await apply([album("1", "A", ["rex"])]);
    await apply([album("1", "B", ["rex"])]);
    await undo();
    await apply([album("1", "C", ["rex"])]);
    await undo();
    await undo();
    expect(tree(output)).toEqual(start);
    expect((await plan([])).steps).toEqual([]);
  });

  it("gives moved files back, but not over what stands there now", async () => {
    const { output, apply, undo } = workshop({}, ["rex", "tom"], ["rex"]);
    const start = tree(output);
    await apply([album("1", "Pets", ["rex", "tom"])], "move");
    expect(Object.keys(tree(output))).toEqual(["Pets/", "Pets/rex (2).jpg", "Pets/rex.jpg", "Pets/tom.jpg"]);
    output.put("/in/tom.jpg", "a new tom");
    const result = await undo();
    expect(result.counts.givenBack).toBe(2);
    expect(result.kept).toEqual([
      { path: "Pets/tom.jpg", reason: "occupied" },
      { path: "Pets", reason: "not-empty" },
    ]);
    expect(tree(output)).toEqual({
      ...start,
      "/in/tom.jpg": "a new tom",
      "Pets/": "",
      "Pets/tom.jpg": "tom",
    });
  });

  it("keeps what the user changed or added since", async () => {
    const { output, apply, undo } = workshop({ canLink: false }, ["rex", "tom"]);
    await apply([album("1", "Pets", ["rex", "tom"])]);
    output.put("Pets/rex.jpg", "rex with a hat");
    output.put("Pets/notes.txt", "mine");
    const result = await undo();
    expect(result.kept).toEqual([
      { path: "Pets/rex.jpg", reason: "changed" },
      { path: "Pets", reason: "not-empty" },
    ]);
    expect(tree(output)).toMatchObject({ "Pets/rex.jpg": "rex with a hat", "Pets/notes.txt": "mine" });
    expect(Object.keys(tree(output))).not.toContain("Pets/tom.jpg");
  });
});

describe("any series of edits", () => {
  const CONTENTS = Array.from({ length: 12 }, (_, i) => `picture${i}`);
  // Few names, so that they collide, swap and return.
  const names = fc.constantFrom("Dogs", "dogs", "Cats", "Dogs (2)", "../x", "Index.html", "Unsorted", "");
  const step = fc.record({
    albumOf: fc.array(fc.integer({ min: -1, max: 4 }), {
      minLength: CONTENTS.length,
      maxLength: CONTENTS.length,
    }),
    names: fc.array(names, { minLength: 5, maxLength: 5 }),
    parents: fc.array(fc.constantFrom(null, "0", "1", "2"), { minLength: 5, maxLength: 5 }),
    depth: fc.constantFrom(1 as const, 2 as const),
  });
  const albumsOf = (edit: { albumOf: number[]; names: string[]; parents: (string | null)[] }) =>
    edit.names.map((name, i) =>
      album(
        String(i),
        name,
        CONTENTS.filter((_, picture) => edit.albumOf[picture] === i),
        edit.parents[i] === String(i) ? null : edit.parents[i]!,
      ),
    );
  const options = fc.record({
    canLink: fc.boolean(),
    canClone: fc.boolean(),
    isSourceElsewhere: fc.boolean(),
  });

  it.each<PlaceMode[]>([["link"], ["copy"], ["move"], ["link", "copy", "move"]])(
    "ends in the wanted tree, and all undone in the first one (%s %s %s)",
    async (...modes) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(step, fc.nat({ max: 2 })), { minLength: 1, maxLength: 4 }),
          options,
          async (edits, fileSystem) => {
            const { output, journal, apply, plan, undo } = workshop(fileSystem, CONTENTS, [
              "picture3",
              "picture7",
            ]);
            output.put("Dogs/mine.txt", "mine");
            const trees = [tree(output)];
            const states = [await journal.outputs()];
            for (const [edit, modeAt] of edits) {
              const mode = modes[modeAt % modes.length]!;
              const albums = albumsOf(edit);
              const planned = await plan(albums, mode, edit.depth);
              const result = await apply(albums, mode, edit.depth);
              expect([result.kept, result.failed]).toEqual([[], []]);
              expect((await plan(albums, mode, edit.depth)).steps).toEqual([]);
              await expectWanted(output, (await journal.outputs()).files, albums, planned.folders);
              trees.push(tree(output));
              states.push(await journal.outputs());
            }
            for (let i = edits.length - 1; i >= 0; i--) {
              const result = await undo();
              expect([result.kept, result.failed]).toEqual([[], []]);
              expect(tree(output)).toEqual(trees[i]);
              expect(withoutStamps(await journal.outputs())).toEqual(withoutStamps(states[i]!));
            }
          },
        ),
        { numRuns: 150 },
      );
    },
  );

  const withoutStamps = (state: {
    folders: readonly unknown[];
    files: readonly { path: string; image: string }[];
  }) => ({
    folders: state.folders,
    files: state.files.map(({ path, image }) => ({ path, image })),
  });

  async function expectWanted(
    output: MemoryOutput,
    files: readonly { path: string }[],
    albums: readonly Album[],
    folders: readonly { album: string; path: string }[],
  ) {
    const stands = output.tree();
    const folderOf = new Map(folders.map(({ album, path }) => [album, path]));
    for (const each of albums.filter(({ members }) => members.length > 0)) {
      const folder = folderOf.get(each.id)!;
      expect(isNumbered(folder.split("/").at(-1)!, safeFolderName(each.name.text))).toBe(true);
      const contents = files
        .filter(({ path }) => parentOf(path) === folder)
        .map(({ path }) => imageOf(stands.get(path)!));
      for (const { image } of each.members) expect(contents).toContain(image);
    }
    const all = [...stands].filter(([path]) => !path.endsWith("/")).map(([, content]) => content);
    for (const content of [...CONTENTS, "mine"]) expect(all).toContain(content);
    // Two names that differ in case only are one file on half of the world's disks.
    const keys = [...stands.keys()].filter((path) => !path.startsWith("/")).map((path) => path.toLowerCase());
    expect(new Set(keys).size).toBe(keys.length);
  }
});
