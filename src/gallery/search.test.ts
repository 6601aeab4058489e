import { describe, expect, it } from "vitest";
import { createSearchIndex, type SearchFields } from "./search.ts";

const document = (fields: Partial<SearchFields>): SearchFields => ({
  album: "",
  tags: [],
  caption: "",
  fileName: "",
  ...fields,
});

describe("createSearchIndex", () => {
  const index = createSearchIndex([
    document({ fileName: "dog_1.jpg" }),
    document({ album: "Dogs", tags: ["dog"] }),
    document({ caption: "A dogged climber in Zürich" }),
    document({ album: "Cats", fileName: "hotdog.png" }),
  ]);

  it("ranks by field and by how much of the word is met", () => {
    // tag, whole word: 5; file name, whole word: 2; caption, start of a word: 3 · 0.6; file name, inside: 2 · 0.25
    expect(index.search("dog")).toEqual([1, 0, 2, 3]);
  });

  it("finds without accents and case, both ways", () => {
    expect(index.search("ZURICH")).toEqual([2]);
    expect(index.search("zürich")).toEqual([2]);
  });

  it("wants every word, in any field", () => {
    expect(index.search("cats hotdog")).toEqual([3]);
    expect(index.search("cats climber")).toEqual([]);
  });

  it("finds nothing for an empty query or one of signs alone", () => {
    expect(index.search("  ")).toEqual([]);
    expect(index.search("#/?")).toEqual([]);
  });

  it("finds letters of other scripts", () => {
    expect(createSearchIndex([document({ caption: "猫が寝る" })]).search("猫")).toEqual([0]);
  });
});
