import Papa from "papaparse";
import { describe, expect, it } from "vitest";
import { createMemoryJournal } from "../adapters/journal/memory.ts";
import { createMemoryOutput } from "../adapters/output/memory.ts";
import { UNSORTED, type Album } from "../core/albums.ts";
import type { PlacedFile } from "../core/plan/steps.ts";
import {
  albumsCsv,
  albumsJson,
  checkPublishable,
  publishFile,
  unpublishExports,
  type ExportInput,
} from "./export.ts";

const signal = new AbortController().signal;

const member = (image: string, similarity: number, representativeRank = -1) => ({
  image,
  similarity,
  representativeRank,
  isPinned: false,
});

const dogs: Album = {
  id: "a1",
  name: {
    text: '=Dogs, "big"',
    source: "concepts",
    score: 0.71,
    evidence: { words: [{ text: "dog", fit: 0.3, lead: 2 }], captionWords: [], reason: "It leads." },
  },
  parentId: "p1",
  cohesion: 0.8,
  trust: 0.9,
  members: [member("aa", 0.9123456789, 1), member("bb", -0.5, 0)],
};
const animals: Album = {
  id: "p1",
  name: { text: "Animals", source: "user", score: null, evidence: null },
  parentId: null,
  cohesion: null,
  trust: null,
  members: [],
};
const unsorted: Album = {
  ...animals,
  id: UNSORTED,
  cohesion: 0.1,
  trust: null,
  members: [member("cc", 0.2)],
};

const file = (path: string, image: string, source: string): PlacedFile => ({
  path,
  image,
  source,
  mode: "move",
  stamp: "",
});

const input: ExportInput = {
  albums: [animals, dogs, unsorted],
  ownersOf: async (image) =>
    ({
      aa: [
        { source: "/in/1.jpg", user: "ann" },
        { source: "/in/copy of 1.jpg", user: null },
      ],
      bb: [{ source: "/in/2\n.jpg", user: "@bob" }],
      cc: [{ source: "https://host/3.jpg?sig=secret", user: null }],
    })[image] ?? [],
  files: [
    file("Dogs/1.jpg", "aa", "/in/1.jpg"),
    file("Dogs/1 (2).jpg", "aa", "/in/copy of 1.jpg"),
    file("Dogs/2 .jpg", "bb", "/in/2\n.jpg"),
  ],
  captions: new Map([["bb", "- a dog"]]),
  model: "starter@1",
  run: { images: 3 },
};

async function textOf(exported: ExportInput): Promise<string> {
  let text = "";
  for await (const piece of albumsCsv(exported)) text += piece;
  return text;
}

describe("albumsCsv", () => {
  it("has one row an image location and owner, in the promised columns, without secrets", async () => {
    const text = await textOf(input);
    expect(text.split("\r\n")[0]).toBe(
      "album_id,album,parent_id,source,file,sha256,user,representative,similarity,caption",
    );
    expect(text.endsWith("\r\n")).toBe(true);
    const { data, errors } = Papa.parse<string[]>(text.trimEnd(), { newline: "\r\n" });
    expect(errors).toEqual([]);
    expect(data.slice(1)).toEqual([
      ["a1", `'=Dogs, "big"`, "p1", "/in/1.jpg", "Dogs/1.jpg", "aa", "ann", "1", "0.912346", ""],
      ["a1", `'=Dogs, "big"`, "p1", "/in/copy of 1.jpg", "Dogs/1 (2).jpg", "aa", "", "1", "0.912346", ""],
      ["a1", `'=Dogs, "big"`, "p1", "/in/2\n.jpg", "Dogs/2 .jpg", "bb", "'@bob", "1", "-0.5", "'- a dog"],
      ["unsorted", "Unsorted", "", "https://host/3.jpg?sig=***", "", "cc", "", "0", "0.2", ""],
    ]);
  });

  it("is the header alone when there are no albums", async () => {
    expect((await textOf({ ...input, albums: [] })).split("\r\n")).toHaveLength(2);
  });

  it("gives large catalogs in pieces, the header once", async () => {
    const members = Array.from({ length: 2500 }, (_, i) => member(`image${i}`, 1));
    const ownersOf = async (image: string) => [{ source: `/in/${image}`, user: null }];
    const pieces: string[] = [];
    for await (const piece of albumsCsv({ ...input, albums: [{ ...dogs, members }], ownersOf }))
      pieces.push(piece);
    expect(pieces.length).toBe(3);
    expect(pieces.join("").split("\r\n")).toHaveLength(2502);
  });
});

describe("albumsJson", () => {
  it("has the promised shape, representatives medoid first", () => {
    expect(JSON.parse(albumsJson(input))).toEqual({
      albums: [
        {
          id: "p1",
          name: "Animals",
          nameSource: "user",
          nameScore: null,
          parentId: null,
          size: 0,
          cohesion: null,
          trust: null,
          representatives: [],
          evidence: null,
        },
        {
          id: "a1",
          name: '=Dogs, "big"',
          nameSource: "concepts",
          nameScore: 0.71,
          parentId: "p1",
          size: 2,
          cohesion: 0.8,
          trust: 0.9,
          representatives: [
            { file: "Dogs/2 .jpg", caption: "- a dog" },
            { file: "Dogs/1.jpg", caption: null },
          ],
          evidence: { words: [{ text: "dog", fit: 0.3, lead: 2 }], captionWords: [], reason: "It leads." },
        },
        {
          id: "unsorted",
          name: "Unsorted",
          nameSource: "user",
          nameScore: null,
          parentId: null,
          size: 1,
          cohesion: 0.1,
          trust: null,
          representatives: [],
          evidence: null,
        },
      ],
      model: "starter@1",
      run: { images: 3 },
    });
  });
});

describe("publishFile", () => {
  const create = () => ({ output: createMemoryOutput(), journal: createMemoryJournal() });

  it("writes over its own earlier version, again and again", async () => {
    const target = create();
    for (const text of ["one", "two", "two"]) await publishFile(target, "index.html", [text], signal);
    expect(Object.fromEntries(target.output.tree())).toEqual({ "index.html": "two" });
  });

  it("refuses a foreign file, before and while writing", async () => {
    const target = create();
    target.output.put("index.html", "my homepage");
    await expect(checkPublishable(target, ["albums.csv", "index.html"], signal)).rejects.toMatchObject({
      code: "OUTPUT_CONFLICT",
    });
    await expect(publishFile(target, "index.html", ["gallery"], signal)).rejects.toMatchObject({
      code: "OUTPUT_CONFLICT",
    });
    expect(Object.fromEntries(target.output.tree())).toEqual({ "index.html": "my homepage" });
  });

  it("refuses its own file once the user changed it, and a folder in its place", async () => {
    const target = create();
    await publishFile(target, "albums.csv", ["one"], signal);
    target.output.put("albums.csv", "one, edited");
    await expect(publishFile(target, "albums.csv", ["two"], signal)).rejects.toThrow(/changed since/);
    target.output.put("albums.json/x", "x");
    await expect(publishFile(target, "albums.json", ["two"], signal)).rejects.toMatchObject({
      code: "OUTPUT_CONFLICT",
    });
  });

  it("leaves nothing behind when its content fails", async () => {
    const target = create();
    const content = async function* () {
      yield "half";
      throw new Error("no more");
    };
    await expect(publishFile(target, "albums.csv", content(), signal)).rejects.toThrow("no more");
    expect(target.output.tree().size).toBe(0);
  });

  it("takes its own files away again, but for those that the user changed", async () => {
    const target = create();
    for (const name of ["index.html", "albums.json", "albums.csv", "/zips/all.zip"])
      await publishFile(target, name, [name], signal);
    target.output.put("albums.csv", "edited");
    expect(await unpublishExports(target, signal)).toEqual(["albums.csv"]);
    expect([...target.output.tree().keys()]).toEqual(["/zips/all.zip", "albums.csv"]);
  });
});
