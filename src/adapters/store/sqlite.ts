/** The store on SQLite (libsql), rows in the database and vectors in one file a space. */
import type { AnnotationRow, Store } from "../../ports/store.ts";
import { albumTables } from "./album-tables.ts";
import { rowsOf, transact, type CatalogDatabase } from "./database.ts";
import { placeTables } from "./place-tables.ts";

export interface SqliteStoreOptions {
  readonly db: CatalogDatabase;
  /** folder of the vector files; null keeps vectors in memory (tests) */
  readonly vectorFolder: string | null;
}

/** The store owns `db` from now on: closing the store closes it. */
export function createSqliteStore({ db, vectorFolder }: SqliteStoreOptions): Store {
  const all = rowsOf(db);
  const sql = {
    meta: db.prepare("INSERT OR REPLACE INTO meta VALUES (?, ?)"),
    annotation: db.prepare("INSERT OR REPLACE INTO annotations VALUES (?, ?, ?, ?)"),
  };
  return {
    ...placeTables(db, vectorFolder),
    ...albumTables(db),

    async meta(key) {
      return (all("SELECT value FROM meta WHERE key = ?", key)[0]?.["value"] as string | undefined) ?? null;
    },
    async setMeta(key, value) {
      sql.meta.run([key, value]);
    },

    async annotations(recipe) {
      const rows = all(
        "SELECT image, text, score FROM annotations WHERE recipe = ?",
        recipe,
      ) as unknown as AnnotationRow[];
      return new Map(rows.map((row) => [row.image, row]));
    },
    async annotate(recipe, rows) {
      transact(db, () => rows.forEach((row) => sql.annotation.run([recipe, row.image, row.text, row.score])));
    },

    async saveRun({ command, startedAt, receipt }) {
      db.prepare("INSERT INTO runs (command, started_at, receipt) VALUES (?, ?, ?)").run([
        command,
        startedAt,
        JSON.stringify(receipt),
      ]);
    },
    async lastRun() {
      const row = all("SELECT * FROM runs ORDER BY id DESC LIMIT 1")[0];
      if (!row) return null;
      return {
        id: row["id"] as number,
        command: row["command"] as string,
        startedAt: row["started_at"] as string,
        receipt: JSON.parse(row["receipt"] as string) as unknown,
      };
    },

    async close() {
      db.close();
    },
  };
}
