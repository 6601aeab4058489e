import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createMemoryBlobStore } from "../adapters/blob-store/memory.ts";
import { createFakeEmbedder } from "../adapters/embedder/fake.ts";
import { createPpmDecoder, encodePpm } from "../adapters/image-decoder/ppm.ts";
import { createMemorySource } from "../adapters/image-source/memory.ts";
import { openDatabase } from "../adapters/store/database.ts";
import { createSqliteStore } from "../adapters/store/sqlite.ts";
import { AlbumenError } from "../errors.ts";
import { spaceKey } from "../ports/embedder.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { ImageSource, SourceItem } from "../ports/image-source.ts";
import type { Store } from "../ports/store.ts";
import { ingest, type IngestOptions } from "./ingest.ts";

/** A plain picture of one colour. */
const picture = (red: number, green = 0): Uint8Array =>
  encodePpm({
    width: 4,
    height: 4,
    data: Uint8Array.from({ length: 48 }, (_, i) => [red, green, 9][i % 3]!),
  });
const openStore = (): Store => createSqliteStore({ db: openDatabase(":memory:"), vectorFolder: null });
type Files = Parameters<typeof createMemorySource>[0];

interface Changes {
  readonly embedder?: ReturnType<typeof createFakeEmbedder>;
  readonly source?: ImageSource;
  readonly originals?: BlobStore;
  readonly options?: IngestOptions;
}

async function take(store: Store, files: Files, changes: Changes = {}) {
  const embedder = changes.embedder ?? createFakeEmbedder({ maxBatch: 2 });
  const counts = await ingest(
    {
      source: changes.source ?? createMemorySource(files),
      store,
      decoder: createPpmDecoder(),
      embedder,
      thumbs: createMemoryBlobStore(),
      originals: changes.originals ?? createMemoryBlobStore(),
      now: () => "2026-01-01T00:00:00Z",
    },
    { signal: new AbortController().signal, report: () => {} },
    changes.options,
  );
  return { counts, space: spaceKey(embedder.space) };
}

/** The web: URLs say nothing of their content before they are read, and answer "unchanged" to their ETag. */
function createWeb(
  pages: Readonly<Record<string, Uint8Array | undefined>>,
): ImageSource & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    async *list() {
      for (const source of Object.keys(pages))
        yield { kind: "location", location: { source, name: "photo", user: "ana", stamp: null } };
    },
    async read({ source }, { before }) {
      asked.push(source);
      const bytes = pages[source];
      if (!bytes) throw new AlbumenError("FETCH_404", "gone");
      const stamp = `etag ${bytes.length} ${bytes.at(-3)}`;
      return before === stamp ? { kind: "unchanged" } : { kind: "bytes", bytes: bytes.slice(), stamp };
    },
  };
}

describe("taking images in", () => {
  it("embeds equal bytes once and keeps both places", async () => {
    const store = openStore();
    const { counts, space } = await take(store, [
      { source: "/a.ppm", bytes: picture(1) },
      { source: "/b.ppm", bytes: picture(200) },
      { source: "/copy of a.ppm", bytes: picture(1) },
    ]);
    expect(counts).toMatchObject({ listed: 3, added: 2, duplicates: 1, failed: 0 });
    const { images, vectors } = await store.vectors(space, null);
    const places = await store.placesOf(images, 9);
    expect(images.map((image) => places.get(image)!.map(({ source }) => source))).toEqual([
      ["/a.ppm", "/copy of a.ppm"],
      ["/b.ppm"],
    ]);
    expect(vectors.rows).toBe(2);
    await store.close();
  });

  it("fails every place of a broken picture, and only those", async () => {
    const store = openStore();
    const broken = new TextEncoder().encode("P6 not really");
    const { counts } = await take(store, [
      { source: "/1", bytes: broken },
      { source: "/2", bytes: picture(5) },
      { source: "/3", bytes: broken.slice() },
    ]);
    expect(counts).toMatchObject({ added: 1, failed: 2 });
    const failures = await store.failures({ after: null, limit: 10 });
    expect(failures.map((row) => row.source)).toEqual(["/1", "/3"]);
    expect(failures[0]!.code).toMatch(/^IMAGE_/);
    await store.close();
  });

  it("reads only what is new or changed on the next run", async () => {
    const store = openStore();
    await take(store, [
      { source: "/a", bytes: picture(1), stamp: "1" },
      { source: "/x", bytes: Uint8Array.of(1), stamp: "1" },
    ]);
    const again = await take(store, [
      { source: "/a", bytes: picture(1), stamp: "1" },
      { source: "/b", bytes: picture(2), stamp: "1" },
      { source: "/x", bytes: picture(3), stamp: "2" },
    ]);
    expect(again.counts).toMatchObject({ unchanged: 1, looked: 2, added: 2, failed: 0 });
    expect(await store.failures({ after: null, limit: 10 })).toEqual([]);
    await store.close();
  });

  it("forgets that a known place could not be listed once it is listed again", async () => {
    const store = openStore();
    const files: Files = [{ source: "/a", bytes: picture(1), stamp: "1" }];
    await take(store, files);
    const unreadable: ImageSource = {
      async *list() {
        yield { kind: "failed", source: "/a", error: new AlbumenError("FILE_UNREADABLE", "no permission") };
      },
      read: () => Promise.reject(new Error("nothing is to be read")),
    };
    await take(store, [], { source: unreadable });
    expect(await store.counts()).toEqual({ images: 1, places: 1, failures: 1 });
    const again = await take(store, files);
    expect(again.counts).toMatchObject({ listed: 1, unchanged: 1, looked: 0, added: 0, failed: 0 });
    expect(await store.counts()).toEqual({ images: 1, places: 1, failures: 0 });
    await store.close();
  });

  it("gives the same rows whatever the batch size", async () => {
    const files: Files = Array.from({ length: 11 }, (_, i) => ({
      source: `/${i}`,
      bytes: picture(i * 20, i),
    }));
    const vectors: number[][] = [];
    for (const maxBatch of [1, 3, 64]) {
      const store = openStore();
      const { space } = await take(store, files, { embedder: createFakeEmbedder({ maxBatch }) });
      vectors.push([...(await store.vectors(space, null)).vectors.data]);
      await store.close();
    }
    expect(vectors[1]).toEqual(vectors[0]);
    expect(vectors[2]).toEqual(vectors[0]);
  });

  it("stops when cancelled, keeps whole batches, and goes on from there", async () => {
    const store = openStore();
    const files: Files = Array.from({ length: 9 }, (_, i) => ({
      source: `/${i}`,
      bytes: picture(i * 20, i),
      stamp: "1",
    }));
    const controller = new AbortController();
    const embedder = createFakeEmbedder({ maxBatch: 2 });
    const run = ingest(
      {
        source: createMemorySource(files),
        store,
        decoder: createPpmDecoder(),
        embedder,
        thumbs: createMemoryBlobStore(),
        originals: createMemoryBlobStore(),
        now: () => "",
      },
      {
        signal: controller.signal,
        report: (event) => {
          if (event.kind === "progress" && event.stage === "embed" && event.done >= 4) controller.abort();
        },
      },
    );
    await expect(run).rejects.toSatisfy((error) => error instanceof AlbumenError && error.code === "ABORTED");
    expect((await store.counts()).images).toBe(4);
    const { counts, space } = await take(store, files);
    expect(counts).toMatchObject({ unchanged: 4, added: 5 });
    expect((await store.vectors(space, null)).vectors.rows).toBe(9);
    await store.close();
  });
});

describe("taking in what several users list", () => {
  it("reads a place once and keeps each of its users, whenever they come", async () => {
    const store = openStore();
    let reads = 0;
    const list = (users: readonly string[]): ImageSource => ({
      async *list() {
        for (const user of users)
          yield { kind: "location", location: { source: "/a", name: "a", user, stamp: "1" } };
      },
      async read() {
        reads++;
        return { kind: "bytes", bytes: picture(1), stamp: "1" };
      },
    });
    const first = await take(store, [], { source: list(["ana", "bob", "ana"]) });
    expect(first.counts).toMatchObject({ listed: 3, looked: 3, added: 1 });
    const second = await take(store, [], { source: list(["bob", "cid"]) });
    expect(second.counts).toMatchObject({ listed: 2, unchanged: 1, looked: 1, added: 0 });
    expect(reads).toBe(1);
    const { images } = await store.vectors(first.space, "cid");
    expect((await store.ownersOf(images[0]!)).map(({ user }) => user)).toEqual(["ana", "bob", "cid"]);
    await store.close();
  });

  it("leaves a place its name when somebody else owns it too: its content may have given it an extension", async () => {
    const store = openStore();
    const page = { "https://h/photo": picture(1) };
    const { space } = await take(store, [], { source: createWeb(page) });
    const { images } = await store.vectors(space, null);
    const [place] = (await store.placesOf(images, 1)).get(images[0]!)!;
    const named = { ...place!, name: "photo.png", users: [] };
    await store.record({ images: [], places: [named], failures: [], vectors: null });
    const web = createWeb(page);
    const list = async function* (): AsyncGenerator<SourceItem> {
      const location = { source: "https://h/photo", name: "photo", user: "bob", stamp: null };
      yield { kind: "location", location };
    };
    await take(store, [], { source: { ...web, list } });
    expect((await store.placesOf(images, 9)).get(images[0]!)).toEqual([{ ...place!, name: "photo.png" }]);
    expect((await store.ownersOf(images[0]!)).map(({ user }) => user)).toContain("bob");
    await store.close();
  });

  it("counts the tries of a place that fails, over runs, and keeps whose it is", async () => {
    const store = openStore();
    const pages: Record<string, Uint8Array | undefined> = { "https://h/1": undefined };
    await take(store, [], { source: createWeb(pages) });
    const again = createWeb(pages);
    const { counts } = await take(store, [], { source: again });
    expect(counts).toMatchObject({ looked: 0, failed: 1 });
    expect(again.asked).toEqual([]);
    await take(store, [], { source: createWeb(pages), options: { retryFailed: true } });
    const everything = { after: null, limit: 9 };
    expect(await store.failures(everything)).toMatchObject([{ code: "FETCH_404", attempts: 2 }]);
    expect(await store.failedPlaces(everything)).toMatchObject([{ source: "https://h/1", users: ["ana"] }]);
    pages["https://h/1"] = picture(3);
    await take(store, [], { source: createWeb(pages), options: { retryFailed: true } });
    expect(await store.counts()).toEqual({ images: 1, places: 1, failures: 0 });
    await store.close();
  });
});

describe("taking in what lies in no file of this machine", () => {
  const pages = {
    "https://h/1": picture(1),
    "https://h/2": picture(200),
    "https://h/3": Uint8Array.of(1, 2, 3),
  };

  it("keeps the bytes of pictures, and of nothing else", async () => {
    const [store, originals] = [openStore(), createMemoryBlobStore()];
    const { space } = await take(store, [], { source: createWeb(pages), originals });
    const { images } = await store.vectors(space, null);
    const kept = await Promise.all(images.map((image) => originals.get(image)));
    expect(kept.map((bytes) => [...bytes!])).toEqual([[...picture(1)], [...picture(200)]]);
    const broken = createHash("sha256").update(pages["https://h/3"]).digest("hex");
    expect(await originals.has(broken)).toBe(false);
    expect((await store.failures({ after: null, limit: 9 })).map(({ source }) => source)).toEqual([
      "https://h/3",
    ]);
    await store.close();
  });

  it("asks for nothing again, not even when another encoder needs the bytes", async () => {
    const [store, originals] = [openStore(), createMemoryBlobStore()];
    await take(store, [], { source: createWeb(pages), originals });
    const web = createWeb(pages);
    const fake = createFakeEmbedder();
    const other = { ...fake, space: { ...fake.space, revision: "2" } };
    const { counts, space } = await take(store, [], { source: web, originals, embedder: other });
    expect(web.asked).toEqual([]);
    expect(counts).toMatchObject({ looked: 2, failed: 1 });
    expect((await store.vectors(space, null)).vectors.rows).toBe(2);
    await store.close();
  });

  it("asks whether it has changed when told to refresh, and takes in what has", async () => {
    const [store, originals] = [openStore(), createMemoryBlobStore()];
    const { space } = await take(store, [], { source: createWeb(pages), originals });
    const before = (await store.vectors(space, null)).images;
    const web = createWeb({ ...pages, "https://h/2": picture(90) });
    const { counts } = await take(store, [], { source: web, originals, options: { refresh: true } });
    expect(web.asked).toEqual(["https://h/1", "https://h/2"]);
    expect(counts).toMatchObject({ added: 1, duplicates: 1 });
    expect(await store.imageAt("https://h/1")).toBe(before[0]);
    expect(before).not.toContain(await store.imageAt("https://h/2"));
    await store.close();
  });

  it("leaves out what a host shows for dead links, for good, unless told to keep it", async () => {
    const [store, originals] = [openStore(), createMemoryBlobStore()];
    const gone = picture(7);
    const urls = (from: number, to: number) =>
      Object.fromEntries(Array.from({ length: to - from }, (_, i) => [`https://h/${from + i}.jpg`, gone]));
    const first = await take(store, [], {
      source: createWeb({
        "https://h/good.jpg": picture(1),
        ...urls(0, 5),
        "https://other/1.jpg": picture(2),
      }),
      originals,
    });
    expect(first.counts).toMatchObject({ failed: 5 });
    const failures = await store.failures({ after: null, limit: 9 });
    expect(new Set(failures.map(({ code }) => code))).toEqual(new Set(["IMAGE_PLACEHOLDER"]));
    expect((await store.vectors(first.space, null)).images.length).toBe(2);
    const later = await take(store, [], { source: createWeb(urls(5, 6)), originals });
    expect(later.counts).toMatchObject({ failed: 1 });
    const kept = await take(store, [], {
      source: createWeb(urls(0, 6)),
      originals,
      options: { keepPlaceholders: true },
    });
    expect(kept.counts).toMatchObject({ failed: 0 });
    expect((await store.vectors(first.space, null)).images.length).toBe(3);
    expect(await store.counts()).toEqual({ images: 3, places: 8, failures: 0 });
    await store.close();
  });
});
