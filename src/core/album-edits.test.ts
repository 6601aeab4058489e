import { describe, expect, it } from "vitest";
import {
  dropImages,
  findAlbum,
  mergeAlbums,
  moveImages,
  pinImages,
  renameAlbum,
  splitAlbum,
} from "./album-edits.ts";
import { UNSORTED, type Album } from "./albums.ts";

const album = (id: string, name: string, images: string): Album => ({
  id,
  name: { text: name, source: "concepts", score: 0.5, evidence: null },
  parentId: null,
  cohesion: 0.5,
  trust: 0.9,
  members: [...images].map((image, i) => ({
    image,
    similarity: 1,
    representativeRank: i === 0 ? 0 : -1,
    isPinned: false,
  })),
});
const albums: Album[] = [
  album("a1", "Dogs", "abc"),
  album("a2", "Cafés", "de"),
  album("a3", "Dogs on Grass", "f"),
  album(UNSORTED, "Unsorted", "xy"),
];
const imagesOf = (s: readonly Album[], id: string): string =>
  s
    .find((a) => a.id === id)
    ?.members.map((m) => m.image)
    .join("") ?? "-";

describe("finding an album", () => {
  it("takes an id, a name in any case and accent, or a beginning that fits one", () => {
    expect(findAlbum(albums, "a2").id).toBe("a2");
    expect(findAlbum(albums, "cafes").id).toBe("a2");
    expect(findAlbum(albums, "dogs").id).toBe("a1");
    expect(findAlbum(albums, "Caf").id).toBe("a2");
  });
  it("says which ones a beginning fits, and when none does", () => {
    expect(() => findAlbum(albums, "Dog")).toThrow(/more than one.*a1.*a3/);
    expect(() => findAlbum(albums, "cats")).toThrow(/no album "cats"/);
  });
});

describe("editing albums", () => {
  it("gives a user's name, but never one that is taken", () => {
    const edit = renameAlbum(albums, "a1", "  Our  dogs ");
    expect(edit.albums[0]!.name).toMatchObject({ text: "Our dogs", source: "user", score: null });
    expect(() => renameAlbum(albums, "a1", "CAFÉS")).toThrow(/already/);
    expect(() => renameAlbum(albums, UNSORTED, "x")).toThrow(/Unsorted/);
    expect(() => renameAlbum(albums, "a1", "a\u0007b")).toThrow(/control/);
  });
  it("merges into the first and pins all of it there", () => {
    const { albums: after } = mergeAlbums(albums, ["a1", "a2", "a2"]);
    expect(imagesOf(after, "a1")).toBe("abcde");
    expect(imagesOf(after, "a2")).toBe("-");
    expect(after[0]!.members.every((m) => m.isPinned)).toBe(true);
  });
  it("splits and pins each part", () => {
    const { albums: after, events } = splitAlbum(albums, "a1", new Set(["a"]), [album("a9", "New", "bc")]);
    expect(imagesOf(after, "a1")).toBe("a");
    expect(imagesOf(after, "a9")).toBe("bc");
    expect(after.slice(0, 2).every((part) => part.members.every((m) => m.isPinned))).toBe(true);
    expect(events[0]!.text).toContain("1, 2");
  });
  it("moves and pins, and an emptied album is gone", () => {
    const { albums: after } = moveImages(albums, ["f", "x"], "a2");
    expect(imagesOf(after, "a2")).toBe("defx");
    expect(imagesOf(after, "a3")).toBe("-");
    expect(imagesOf(after, UNSORTED)).toBe("y");
    expect(after[1]!.members.map((m) => m.isPinned)).toEqual([false, false, true, true]);
    expect(() => moveImages(albums, ["zz"], "a2")).toThrow(/zz/);
  });
  it("pins and unpins in place", () => {
    const pinned = pinImages(albums, ["b"], true).albums;
    expect(pinned[0]!.members.map((m) => m.isPinned)).toEqual([false, true, false]);
    expect(pinImages(pinned, ["b"], false).albums).toEqual(albums);
    expect(() => pinImages(albums, ["x"], true)).toThrow(/Unsorted/);
  });
  it("drops images for good: ranks close up, emptied albums go, and no event names an image", () => {
    const { albums: after, events } = dropImages(albums, ["a", "f", "zz"]);
    expect(imagesOf(after, "a1")).toBe("bc");
    expect(after[0]!.members.map((m) => m.representativeRank)).toEqual([0, -1]);
    expect(imagesOf(after, "a3")).toBe("-");
    expect(events).toEqual([
      { kind: "shrank", albumId: "a1", text: '"Dogs" lost 1 image that was forgotten' },
      { kind: "died", albumId: "a3", text: '"Dogs on Grass" lost 1 image that was forgotten' },
    ]);
    expect(imagesOf(after, "a2")).toBe("de");
  });
});
