import { appendFileSync, mkdtempSync, readdirSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { expect, it } from "vitest";
import { makeVectors } from "../../core/vectors.ts";
import { testStore } from "../../../test/conformance/store.ts";
import { lockCatalog, openDatabase, SCHEMA_VERSION, transact } from "./database.ts";
import { createSqliteStore } from "./sqlite.ts";

testStore("sqlite on disk", async () => {
  const folder = mkdtempSync(join(tmpdir(), "albumen-store-"));
  const open = () =>
    createSqliteStore({
      db: openDatabase(join(folder, "catalog.db")),
      vectorFolder: join(folder, "vectors"),
    });
  let store = open();
  return {
    store,
    reopen: async () => {
      await store.close();
      return (store = open());
    },
    dispose: async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
});

testStore("sqlite in memory", async () => {
  const store = createSqliteStore({ db: openDatabase(":memory:"), vectorFolder: null });
  return { store, reopen: null, dispose: () => store.close() };
});

it("writes over what a killed run left behind the last known vector", async () => {
  const folder = mkdtempSync(join(tmpdir(), "albumen-store-"));
  const store = createSqliteStore({ db: openDatabase(join(folder, "c.db")), vectorFolder: folder });
  const record = (image: string, values: number[]) =>
    store.record({
      images: [],
      locations: [],
      failures: [],
      vectors: { space: "s@1:2", images: [image], vectors: makeVectors(new Float32Array(values), 2) },
    });
  await record("a", [1, 0]);
  const file = readdirSync(folder).find((name) => name.endsWith(".f32"))!;
  appendFileSync(join(folder, file), Buffer.alloc(20, 7));
  await record("b", [0, 1]);
  expect([...(await store.vectors("s@1:2")).vectors.data]).toEqual([1, 0, 0, 1]);
  await store.close();
  rmSync(folder, { recursive: true });
});

it("forgets vectors that a power cut took from the end of the file, and tells when there are too few", async () => {
  const folder = mkdtempSync(join(tmpdir(), "albumen-store-"));
  const store = createSqliteStore({ db: openDatabase(join(folder, "c.db")), vectorFolder: folder });
  const vectors = {
    space: "s@1:2",
    images: ["a", "b"],
    vectors: makeVectors(Float32Array.of(1, 0, 0, 1), 2),
  };
  await store.record({ images: [], locations: [], failures: [], vectors });
  const file = readdirSync(folder).find((name) => name.endsWith(".f32"))!;
  truncateSync(join(folder, file), 12);
  await expect(store.vectors("s@1:2")).rejects.toMatchObject({ code: "CATALOG_CORRUPT" });
  expect(await store.embedded("s@1:2")).toEqual(new Set(["a"]));
  expect([...(await store.vectors("s@1:2")).vectors.data]).toEqual([1, 0]);
  await store.close();
  rmSync(folder, { recursive: true });
});

it("undoes a transaction that fails, and tells why in Albumen's words", async () => {
  const db = openDatabase(":memory:");
  // A database that may not grow is full at once.
  db.exec(`PRAGMA max_page_count = ${pagesOf(db)}`);
  const fill = () =>
    transact(db, () => {
      for (let i = 0; i < 1000; i++)
        db.prepare("INSERT INTO meta VALUES (?, ?)").run([`key ${i}`, "x".repeat(1000)]);
    });
  expect(fill).toThrow(expect.objectContaining({ code: "DISK_FULL", isRetryable: true }));
  expect(db.prepare("SELECT COUNT(*) AS n FROM meta").get([])).toMatchObject({ n: 0 });
  db.close();
});

function pagesOf(db: ReturnType<typeof openDatabase>): number {
  return (db.prepare("PRAGMA page_count").get([]) as { page_count: number }).page_count;
}

it("refuses a catalog of a newer version and a file that is no database", () => {
  const folder = mkdtempSync(join(tmpdir(), "albumen-store-"));
  const path = join(folder, "catalog.db");
  const db = new Database(path);
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
  db.close();
  expect(() => openDatabase(path)).toThrowError(expect.objectContaining({ code: "CATALOG_TOO_NEW" }));
  const junk = join(folder, "junk.db");
  appendFileSync(junk, "this is not a database, though it is long enough to be taken for one".repeat(100));
  expect(() => openDatabase(junk)).toThrowError(expect.objectContaining({ code: "CATALOG_CORRUPT" }));
  rmSync(folder, { recursive: true });
});

it("lets one process write a catalog at a time", () => {
  const folder = mkdtempSync(join(tmpdir(), "albumen-store-"));
  const release = lockCatalog(folder);
  expect(() => lockCatalog(folder)).toThrowError(expect.objectContaining({ code: "CATALOG_LOCKED" }));
  release();
  lockCatalog(folder)();
  rmSync(folder, { recursive: true });
});
