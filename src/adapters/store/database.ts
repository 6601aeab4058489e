/** Opens the catalog's database file: pragmas, schema, version. Store and journal share one connection. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import Database from "libsql";
import { AlbumenError, isAlbumenError, messageOf } from "../../errors.ts";

export type CatalogDatabase = Database.Database;

/** Written to `PRAGMA user_version`; a higher one on disk is refused, a lower one is brought up step by step. */
export const SCHEMA_VERSION = 1;

const SCHEMA = `
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
-- row n of the space's vector file belongs to image; rows past the highest n are leftovers of a killed run
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
`;

/**
 * Opens or creates the database at `path` (`:memory:` for tests).
 * WAL with `synchronous=NORMAL`: a killed process loses nothing committed; a power cut may lose the last commits
 * but never corrupts.
 * Errors: `CATALOG_TOO_NEW`, `CATALOG_CORRUPT`, `OUTPUT_UNWRITABLE`, `DISK_FULL`; the last three also from every later
 * use of the connection, for a disk fills and a file breaks at any time.
 */
export function openDatabase(path: string): CatalogDatabase {
  let db: CatalogDatabase;
  let version: number;
  try {
    db = speakingPlainly(new Database(path, { timeout: 5000 }), path);
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = NORMAL");
    db.pragma("busy_timeout = 5000");
    version = (db.pragma("user_version", { simple: false }) as { user_version: number }[])[0]!.user_version;
  } catch (cause) {
    throw asCatalogError(cause, path) ?? unreadable(path, cause);
  }
  if (version > SCHEMA_VERSION) {
    db.close();
    throw new AlbumenError(
      "CATALOG_TOO_NEW",
      `The catalog ${path} has schema ${version}; this Albumen knows up to ${SCHEMA_VERSION}.`,
      { hint: "Update Albumen (npm i albumen@latest), or choose a new output with --out." },
    );
  }
  if (version === 0)
    transact(db, () => {
      db.exec(SCHEMA);
      db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    });
  return db;
}

/** Runs `work` whole or not at all. Throws what `work` threw: the library's own `transaction` would tell of a rollback that failed. */
export function transact(db: CatalogDatabase, work: () => void): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    work();
    db.exec("COMMIT");
  } catch (error) {
    // A full disk may have rolled back already.
    if (db.inTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

/** Makes the connection throw `AlbumenError`s, from whichever statement. */
function speakingPlainly(db: CatalogDatabase, path: string): CatalogDatabase {
  const plainly =
    <In extends unknown[], Out>(call: (...args: In) => Out) =>
    (...args: In): Out => {
      try {
        return call(...args);
      } catch (error) {
        throw asCatalogError(error, path) ?? error;
      }
    };
  const prepare = plainly((text: string) => Database.prototype.prepare.call(db, text));
  return Object.assign(db, {
    exec: plainly(db.exec.bind(db)),
    prepare(text: string) {
      const statement = prepare(text);
      return Object.assign(statement, {
        run: plainly(statement.run.bind(statement)),
        get: plainly(statement.get.bind(statement)),
        all: plainly(statement.all.bind(statement)),
      });
    },
  });
}

/** null: not one of those that have nothing to do with what was asked. */
function asCatalogError(error: unknown, path: string): AlbumenError | null {
  if (isAlbumenError(error)) return error;
  const reason = messageOf(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code.startsWith("SQLITE_FULL") || (code.startsWith("SQLITE_IOERR") && /full|space/i.test(reason)))
    return new AlbumenError("DISK_FULL", `There is no room for the catalog ${path}.`, {
      hint: "Free some space and run the same command again; it goes on where it stopped.",
      isRetryable: true,
      cause: error,
    });
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) return unreadable(path, error);
  if (/^SQLITE_(READONLY|CANTOPEN|PERM)/.test(code) || /readonly|unable to open|permission/i.test(reason))
    return new AlbumenError("OUTPUT_UNWRITABLE", `Cannot open the catalog ${path} for writing: ${reason}.`, {
      hint: "Check the folder's permissions, or choose another output with --out.",
      cause: error,
    });
  return null;
}

function unreadable(path: string, cause: unknown): AlbumenError {
  return new AlbumenError(
    "CATALOG_CORRUPT",
    `The catalog ${path} is not readable as a database: ${messageOf(cause)}.`,
    {
      hint: "Restore it from a backup, or choose a new output with --out; your pictures are not touched.",
      cause,
    },
  );
}

/** Holds the catalog for one writing process. Returns the release. */
export function lockCatalog(folder: string): () => void {
  // An SQLite transaction is the lock because the system drops it with the process, however that dies:
  // a lock file of our own would outlive a kill -9 and need guessing whether its owner still lives.
  const path = join(folder, "lock.db");
  const ownerPath = join(folder, "lock.pid");
  let db: CatalogDatabase | null = null;
  try {
    db = new Database(path, { timeout: 0 });
    db.exec("BEGIN EXCLUSIVE");
    writeFileSync(ownerPath, String(process.pid));
  } catch (cause) {
    db?.close();
    if (!/locked|busy/i.test(messageOf(cause)))
      throw new AlbumenError(
        "OUTPUT_UNWRITABLE",
        `Cannot write into ${dirname(path)}: ${messageOf(cause)}.`,
        {
          hint: "Check the folder's permissions, or choose another output with --out.",
          cause,
        },
      );
    const owner = existsSync(ownerPath) ? readFileSync(ownerPath, "utf8") : "unknown";
    throw new AlbumenError(
      "CATALOG_LOCKED",
      `Another Albumen (process ${owner}) is working on ${dirname(path)}.`,
      {
        hint: "Wait until it is done, or stop it.",
        isRetryable: true,
        cause,
      },
    );
  }
  const held = db;
  return () => {
    held.exec("ROLLBACK");
    held.close();
  };
}
