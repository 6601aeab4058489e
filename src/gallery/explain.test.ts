import { describe, expect, it } from "vitest";
import type { NameProof } from "../core/albums.ts";
import type { GalleryAlbum } from "./data.ts";
import { explainName } from "./explain.ts";

const album = (fields: Partial<GalleryAlbum>): GalleryAlbum => ({
  id: "a",
  name: "Dogs",
  nameSource: "concepts",
  nameScore: 0.9,
  evidence: null,
  parentId: null,
  cohesion: 0.5,
  trust: 0.9,
  ...fields,
});

describe("explainName", () => {
  it("says how far the words lead and what captions share", () => {
    const evidence = {
      words: [
        { text: "dogs", fit: 0.4, lead: 3.2 },
        { text: "grass", fit: 0.3, lead: 1.2 },
        { text: "cat", fit: 0.3, lead: 0.4 },
      ],
      captionWords: [
        { text: "dog", count: 4 },
        { text: "ball", count: 2 },
      ],
      reason: "",
    };
    expect(explainName(album({ evidence }))).toEqual([
      "“dogs” fits these pictures far better than the other albums.",
      "Also ahead: “grass”.",
      "Captions of its pictures share “dog” (4) and “ball” (2).",
    ]);
  });

  it("says what the test on the pictures said, and what the name is in English", () => {
    const said = (proof: NameProof) =>
      explainName(
        album({
          nameSource: "llm",
          evidence: { words: [], captionWords: [], reason: "", proof, english: "Dogs" },
        }),
      );
    expect(said({ kind: "proven", share: 0.75 })).toEqual([
      "A language model chose this name from the evidence below.",
      "Tested on its pictures: on 75 % of them it fits at least as well as any other album's name.",
      "In English it is “Dogs”.",
    ]);
    expect(said({ kind: "unproven", share: 0, because: "“Cats” fits better." })).toContain(
      "Tested on its pictures, and not proven: “Cats” fits better.",
    );
    expect(said({ kind: "untested", because: "There is no other album." })).toContain(
      "Not tested on its pictures: There is no other album.",
    );
  });

  it("says so when the name is the user's or neutral", () => {
    expect(explainName(album({ nameSource: "user" }))).toEqual([
      "You gave this name; Albumen never changes it.",
    ]);
    expect(explainName(album({ nameSource: "neutral" }))).toEqual([
      "No word stood out, so the name says only what is certain.",
    ]);
  });
});
