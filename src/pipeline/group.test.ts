import { describe, expect, it } from "vitest";
import { blobs } from "../../test/conformance/clusterer.ts";
import { createPlainMatrix } from "../adapters/matrix/plain.ts";
import { createWardKMeans } from "../adapters/clusterer/ward-kmeans.ts";
import { moveImages, renameAlbum } from "../core/album-edits.ts";
import { UNSORTED, type Album } from "../core/albums.ts";
import type { ImageVectors } from "../core/make-albums.ts";
import { takeRows } from "../core/vectors.ts";
import { addToAlbums, partsOf, regroup, type GroupingSettings } from "./group.ts";

const settings: GroupingSettings = {
  albums: null,
  granularity: "normal",
  minAlbumSize: 3,
  maxAlbums: null,
  seed: 1,
  singletons: false,
  depth: 1,
};
const matrix = createPlainMatrix();
const clusterer = createWardKMeans({ matrix });
const watch = { signal: new AbortController().signal, report: () => {} };

/** Four well separated groups of 15, one after the other; image names are hashes as far as the core can tell. */
const mixed = blobs(4, 15, { dims: 16, spread: 0.4, seed: 3 });
const vectors = takeRows(
  mixed,
  [0, 1, 2, 3].flatMap((kind) => Array.from({ length: 15 }, (_, i) => 4 * i + kind)),
);
const input: ImageVectors = {
  images: Array.from({ length: 60 }, (_, i) => `${(i * 2654435761).toString(16).padStart(12, "0")}${i}`),
  vectors,
};
const named = (albums: readonly Album[]): Album[] =>
  albums.map((album, i) =>
    album.id === UNSORTED
      ? album
      : { ...album, name: { text: `N${i}`, source: "concepts", score: 1, evidence: null } },
  );
const subset = (rows: number[]): ImageVectors => ({
  images: rows.map((row) => input.images[row]!),
  vectors: takeRows(vectors, rows),
});
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
const albumOf = (albums: readonly Album[], image: string): string =>
  albums.find((album) => album.members.some((member) => member.image === image))!.id;

describe("regrouping", () => {
  it("puts every image into one place, the medoid first among representatives", async () => {
    const { albums } = await regroup(input, [], settings, clusterer, watch);
    expect(albums.flatMap((album) => album.members.map((m) => m.image)).sort()).toEqual(
      [...input.images].sort(),
    );
    expect(albums.filter((album) => album.id !== UNSORTED)).toHaveLength(4);
    for (const album of albums)
      expect(album.members.filter((m) => m.representativeRank === 0)).toHaveLength(
        album.id === UNSORTED ? 0 : 1,
      );
  });

  it("keeps ids when images come and go", async () => {
    const before = named((await regroup(subset(range(5, 60)), [], settings, clusterer, watch)).albums);
    const { albums } = await regroup(
      subset([...range(0, 25), ...range(30, 60)]),
      before,
      settings,
      clusterer,
      watch,
    );
    for (const row of [10, 20, 35, 50])
      expect(albumOf(albums, input.images[row]!)).toBe(albumOf(before, input.images[row]!));
  });

  it("keeps a user's name and a moved image where the user put them", async () => {
    let albums = named((await regroup(input, [], settings, clusterer, watch)).albums);
    const [first, second] = [albumOf(albums, input.images[0]!), albumOf(albums, input.images[20]!)];
    albums = [...renameAlbum(albums, first, "Mine").albums];
    albums = [...moveImages(albums, [input.images[21]!], first).albums];
    const after = (await regroup(input, albums, { ...settings, seed: 9 }, clusterer, watch)).albums;
    expect(albumOf(after, input.images[0]!)).toBe(first);
    expect(albumOf(after, input.images[21]!)).toBe(first);
    expect(albumOf(after, input.images[20]!)).toBe(second);
    expect(after.find((album) => album.id === first)!.name).toMatchObject({ text: "Mine", source: "user" });
  });

  it("keeps an album with its own images when several of another kind were moved into it", async () => {
    const before = named((await regroup(input, [], settings, clusterer, watch)).albums);
    const [first, second] = [albumOf(before, input.images[0]!), albumOf(before, input.images[20]!)];
    const moved = [20, 21, 22].map((row) => input.images[row]!);
    const edited = [...moveImages(before, moved, first).albums];
    const { albums } = await regroup(input, edited, settings, clusterer, watch);
    for (const image of [input.images[0]!, input.images[14]!, ...moved])
      expect(albumOf(albums, image)).toBe(first);
    expect(albumOf(albums, input.images[23]!)).toBe(second);
  });

  it("says what was born and what ended", async () => {
    const before = named((await regroup(subset(range(0, 30)), [], settings, clusterer, watch)).albums);
    const { events } = await regroup(subset(range(15, 45)), before, settings, clusterer, watch);
    expect(events.map((event) => event.kind)).toEqual(["died", "born", "regrouped"]);
    expect(events.at(-1)!.text).toBe(
      "2 albums: 1 of 2 stayed; 1 new, 0 of them split off; 1 ended, 0 of them merged",
    );
  });
});

describe("adding", () => {
  it("joins what belongs, opens one album for what is new, and changes nothing else", async () => {
    const old = subset(range(0, 40));
    const before = named((await regroup(old, [], settings, clusterer, watch)).albums);
    const all = subset([...range(0, 40), 40, 41, 42, 43, 44, 45, 46]);
    const { albums } = await addToAlbums(all, range(40, 47), before, matrix, watch);
    // Rows 40..44 are the rest of the third group, 45 and 46 the first of a fourth.
    for (const row of range(40, 45))
      expect(albumOf(albums, input.images[row]!)).toBe(albumOf(before, input.images[30]!));
    expect(albumOf(albums, input.images[45]!)).toBe(albumOf(albums, input.images[46]!));
    expect(albums).toHaveLength(before.length + 1);
    for (const album of before)
      expect(albums.find(({ id }) => id === album.id)!.members).toEqual(
        expect.arrayContaining([...album.members]),
      );
  });
});

describe("splitting", () => {
  it("cuts an album of two groups into those two", async () => {
    const two = subset(range(0, 30));
    const album: Album = {
      id: "a",
      name: { text: "Both", source: "user", score: null, evidence: null },
      parentId: null,
      cohesion: 0,
      trust: null,
      members: two.images.map((image) => ({ image, similarity: 1, representativeRank: -1, isPinned: false })),
    };
    const parts = await partsOf(two, album, null, settings, clusterer, watch);
    expect(parts.map((part) => [...part].sort((a, b) => a - b))).toEqual(
      expect.arrayContaining([range(0, 15), range(15, 30)]),
    );
  });
});
