import { describe, expect, it } from "vitest";
import { UNSORTED, type Album } from "../albums.ts";
import { planFolders, type Plan, type PlanRequest } from "./plan.ts";
import { renderPlan } from "./render.ts";
import { applyChanges, changesOf, inverseOf, type OutputState, type Step } from "./steps.ts";

function album(id: string, name: string, images: readonly string[], parentId: string | null = null): Album {
  return {
    id,
    parentId,
    name: { text: name, source: "concepts", score: 0.5, evidence: null },
    cohesion: 0.8,
    trust: null,
    members: images.map((image) => ({ image, similarity: 0.8, representativeRank: -1, isPinned: false })),
  };
}

/** Image `x` lies at /in/x.jpg. */
function located(...images: string[]): PlanRequest["images"] {
  return new Map(
    images.map((image) => [image, { locations: [{ source: `/in/${image}.jpg`, name: `${image}.jpg` }] }]),
  );
}

const NOTHING: OutputState = { folders: [], files: [] };

function plan(request: Partial<PlanRequest> & Pick<PlanRequest, "albums">): Plan {
  const images = located(...request.albums.flatMap((each) => each.members.map((member) => member.image)));
  return planFolders({ images, current: NOTHING, gone: [], foreign: [], mode: "link", depth: 1, ...request });
}

/** The record once every step is done. */
function after(state: OutputState, steps: readonly Step[]): OutputState {
  return applyChanges(
    state,
    steps.flatMap((step) => changesOf(step, { kind: "done", how: "link", stamp: "s" })),
  );
}

function paths(state: OutputState): string[] {
  return [...state.folders.map(({ path }) => `${path}/`), ...state.files.map(({ path }) => path)].sort();
}

/** The steps in short: `place Dogs/a.jpg`. */
function short(steps: readonly Step[]): string[] {
  return steps.map((step) => {
    switch (step.kind) {
      case "relocate":
        return `relocate ${step.file.path} ${step.to}`;
      case "renameFolder":
        return `renameFolder ${step.path} ${step.to}`;
      case "remove":
      case "giveBack":
        return `${step.kind} ${step.file.path}`;
      default:
        return `${step.kind} ${step.path}`;
    }
  });
}

describe("the first plan", () => {
  it("makes a folder an album and places one file an image", () => {
    const { steps, folders } = plan({ albums: [album("1", "Dogs", ["b", "a"]), album("2", "Cats", ["c"])] });
    expect(short(steps)).toEqual([
      "makeFolder Dogs",
      "makeFolder Cats",
      "place Cats/c.jpg",
      "place Dogs/a.jpg",
      "place Dogs/b.jpg",
    ]);
    expect(folders).toEqual([
      { album: "1", path: "Dogs" },
      { album: "2", path: "Cats" },
    ]);
  });

  it("does not depend on the order of albums and members", () => {
    const one = plan({ albums: [album("1", "Dogs", ["b", "a"]), album("2", "Dogs", ["c"])] });
    const other = plan({ albums: [album("2", "Dogs", ["c"]), album("1", "Dogs", ["a", "b"])] });
    expect(other).toEqual(one);
  });

  it("makes Unsorted only when there is something in it, and no other album takes its name", () => {
    const dogs = album("1", "unsorted", ["a"]);
    expect(short(plan({ albums: [dogs, album(UNSORTED, "Unsorted", [])] }).steps)).toEqual([
      "makeFolder unsorted",
      "place unsorted/a.jpg",
    ]);
    expect(paths(after(NOTHING, plan({ albums: [dogs, album(UNSORTED, "Unsorted", ["z"])] }).steps))).toEqual(
      ["Unsorted/", "Unsorted/z.jpg", "unsorted (2)/", "unsorted (2)/a.jpg"],
    );
  });

  it("nests children at depth 2 and lays them flat at depth 1", () => {
    const albums = [
      album("p", "Animals", []),
      album("c", "Dogs", ["a"], "p"),
      album("d", "Cats", ["b"], "p"),
      album("e", "Empty parent of none", []),
    ];
    expect(paths(after(NOTHING, plan({ albums, depth: 2 }).steps))).toEqual([
      "Animals/",
      "Animals/Cats/",
      "Animals/Cats/b.jpg",
      "Animals/Dogs/",
      "Animals/Dogs/a.jpg",
    ]);
    expect(paths(after(NOTHING, plan({ albums, depth: 1 }).steps))).toEqual([
      "Cats/",
      "Cats/b.jpg",
      "Dogs/",
      "Dogs/a.jpg",
    ]);
  });

  it("survives parents that are missing or go in a ring", () => {
    const albums = [album("1", "A", ["a"], "2"), album("2", "B", ["b"], "1"), album("3", "C", ["c"], "none")];
    const state = after(NOTHING, plan({ albums, depth: 2 }).steps);
    expect(state.files.map((file) => file.image).sort()).toEqual(["a", "b", "c"]);
  });

  it("steps around what is not ours, whatever its case", () => {
    const { steps } = plan({
      albums: [album("1", "Dogs", ["a"]), album("2", "index.html", ["b"])],
      foreign: ["dogs", "dogs/x.txt"],
    });
    expect(short(steps)).toEqual([
      "makeFolder Dogs (2)",
      "makeFolder index (2).html",
      "place Dogs (2)/a.jpg",
      "place index (2).html/b.jpg",
    ]);
  });

  it("numbers files of one name", () => {
    const images = new Map(
      ["a", "b", "c"].map((image) => [
        image,
        { locations: [{ source: `/${image}/IMG.jpg`, name: "IMG.jpg" }] },
      ]),
    );
    const { steps } = plan({ albums: [album("1", "Dogs", ["c", "b", "a"])], images });
    expect(short(steps).slice(1)).toEqual([
      "place Dogs/IMG.jpg",
      "place Dogs/IMG (2).jpg",
      "place Dogs/IMG (3).jpg",
    ]);
  });

  it("places one file an image when linking and every location when moving", () => {
    const images = new Map([
      [
        "a",
        {
          locations: [
            { source: "/x/a.jpg", name: "a.jpg" },
            { source: "/y/a.jpg", name: "a.jpg" },
          ],
        },
      ],
    ]);
    const albums = [album("1", "Dogs", ["a"])];
    expect(short(plan({ albums, images, mode: "copy" }).steps)).toEqual([
      "makeFolder Dogs",
      "place Dogs/a.jpg",
    ]);
    expect(short(plan({ albums, images, mode: "move" }).steps)).toEqual([
      "makeFolder Dogs",
      "place Dogs/a.jpg",
      "place Dogs/a (2).jpg",
    ]);
  });

  it("reports images that lie nowhere any more", () => {
    expect(plan({ albums: [album("1", "Dogs", ["a", "b"])], images: located("b") }).missing).toEqual(["a"]);
  });

  it("keeps a file and a child's folder of one name apart", () => {
    const images = new Map([
      ["a", { locations: [{ source: "/in/Dogs", name: "Dogs" }] }],
      ["b", { locations: [{ source: "/in/b.jpg", name: "b.jpg" }] }],
    ]);
    const albums = [album("p", "Animals", ["a"]), album("c", "Dogs", ["b"], "p")];
    expect(paths(after(NOTHING, plan({ albums, images, depth: 2 }).steps))).toEqual([
      "Animals/",
      "Animals/Dogs (2)",
      "Animals/Dogs/",
      "Animals/Dogs/b.jpg",
    ]);
  });
});

describe("a later plan", () => {
  const albums = [album("1", "Dogs", ["a", "b"]), album("2", "Cats", ["c"])];
  const current = after(NOTHING, plan({ albums }).steps);

  it("is empty when nothing changed", () => {
    expect(plan({ albums, current }).steps).toEqual([]);
  });

  it("renames the folder of a renamed album", () => {
    const { steps } = plan({ albums: [album("1", "Puppies", ["a", "b"]), albums[1]!], current });
    expect(short(steps)).toEqual(["renameFolder Dogs Puppies"]);
  });

  it("renames a folder in its case alone", () => {
    const { steps } = plan({ albums: [album("1", "dogs", ["a", "b"]), albums[1]!], current });
    expect(short(steps)).toEqual(["renameFolder Dogs dogs"]);
  });

  it("swaps two names by a detour", () => {
    const { steps } = plan({ albums: [album("1", "Cats", ["a", "b"]), album("2", "Dogs", ["c"])], current });
    expect(short(steps)).toEqual([
      "renameFolder Cats .albumen-moving",
      "renameFolder Dogs Cats",
      "renameFolder .albumen-moving Dogs",
    ]);
  });

  it("passes a chain of names on without a detour", () => {
    const { steps } = plan({
      albums: [album("1", "Cats", ["a", "b"]), album("2", "Tigers", ["c"])],
      current,
    });
    expect(short(steps)).toEqual(["renameFolder Cats Tigers", "renameFolder Dogs Cats"]);
  });

  it("moves one file when one image moves", () => {
    const { steps } = plan({ albums: [album("1", "Dogs", ["a"]), album("2", "Cats", ["b", "c"])], current });
    expect(short(steps)).toEqual(["relocate Dogs/b.jpg Cats/b.jpg"]);
  });

  it("merges: moves the files and removes the folder that is empty then", () => {
    const { steps } = plan({ albums: [album("1", "Dogs", ["a", "b", "c"])], current });
    expect(short(steps)).toEqual(["relocate Cats/c.jpg Dogs/c.jpg", "removeFolder Cats"]);
  });

  it("leaves a folder in which the user keeps something", () => {
    const merged = [album("1", "Dogs", ["a", "b", "c"])];
    const { steps } = plan({ albums: merged, current, foreign: ["Cats/notes.txt"] });
    expect(short(steps)).toEqual(["relocate Cats/c.jpg Dogs/c.jpg"]);
    const rest = after(current, steps);
    expect(plan({ albums: merged, current: rest, foreign: ["Cats/notes.txt"] }).steps).toEqual([]);
  });

  it("gives a new album the folder of a gone one with its name", () => {
    const { steps } = plan({ albums: [album("9", "Dogs", ["a", "d"]), albums[1]!], current });
    expect(short(steps)).toEqual(["adoptFolder Dogs", "remove Dogs/b.jpg", "place Dogs/d.jpg"]);
  });

  it("keeps two albums of one name in their folders", () => {
    const two = [album("1", "Dogs", ["a", "b"]), album("2", "Dogs", ["c"])];
    const state = after(NOTHING, plan({ albums: two }).steps);
    expect(plan({ albums: [...two].reverse(), current: state }).steps).toEqual([]);
    expect(
      plan({ albums: [two[1]!], current: state, images: located("a", "b", "c") }).steps,
    ).not.toContainEqual(expect.objectContaining({ kind: "renameFolder" }));
  });

  it("turns links into copies, and then into moved files, under the same names", () => {
    expect(short(plan({ albums, current, mode: "copy" }).steps)).toEqual([
      "remove Cats/c.jpg",
      "remove Dogs/a.jpg",
      "remove Dogs/b.jpg",
      "place Cats/c.jpg",
      "place Dogs/a.jpg",
      "place Dogs/b.jpg",
    ]);
    const moved = after(current, plan({ albums, current, mode: "move" }).steps);
    expect(moved.files.map((file) => file.mode)).toEqual(["move", "move", "move"]);
    expect(plan({ albums, current: moved, mode: "link" }).steps).toEqual([]);
  });

  it("never removes a moved file, not even one that no album wants", () => {
    const moved = after(NOTHING, plan({ albums, mode: "move" }).steps);
    const { steps } = plan({ albums: [albums[1]!], current: moved, mode: "move" });
    expect(steps).toEqual([]);
  });

  it("moves between one level and two", () => {
    const nested = [
      album("p", "Dogs", []),
      album("1", "Dogs", ["a", "b"], "p"),
      album("2", "Cats", ["c"], "p"),
    ];
    const deep = plan({ albums: nested, current, depth: 2 });
    const state = after(current, deep.steps);
    expect(paths(state)).toEqual([
      "Dogs/",
      "Dogs/Cats/",
      "Dogs/Cats/c.jpg",
      "Dogs/Dogs/",
      "Dogs/Dogs/a.jpg",
      "Dogs/Dogs/b.jpg",
    ]);
    const flat = plan({ albums: nested, current: state, depth: 1 });
    expect(short(flat.steps)).toEqual([
      "adoptFolder Dogs", // the parent's folder goes to its child of that name,
      "adoptFolder Dogs/Dogs", // whose own is the one nobody needs
      "renameFolder Dogs/Cats Cats",
      "relocate Dogs/Dogs/a.jpg Dogs/a.jpg",
      "relocate Dogs/Dogs/b.jpg Dogs/b.jpg",
      "removeFolder Dogs/Dogs",
    ]);
  });
});

describe("inverseOf", () => {
  it("brings the record back", () => {
    const start = after(
      NOTHING,
      plan({ albums: [album("1", "Dogs", ["a", "b"]), album("2", "Cats", ["c"])] }).steps,
    );
    const { steps } = plan({
      albums: [album("1", "Cats", ["a", "c"]), album("3", "Birds", ["b"])],
      current: start,
    });
    const end = after(start, steps);
    const outcome = { kind: "done", how: "link", stamp: "s" } as const;
    expect(after(end, inverseOf(steps.map((step) => ({ step, outcome }))))).toEqual(start);
  });

  it("takes back only what was done", () => {
    const { steps } = plan({ albums: [album("1", "Dogs", ["a"])] });
    expect(
      inverseOf([
        { step: steps[0]!, outcome: { kind: "done" } },
        { step: steps[1]!, outcome: { kind: "failed", code: "FILE_NOT_FOUND", reason: "" } },
      ]),
    ).toEqual([{ kind: "removeFolder", path: "Dogs", album: "1" }]);
  });
});

describe("renderPlan", () => {
  it("says that there is nothing to do", () => {
    expect(renderPlan(plan({ albums: [] }))).toBe("Nothing to do.");
  });

  it("shows folders with their first files", () => {
    const current = after(
      NOTHING,
      plan({ albums: [album("1", "Dogs", ["a"]), album("2", "Cats", ["x"])] }).steps,
    );
    const next = plan({
      albums: [album("1", "Puppies", ["a", "x"]), album("3", "Birds", ["b", "c", "d", "e"])],
      current,
    });
    expect(renderPlan(next)).toBe(
      [
        "1 new folder, 1 folder to rename, 1 empty folder to remove, 4 files to link, 1 file to another album.",
        "",
        "+ Birds/  +4",
        "    + b.jpg  from /in/b.jpg",
        "    + c.jpg  from /in/c.jpg",
        "    + d.jpg  from /in/d.jpg",
        "    … 1 more",
        "",
        "- Cats/  -1",
        "    - x.jpg  to Puppies/x.jpg",
        "",
        "> Dogs/  becomes  Puppies/  +1",
        "    + x.jpg  from Cats/x.jpg",
      ].join("\n"),
    );
  });

  it("lets no path write to the terminal", () => {
    const images = new Map([["a", { locations: [{ source: "/in/\u001b[31m\n\u202ea", name: "a" }] }]]);
    expect(renderPlan(plan({ albums: [album("1", "Dogs", ["a"])], images }))).toContain("from /in/?[31m??a");
  });
});
