import { describe, expect, it } from "vitest";
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

  it("says so when the name is the user's or neutral", () => {
    expect(explainName(album({ nameSource: "user" }))).toEqual([
      "You gave this name; Albumen never changes it.",
    ]);
    expect(explainName(album({ nameSource: "neutral" }))).toEqual([
      "No word stood out, so the name says only what is certain.",
    ]);
  });
});
