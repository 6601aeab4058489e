import { describe, expect, it } from "vitest";
import type { Album } from "../core/albums.ts";
import { labelsCsv, labelsJson, type LabelInput } from "./labels.ts";

const albumOf = (id: string, name: string, images: readonly string[]): Album => ({
  id,
  name: { text: name, source: "concepts", score: 1, evidence: null },
  parentId: null,
  cohesion: 1,
  trust: null,
  members: images.map((image) => ({ image, similarity: 1, representativeRank: -1, isPinned: false })),
});

const input: LabelInput = {
  albums: [albumOf("a1", "Dogs", ["x", "y", "gone"]), albumOf("unsorted", "", ["z"])],
  fileOf: new Map([
    ["x", "Dogs/rex.jpg"],
    ["y", "Dogs/b.jpg"],
    ["z", "Unsorted/c.jpg"],
  ]),
  captions: new Map([["x", "=a dog, running"]]),
  tags: new Map([
    ["x", ["dog", "grass"]],
    ["y", ["grocery store"]],
  ]),
};

describe("labels", () => {
  it("are one row an image that lies in the output, with where they come from", async () => {
    let csv = "";
    for await (const piece of labelsCsv(input)) csv += piece;
    expect(csv).toBe(
      "file,sha256,album,label,label_source,tags\r\n" +
        `Dogs/rex.jpg,x,Dogs,"'=a dog, running",caption,dog; grass\r\n` +
        "Dogs/b.jpg,y,Dogs,Grocery Store,concepts,grocery store\r\n" +
        "Unsorted/c.jpg,z,Unsorted,,none,\r\n",
    );
  });

  it("are JSON too", () => {
    expect(JSON.parse([...labelsJson(input)].join(""))).toEqual({
      labels: [
        {
          file: "Dogs/rex.jpg",
          sha256: "x",
          album: "Dogs",
          label: "=a dog, running",
          labelSource: "caption",
          tags: ["dog", "grass"],
        },
        {
          file: "Dogs/b.jpg",
          sha256: "y",
          album: "Dogs",
          label: "Grocery Store",
          labelSource: "concepts",
          tags: ["grocery store"],
        },
        { file: "Unsorted/c.jpg", sha256: "z", album: "Unsorted", label: "", labelSource: "none", tags: [] },
      ],
    });
    expect(JSON.parse([...labelsJson({ ...input, albums: [] })].join(""))).toEqual({ labels: [] });
  });
});
