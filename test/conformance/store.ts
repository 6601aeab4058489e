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
  meanColor: [10, 20, 30],
};
const SPACE = "fake@1:2";
const sha = (letter: string): string => letter.repeat(64);

function batch(images: string[], vectors: number[]): IngestBatch {
  return {
    images: images.map((image) => ({ image, sizeBytes: 9, facts: FACTS })),
    locations: images.map((image) => ({
      source: `/in/${image[0]}.jpg`,
      name: `${image[0]}.jpg`,
      user: null,
      stamp: "9:1",
      image,
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
    it("gives back what was recorded, vectors in the order they were written", async () => {
      const { store, dispose } = await open();
      await store.record(batch([sha("b"), sha("a")], [1, 0, 0, 1]));
      await store.record(batch([sha("c")], [0.6, 0.8]));
      expect((await store.images()).map((row) => row.image)).toEqual([sha("a"), sha("b"), sha("c")]);
      expect((await store.images())[0]!.facts).toEqual(FACTS);
      const { images, vectors } = await store.vectors(SPACE);
      expect(images).toEqual([sha("b"), sha("a"), sha("c")]);
      expect([...vectors.data]).toEqual([1, 0, 0, 1, Math.fround(0.6), Math.fround(0.8)]);
      expect(await store.embedded(SPACE)).toEqual(new Set([sha("a"), sha("b"), sha("c")]));
      expect(await store.embedded("fake@2:2")).toEqual(new Set());
      await dispose();
    });

    it("knows a place by its stamp, and forgets its failure once it gave an image", async () => {
      const { store, dispose } = await open();
      const failure = {
        source: "/in/a.jpg",
        stamp: "0:1",
        code: "IMAGE_EMPTY" as const,
        reason: "empty",
        attempts: 1,
        at: "2026-01-01T00:00:00Z",
      };
      await store.record({ images: [], locations: [], failures: [failure], vectors: null });
      await store.record({ images: [], locations: [], failures: [failure], vectors: null });
      expect((await store.failures())[0]!.attempts).toBe(2);
      expect(await store.knownPlaces()).toEqual(new Map([["/in/a.jpg", { stamp: "0:1", image: null }]]));
      await store.record(batch([sha("a")], [1, 0]));
      expect(await store.failures()).toEqual([]);
      expect(await store.knownPlaces()).toEqual(new Map([["/in/a.jpg", { stamp: "9:1", image: sha("a") }]]));
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
      expect([...(await again.vectors(SPACE)).vectors.data]).toEqual([0, 1]);
      expect(await again.albums()).toEqual([ALBUM]);
      await dispose();
    });
  });
}
