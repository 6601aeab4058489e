import { describe, expect, it } from "vitest";
import {
  findAlbum,
  mergeAlbums,
  moveImages,
  pinImages,
  renameAlbum,
  splitAlbum,
  type AlbumState,
} from "./album-edits.ts";
import { UNSORTED, type Album } from "./albums.ts";

const album = (id: string, name: string, images: string): Album => ({
  id,
  name: { text: name, source: "concepts", score: 0.5, evidence: null },
  parentId: null,
  cohesion: 0.5,
  radius: 0.3,
  members: [...images].map((image, i) => ({
    image,
    similarity: 1,
    representativeRank: i === 0 ? 0 : -1,
    isPinned: false,
  })),
});
const state: AlbumState = {
  albums: [
    album("a1", "Dogs", "abc"),
    album("a2", "Cafés", "de"),
    album("a3", "Dogs on Grass", "f"),
    album(UNSORTED, "Unsorted", "xy"),
  ],
  constraints: [],
};
const imagesOf = (s: AlbumState, id: string): string =>
  s.albums
    .find((a) => a.id === id)
    ?.members.map((m) => m.image)
    .join("") ?? "-";

describe("finding an album", () => {
  it("takes an id, a name in any case and accent, or a beginning that fits one", () => {
    expect(findAlbum(state.albums, "a2").id).toBe("a2");
    expect(findAlbum(state.albums, "cafes").id).toBe("a2");
    expect(findAlbum(state.albums, "dogs").id).toBe("a1");
    expect(findAlbum(state.albums, "Caf").id).toBe("a2");
  });
  it("says which ones a beginning fits, and when none does", () => {
    expect(() => findAlbum(state.albums, "Dog")).toThrow(/more than one.*a1.*a3/);
    expect(() => findAlbum(state.albums, "cats")).toThrow(/no album "cats"/);
  });
});

describe("editing albums", () => {
  it("gives a user's name, but never one that is taken", () => {
    const edit = renameAlbum(state, "a1", "  Our  dogs ");
    expect(edit.state.albums[0]!.name).toMatchObject({ text: "Our dogs", source: "user", score: null });
    expect(() => renameAlbum(state, "a1", "CAFÉS")).toThrow(/already/);
    expect(() => renameAlbum(state, UNSORTED, "x")).toThrow(/Unsorted/);
    expect(() => renameAlbum(state, "a1", "a\u0007b")).toThrow(/control/);
  });
  it("merges into the first and links the medoids", () => {
    const { state: after } = mergeAlbums(state, ["a1", "a2", "a2"]);
    expect(imagesOf(after, "a1")).toBe("abcde");
    expect(imagesOf(after, "a2")).toBe("-");
    expect(after.constraints).toEqual([{ kind: "must-link", a: "a", b: "d" }]);
  });
  it("pins what a merge takes out of Unsorted, since no cluster holds it there", () => {
    const { state: after } = mergeAlbums(state, ["a1", UNSORTED]);
    expect(after.albums[0]!.members.filter((m) => m.isPinned).map((m) => m.image)).toEqual(["x", "y"]);
    expect(after.constraints).toEqual([]);
  });
  it("splits and forbids the parts to meet again", () => {
    const { state: after, events } = splitAlbum(state, "a1", new Set(["a"]), [album("a9", "New", "bc")]);
    expect(imagesOf(after, "a1")).toBe("a");
    expect(imagesOf(after, "a9")).toBe("bc");
    expect(after.constraints).toEqual([{ kind: "cannot-link", a: "a", b: "b" }]);
    expect(events[0]!.text).toContain("1, 2");
  });
  it("moves and pins, and an emptied album is gone", () => {
    const { state: after } = moveImages(state, ["f", "x"], "a2");
    expect(imagesOf(after, "a2")).toBe("defx");
    expect(imagesOf(after, "a3")).toBe("-");
    expect(imagesOf(after, UNSORTED)).toBe("y");
    expect(after.albums[1]!.members.map((m) => m.isPinned)).toEqual([false, false, true, true]);
    expect(() => moveImages(state, ["zz"], "a2")).toThrow(/zz/);
  });
  it("pins and unpins in place", () => {
    const pinned = pinImages(state, ["b"], true).state;
    expect(pinned.albums[0]!.members.map((m) => m.isPinned)).toEqual([false, true, false]);
    expect(pinImages(pinned, ["b"], false).state.albums).toEqual(state.albums);
    expect(() => pinImages(state, ["x"], true)).toThrow(/Unsorted/);
  });
});
