/** What every store must do. A backend's test calls `testStore(name, open)`. */
import { describe, expect, it } from "vitest";
import type { Album } from "../../src/core/albums.ts";
import { makeVectors } from "../../src/core/vectors.ts";
import type { ImageFacts } from "../../src/ports/image-decoder.ts";
import type { IngestBatch, Store } from "../../src/ports/store.ts";

const FACTS: ImageFacts = {
  width: 40,
  height: 30,
  format: "jpeg",
  takenAt: "2024-05-01T10:00:00",
  latitude: 52.5,
  longitude: 13.4,
  camera: "Pixel",
  title: "By the lake",
  keywords: ["lake", "summer"],
  readable: 0.95,
  looks: { perceptualHash: "0123456789abcdef", sharpness: 12.5, exposure: 0.5, thumbhash: "AAEC" },
  meanColor: [10, 20, 30],
};
const SPACE = "fake@1:2";
const sha = (letter: string): string => letter.repeat(64);
const EVERYTHING = { after: null, limit: 100 };
const nobody = (source: string) => ({ source, user: null });

function batch(images: string[], vectors: number[]): IngestBatch {
  return {
    images: images.map((image) => ({ image, sizeBytes: 9, facts: FACTS })),
    places: images.map((image) => ({
      source: `/in/${image[0]}.jpg`,
      name: `${image[0]}.jpg`,
      stamp: "9:1",
      image,
      users: [],
    })),
    failures: [],
    vectors: { space: SPACE, images, vectors: makeVectors(new Float32Array(vectors), 2) },
  };
}

const ALBUM: Album = {
  id: "a1",
  name: {
    text: "Dogs",
    source: "concepts",
    score: 0.8,
    evidence: {
      words: [{ text: "dog", fit: 0.3, lead: 2 }],
      captionWords: [{ text: "dog", count: 2 }],
      reason: "x",
    },
  },
  parentId: null,
  cohesion: 0.7,
  trust: 0.6,
  members: [
    { image: sha("a"), similarity: 0.9, representativeRank: 0, isPinned: false },
    { image: sha("b"), similarity: 0.8, representativeRank: -1, isPinned: true },
  ],
};

/** `reopen` closes the store and opens the same state again; null where a backend keeps none. */
export function testStore(
  name: string,
  open: () => Promise<{ store: Store; reopen: (() => Promise<Store>) | null; dispose: () => Promise<void> }>,
): void {
  describe(`store: ${name}`, () => {
    it("erases images, places and owners with all that hangs on them, and only those", async () => {
      const { store, reopen, dispose } = await open();
      const rows = batch([sha("a"), sha("b")], [1, 0, 0, 1]);
      const places = rows.places.map((place) => ({ ...place, users: ["ann", "bob"] }));
      await store.record({ ...rows, places });
      await store.annotate("captions@1", [
        { image: sha("a"), text: "a dog", score: 1 },
        { image: sha("b"), text: "a cat", score: 1 },
      ]);
      await store.saveAlbums(
        [ALBUM],
        [{ at: "2026-01-01", kind: "moved", albumId: "a1", text: "/in/a.jpg" }],
      );
      await store.saveRun({ command: "organize /in/a.jpg", startedAt: "2026-01-01", receipt: {} });
      await store.saveRun({ command: "organize /in", startedAt: "2026-01-01", receipt: {} });
      const what = { images: [sha("a")], sources: ["/in/a.jpg"], user: "bob" };
      await store.erase(what);
      await store.erase(what);
      await store.compact();
      const after = reopen ? await reopen() : store;
      expect(await after.counts()).toEqual({ images: 1, places: 1, failures: 0 });
      expect(await after.users()).toEqual(["ann"]);
      expect([...(await after.images([sha("a"), sha("b")])).keys()]).toEqual([sha("b")]);
      const { images, vectors } = await after.vectors(SPACE, null);
      expect([images, [...vectors.data]]).toEqual([[sha("b")], [0, 1]]);
      const asked = await after.vectorsOf(SPACE, [sha("z"), sha("b"), sha("a")]);
      expect([asked.images, [...asked.vectors.data]]).toEqual([[sha("b")], [0, 1]]);
      expect([...(await after.annotations("captions@1")).keys()]).toEqual([sha("b")]);
      expect((await after.albums())[0]!.members.map(({ image }) => image)).toEqual([sha("b")]);
      expect(await after.history(9)).toEqual([]);
      expect((await after.lastRun())!.command).toBe("organize /in");
      await after.record(batch([sha("c")], [1, 1]));
      expect((await after.vectors(SPACE, null)).images).toEqual([sha("b"), sha("c")]);
      await dispose();
    });

    it("gives back what was recorded, vectors in the order they were written", async () => {
      const { store, dispose } = await open();
      await store.record(batch([sha("b"), sha("a")], [1, 0, 0, 1]));
      await store.record(batch([sha("c")], [0.6, 0.8]));
      expect([...(await store.images([sha("c"), sha("x"), sha("a")])).keys()]).toEqual([sha("c"), sha("a")]);
      expect((await store.images([sha("a")])).get(sha("a"))).toEqual({
        image: sha("a"),
        sizeBytes: 9,
        facts: FACTS,
      });
      expect(await store.counts()).toEqual({ images: 3, places: 3, failures: 0 });
      const { images, vectors } = await store.vectors(SPACE, null);
      expect(images).toEqual([sha("b"), sha("a"), sha("c")]);
      expect([...vectors.data]).toEqual([1, 0, 0, 1, Math.fround(0.6), Math.fround(0.8)]);
      expect(await store.embedded(SPACE, [sha("a"), sha("x"), sha("c")])).toEqual(
        new Set([sha("a"), sha("c")]),
      );
      expect(await store.embedded("fake@2:2", [sha("a")])).toEqual(new Set());
      await dispose();
    });

    it("knows a place by its stamp, and forgets its failure once it gave an image", async () => {
      const { store, dispose } = await open();
      const failure = {
        source: "/in/a.jpg",
        code: "IMAGE_EMPTY" as const,
        reason: "empty",
        attempts: 1,
        at: "2026-01-01T00:00:00Z",
      };
      const place = { source: "/in/a.jpg", name: "a.jpg", stamp: "0:1", image: null, users: ["ana"] };
      const failed: IngestBatch = { images: [], places: [place], failures: [failure], vectors: null };
      await store.record(failed);
      await store.record(failed);
      expect(await store.failures(EVERYTHING)).toEqual([{ ...failure, attempts: 2 }]);
      expect(await store.counts()).toEqual({ images: 0, places: 0, failures: 1 });
      expect(await store.known([nobody("/in/b.jpg"), nobody("/in/a.jpg")])).toEqual([
        null,
        { name: "a.jpg", stamp: "0:1", image: null, failure: "IMAGE_EMPTY", isOwned: true },
      ]);
      expect(await store.imageAt("/in/a.jpg")).toBeNull();
      await store.record(batch([sha("a")], [1, 0]));
      expect(await store.failures(EVERYTHING)).toEqual([]);
      expect(await store.counts()).toEqual({ images: 1, places: 1, failures: 0 });
      expect(
        await store.known([
          { source: "/in/a.jpg", user: "ana" },
          { source: "/in/a.jpg", user: "bob" },
        ]),
      ).toEqual([
        { name: "a.jpg", stamp: "9:1", image: sha("a"), failure: null, isOwned: true },
        { name: "a.jpg", stamp: "9:1", image: sha("a"), failure: null, isOwned: false },
      ]);
      expect(await store.imageAt("/in/a.jpg")).toBe(sha("a"));
      await store.record(failed);
      expect(await store.counts()).toEqual({ images: 1, places: 0, failures: 1 });
      await dispose();
    });

    it("pages through failures in the order of their places", async () => {
      const { store, dispose } = await open();
      const failures = ["c", "a", "b"].map((source) => ({
        source,
        code: "FETCH_404" as const,
        reason: "",
        attempts: 1,
        at: "",
      }));
      await store.record({ images: [], places: [], failures, vectors: null });
      const sources = async (after: string | null) =>
        (await store.failures({ after, limit: 2 })).map(({ source }) => source);
      expect(await sources(null)).toEqual(["a", "b"]);
      expect(await sources("b")).toEqual(["c"]);
      await store.clearFailures(["a", "c"]);
      expect(await sources(null)).toEqual(["b"]);
      const lines = ["/l.csv:2", "/l.csv:10", "/l.csv.txt:3", "/l.csv:x"].map((source) => ({
        ...failures[0]!,
        source,
        code: "LIST_ROW_INVALID" as const,
      }));
      await store.record({ images: [], places: [], failures: lines, vectors: null });
      await store.clearLineFailures("/l.csv");
      expect([...(await sources(null)), ...(await sources("/l.csv:x"))]).toEqual([
        "/l.csv.txt:3",
        "/l.csv:x",
        "b",
      ]);
      await dispose();
    });

    it("keeps every owner of a place, and every place of an image", async () => {
      const { store, dispose } = await open();
      const { images, vectors } = batch([sha("a"), sha("b")], [1, 0, 0, 1]);
      const place = (source: string, image: string, users: string[]) => ({
        source,
        name: source,
        stamp: "1",
        image,
        users,
      });
      await store.record({
        images,
        places: [
          place("/2", sha("a"), ["bob", "ana"]),
          place("/1", sha("a"), []),
          place("/3", sha("b"), ["ana"]),
        ],
        failures: [],
        vectors,
      });
      await store.record({
        images: [],
        places: [place("/2", sha("a"), ["carl", "bob"])],
        failures: [],
        vectors: null,
      });
      expect(await store.ownersOf(sha("a"))).toEqual([
        { source: "/1", user: null },
        { source: "/2", user: "ana" },
        { source: "/2", user: "bob" },
        { source: "/2", user: "carl" },
      ]);
      const places = await store.placesOf([sha("a"), sha("x")], 9);
      expect(places.get(sha("a"))!.map(({ source }) => source)).toEqual(["/2", "/1"]);
      expect(places.get(sha("x"))).toEqual([]);
      expect([await store.crowded(1), await store.crowded(2), await store.crowded(3)]).toEqual([
        [sha("a"), sha("b")],
        [sha("a")],
        [],
      ]);
      expect(await Promise.all(["", "/", "/2", "/4"].map((prefix) => store.countBelow(prefix)))).toEqual([
        3, 3, 1, 0,
      ]);
      const first = await store.placesOf([sha("b"), sha("a")], 1);
      expect([...first.values()].map(([place]) => place!.source)).toEqual(["/3", "/2"]);
      expect(await store.users()).toEqual(["ana", "bob", "carl"]);
      const sources: string[] = [];
      for await (const block of store.placesOfUser("ana")) sources.push(...block.map(({ source }) => source));
      expect(sources.sort()).toEqual(["/2", "/3"]);
      expect((await store.vectors(SPACE, "ana")).images).toEqual([sha("a"), sha("b")]);
      const bobs = await store.vectors(SPACE, "bob");
      expect([bobs.images, [...bobs.vectors.data]]).toEqual([[sha("a")], [1, 0]]);
      await dispose();
    });

    it("drops vectors without moving those that stay", async () => {
      const { store, dispose } = await open();
      await store.record(batch([sha("a"), sha("b"), sha("c")], [1, 0, 0.6, 0.8, 0, 1]));
      await store.dropVectors([sha("b")]);
      const { images, vectors } = await store.vectors(SPACE, null);
      expect(images).toEqual([sha("a"), sha("c")]);
      expect([...vectors.data]).toEqual([1, 0, 0, 1]);
      await store.record(batch([sha("d")], [0, -1]));
      expect([...(await store.vectors(SPACE, null)).vectors.data]).toEqual([1, 0, 0, 1, 0, -1]);
      await dispose();
    });

    it("finds images by the start of their hash", async () => {
      const { store, dispose } = await open();
      await store.record(batch([sha("a"), sha("b"), sha("f")], [1, 0, 0, 1, 1, 0]));
      expect(await store.imagesStartingWith("ff", 2)).toEqual([sha("f")]);
      expect(await store.imagesStartingWith("", 2)).toEqual([sha("a"), sha("b")]);
      expect(await store.imagesStartingWith("c", 2)).toEqual([]);
      await dispose();
    });

    it("replaces the albums whole and keeps history newest first", async () => {
      const { store, dispose } = await open();
      const state = [ALBUM];
      await store.saveAlbums(state, [{ at: "1", kind: "born", albumId: "a1", text: "one" }]);
      await store.saveAlbums(state, [{ at: "2", kind: "renamed", albumId: "a1", text: "two" }]);
      expect(await store.albums()).toEqual(state);
      expect((await store.history(10)).map((event) => event.text)).toEqual(["two", "one"]);
      await store.saveAlbums([], []);
      expect(await store.albums()).toEqual([]);
      await dispose();
    });

    it("keeps annotations by recipe, meta by key and the newest run", async () => {
      const { store, dispose } = await open();
      await store.annotate("c@1", [{ image: sha("a"), text: "a dog", score: -1.2 }]);
      expect((await store.annotations("c@1")).get(sha("a"))).toEqual({
        image: sha("a"),
        text: "a dog",
        score: -1.2,
      });
      expect(await store.annotations("c@2")).toEqual(new Map());
      expect(await store.meta("model")).toBeNull();
      await store.setMeta("model", "starter");
      expect(await store.meta("model")).toBe("starter");
      expect(await store.lastRun()).toBeNull();
      await store.saveRun({ command: "organize", startedAt: "1", receipt: { n: 1 } });
      await store.saveRun({ command: "add", startedAt: "2", receipt: { n: 2 } });
      expect(await store.lastRun()).toMatchObject({ command: "add", receipt: { n: 2 } });
      await dispose();
    });

    it("has everything again after it was closed and opened", async () => {
      const { store, reopen, dispose } = await open();
      await store.record(batch([sha("a")], [0, 1]));
      await store.saveAlbums([ALBUM], []);
      if (reopen === null) return dispose();
      const again = await reopen();
      expect([...(await again.vectors(SPACE, null)).vectors.data]).toEqual([0, 1]);
      expect(await again.albums()).toEqual([ALBUM]);
      await dispose();
    });
  });
}
