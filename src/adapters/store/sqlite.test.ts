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
      places: [],
      failures: [],
      vectors: { space: "s@1:2", images: [image], vectors: makeVectors(new Float32Array(values), 2) },
    });
  await record("a", [1, 0]);
  const file = readdirSync(folder).find((name) => name.endsWith(".f32"))!;
  appendFileSync(join(folder, file), Buffer.alloc(20, 7));
  await record("b", [0, 1]);
  expect([...(await store.vectors("s@1:2", null)).vectors.data]).toEqual([1, 0, 0, 1]);
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
  await store.record({ images: [], places: [], failures: [], vectors });
  const file = readdirSync(folder).find((name) => name.endsWith(".f32"))!;
  truncateSync(join(folder, file), 12);
  await expect(store.vectors("s@1:2", null)).rejects.toMatchObject({ code: "CATALOG_CORRUPT" });
  expect(await store.embedded("s@1:2", ["a", "b"])).toEqual(new Set(["a"]));
  expect([...(await store.vectors("s@1:2", null)).vectors.data]).toEqual([1, 0]);
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

/** As the first version wrote it. */
const VERSION_1 = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE images (
  image TEXT PRIMARY KEY, size_bytes INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
  format TEXT NOT NULL, taken_at TEXT, latitude REAL, longitude REAL, camera TEXT,
  red INTEGER NOT NULL, green INTEGER NOT NULL, blue INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE locations (
  source TEXT PRIMARY KEY, name TEXT NOT NULL, user TEXT, stamp TEXT NOT NULL, image TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX locations_image ON locations (image);
CREATE TABLE failures (
  source TEXT PRIMARY KEY, stamp TEXT NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL,
  attempts INTEGER NOT NULL, at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE vector_rows (
  space TEXT NOT NULL, row INTEGER NOT NULL, image TEXT NOT NULL, PRIMARY KEY (space, row)) WITHOUT ROWID;
CREATE UNIQUE INDEX vector_rows_image ON vector_rows (space, image);
CREATE TABLE annotations (
  recipe TEXT NOT NULL, image TEXT NOT NULL, text TEXT NOT NULL, score REAL NOT NULL,
  PRIMARY KEY (recipe, image)) WITHOUT ROWID;
CREATE TABLE albums (
  id TEXT PRIMARY KEY, position INTEGER NOT NULL, parent_id TEXT, name TEXT NOT NULL, name_source TEXT NOT NULL,
  name_score REAL, evidence TEXT, cohesion REAL) WITHOUT ROWID;
CREATE TABLE members (
  image TEXT PRIMARY KEY, album_id TEXT NOT NULL, position INTEGER NOT NULL, similarity REAL NOT NULL,
  rank INTEGER NOT NULL, pinned INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE history (
  seq INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, album_id TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE runs (
  id INTEGER PRIMARY KEY, command TEXT NOT NULL, started_at TEXT NOT NULL, receipt TEXT NOT NULL);
INSERT INTO images VALUES ('aa', 9, 40, 30, 'jpeg', '2024-05-01T10:00:00', 52.5, NULL, NULL, 10, 20, 30);
INSERT INTO locations VALUES ('/in/a.jpg', 'a.jpg', 'ana', '9:1', 'aa'), ('/in/b.jpg', 'b.jpg', NULL, '9:2', 'aa');
INSERT INTO failures VALUES ('/in/bad.jpg', '3:1', 'IMAGE_CORRUPT', 'broken', 2, '2026-01-01T00:00:00Z'),
  ('/in/locked', '', 'FILE_UNREADABLE', 'no', 1, '2026-01-01T00:00:00Z');
INSERT INTO albums VALUES ('a1', 0, NULL, 'Dogs', 'user', NULL, NULL, 0.7);
INSERT INTO members VALUES ('aa', 'a1', 0, 0.9, 0, 1);
PRAGMA user_version = 1;
`;

it("opens a catalog of the first version with everything in it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "albumen-store-"));
  const path = join(folder, "catalog.db");
  const old = new Database(path);
  old.exec(VERSION_1);
  old.close();
  const store = createSqliteStore({ db: openDatabase(path), vectorFolder: folder });
  expect(await store.counts()).toEqual({ images: 1, places: 2, failures: 2 });
  expect((await store.images(["aa"])).get("aa")).toMatchObject({
    image: "aa",
    sizeBytes: 9,
    facts: {
      width: 40,
      height: 30,
      format: "jpeg",
      takenAt: "2024-05-01T10:00:00",
      latitude: 52.5,
      longitude: null,
      camera: null,
      meanColor: [10, 20, 30],
    },
  });
  expect(await store.ownersOf("aa")).toEqual([
    { source: "/in/a.jpg", user: "ana" },
    { source: "/in/b.jpg", user: null },
  ]);
  const known = await store.known(
    ["/in/a.jpg", "/in/bad.jpg", "/in/locked"].map((source) => ({ source, user: null })),
  );
  expect(known).toEqual([
    { name: "a.jpg", stamp: "9:1", image: "aa", failure: null, isOwned: true },
    { name: "/in/bad.jpg", stamp: "3:1", image: null, failure: "IMAGE_CORRUPT", isOwned: true },
    null,
  ]);
  expect((await store.failures({ after: null, limit: 9 })).map(({ attempts }) => attempts)).toEqual([2, 1]);
  expect(await store.albums()).toMatchObject([{ id: "a1", trust: null, members: [{ image: "aa" }] }]);
  await store.close();
  rmSync(folder, { recursive: true });
});
