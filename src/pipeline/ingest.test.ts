import { describe, expect, it } from "vitest";
import { createMemoryBlobStore } from "../adapters/blob-store/memory.ts";
import { createFakeEmbedder } from "../adapters/embedder/fake.ts";
import { createPpmDecoder, encodePpm } from "../adapters/image-decoder/ppm.ts";
import { createMemorySource } from "../adapters/image-source/memory.ts";
import { openDatabase } from "../adapters/store/database.ts";
import { createSqliteStore } from "../adapters/store/sqlite.ts";
import { AlbumenError } from "../errors.ts";
import { spaceKey } from "../ports/embedder.ts";
import type { Store } from "../ports/store.ts";
import { ingest } from "./ingest.ts";

/** A plain picture of one colour. */
const picture = (red: number, green = 0): Uint8Array =>
  encodePpm({
    width: 4,
    height: 4,
    data: Uint8Array.from({ length: 48 }, (_, i) => [red, green, 9][i % 3]!),
  });
const openStore = (): Store => createSqliteStore({ db: openDatabase(":memory:"), vectorFolder: null });
type Files = Parameters<typeof createMemorySource>[0];

async function take(
  store: Store,
  files: Files,
  changes: { embedder?: ReturnType<typeof createFakeEmbedder> } = {},
) {
  const embedder = changes.embedder ?? createFakeEmbedder({ maxBatch: 2 });
  const counts = await ingest(
    {
      source: createMemorySource(files),
      store,
      decoder: createPpmDecoder(),
      embedder,
      thumbs: createMemoryBlobStore(),
      now: () => "2026-01-01T00:00:00Z",
    },
    { signal: new AbortController().signal, report: () => {} },
  );
  return { counts, space: spaceKey(embedder.space) };
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
    expect((await store.locations()).map((row) => row.source)).toEqual([
      "/a.ppm",
      "/b.ppm",
      "/copy of a.ppm",
    ]);
    expect((await store.vectors(space)).vectors.rows).toBe(2);
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
    const failures = await store.failures();
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
    expect(await store.failures()).toEqual([]);
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
      vectors.push([...(await store.vectors(space)).vectors.data]);
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
    expect((await store.images()).length).toBe(4);
    const { counts, space } = await take(store, files);
    expect(counts).toMatchObject({ unchanged: 4, added: 5 });
    expect((await store.vectors(space)).vectors.rows).toBe(9);
    await store.close();
  });
});
