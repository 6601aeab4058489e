import { appendFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { expect, it } from "vitest";
import { makeVectors } from "../../core/vectors.ts";
import { testStore } from "../../../test/conformance/store.ts";
import { lockCatalog, openDatabase, SCHEMA_VERSION } from "./database.ts";
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
