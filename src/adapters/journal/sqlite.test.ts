import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { afterAll } from "vitest";
import { testJournal } from "../../../test/conformance/journal.ts";
import { createSqliteJournal, migrate } from "./sqlite.ts";

const made: string[] = [];
afterAll(() => Promise.all(made.map((folder) => rm(folder, { recursive: true, force: true }))));

testJournal("journal in sqlite", async () => {
  const folder = await mkdtemp(join(tmpdir(), "albumen-journal-"));
  made.push(folder);
  let db: Database.Database | undefined;
  const open = async () => {
    db?.close();
    db = new Database(join(folder, "catalog.db"));
    db.pragma("journal_mode = WAL");
    migrate(db);
    return createSqliteJournal(db);
  };
  return { journal: await open(), reopen: open };
});
