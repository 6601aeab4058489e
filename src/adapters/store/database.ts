/** Opens the catalog's database file: pragmas, schema, version. Store and journal share one connection. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import Database from "libsql";
import { AlbumenError, isAlbumenError, messageOf } from "../../errors.ts";

export type CatalogDatabase = Database.Database;

export type Row = Record<string, string | number | null>;

/** `all(text, values…)` with each text compiled once. */
export function rowsOf(
  db: CatalogDatabase,
): (text: string, ...values: readonly (string | number)[]) => Row[] {
  const statements = new Map<string, Database.Statement>();
  return (text, ...values) => {
    let statement = statements.get(text);
    if (!statement) statements.set(text, (statement = db.prepare(text)));
    return statement.all(values) as Row[];
  };
}

/** Written to `PRAGMA user_version`; a higher one on disk is refused, a lower one is brought up step by step. */
export const SCHEMA_VERSION = 2;

/** What version 2 has in the place of version 1's `images`, `locations` and `failures`. */
const PLACES = `
-- facts: ImageFacts as JSON, so that a new fact needs no new column
CREATE TABLE images (image TEXT PRIMARY KEY, size_bytes INTEGER NOT NULL, facts TEXT NOT NULL) WITHOUT ROWID;
-- image is null where the place failed; stamp is null where it was never read
CREATE TABLE places (
  id INTEGER PRIMARY KEY, source TEXT NOT NULL UNIQUE, name TEXT NOT NULL, stamp TEXT, image TEXT);
CREATE INDEX places_image ON places (image);
CREATE TABLE owners (place INTEGER NOT NULL, user TEXT NOT NULL, PRIMARY KEY (place, user)) WITHOUT ROWID;
CREATE INDEX owners_user ON owners (user, place);
CREATE TABLE failures (
  source TEXT PRIMARY KEY, code TEXT NOT NULL, reason TEXT NOT NULL, attempts INTEGER NOT NULL, at TEXT NOT NULL) WITHOUT ROWID;
-- COUNT(*) reads a whole index: a tenth of a second at two million rows
CREATE TABLE counts (
  one INTEGER PRIMARY KEY CHECK (one = 1), images INTEGER NOT NULL, places INTEGER NOT NULL, failures INTEGER NOT NULL);
INSERT INTO counts VALUES (1, 0, 0, 0);
CREATE TRIGGER images_in AFTER INSERT ON images BEGIN UPDATE counts SET images = images + 1; END;
CREATE TRIGGER images_out AFTER DELETE ON images BEGIN UPDATE counts SET images = images - 1; END;
CREATE TRIGGER failures_in AFTER INSERT ON failures BEGIN UPDATE counts SET failures = failures + 1; END;
CREATE TRIGGER failures_out AFTER DELETE ON failures BEGIN UPDATE counts SET failures = failures - 1; END;
CREATE TRIGGER places_in AFTER INSERT ON places WHEN new.image IS NOT NULL
  BEGIN UPDATE counts SET places = places + 1; END;
CREATE TRIGGER places_out AFTER DELETE ON places WHEN old.image IS NOT NULL
  BEGIN UPDATE counts SET places = places - 1; END;
CREATE TRIGGER places_change AFTER UPDATE OF image ON places WHEN (old.image IS NULL) <> (new.image IS NULL)
  BEGIN UPDATE counts SET places = places + (old.image IS NULL) - (new.image IS NULL); END;
`;

const SCHEMA = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
${PLACES}
-- row n of the space's vector file belongs to image; rows past the highest n are leftovers of a killed run
CREATE TABLE vector_rows (
  space TEXT NOT NULL, row INTEGER NOT NULL, image TEXT NOT NULL, PRIMARY KEY (space, row)) WITHOUT ROWID;
CREATE UNIQUE INDEX vector_rows_image ON vector_rows (space, image);
CREATE TABLE annotations (
  recipe TEXT NOT NULL, image TEXT NOT NULL, text TEXT NOT NULL, score REAL NOT NULL,
  PRIMARY KEY (recipe, image)) WITHOUT ROWID;
CREATE TABLE albums (
  id TEXT PRIMARY KEY, position INTEGER NOT NULL, parent_id TEXT, name TEXT NOT NULL, name_source TEXT NOT NULL,
  name_score REAL, evidence TEXT, cohesion REAL, trust REAL) WITHOUT ROWID;
CREATE TABLE members (
  image TEXT PRIMARY KEY, album_id TEXT NOT NULL, position INTEGER NOT NULL, similarity REAL NOT NULL,
  rank INTEGER NOT NULL, pinned INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE history (
  seq INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, album_id TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE runs (
  id INTEGER PRIMARY KEY, command TEXT NOT NULL, started_at TEXT NOT NULL, receipt TEXT NOT NULL);
`;

/** The script that brings a database of version n + 1 up by one, by n. */
const UPGRADES = [
  // 2: places apart from their owners, failed ones among them; facts as JSON; how far albums are to be trusted.
  `
ALTER TABLE albums ADD COLUMN trust REAL;
ALTER TABLE images RENAME TO images_1;
ALTER TABLE locations RENAME TO locations_1;
ALTER TABLE failures RENAME TO failures_1;
DROP INDEX locations_image;
${PLACES}
INSERT INTO images SELECT image, size_bytes, json_object('width', width, 'height', height, 'format', format,
  'takenAt', taken_at, 'latitude', latitude, 'longitude', longitude, 'camera', camera,
  'title', NULL, 'keywords', json_array(), 'readable', 1, 'looks', NULL,
  'meanColor', json_array(red, green, blue)) FROM images_1;
INSERT INTO places (source, name, stamp, image) SELECT source, name, stamp, image FROM locations_1;
INSERT INTO owners SELECT id, user FROM locations_1 JOIN places USING (source) WHERE user IS NOT NULL;
-- one without a stamp was never listed: there is no place to remember
INSERT INTO places (source, name, stamp, image) SELECT source, source, stamp, NULL FROM failures_1 WHERE stamp <> '';
INSERT INTO failures SELECT source, code, reason, attempts, at FROM failures_1;
DROP TABLE images_1;
DROP TABLE locations_1;
DROP TABLE failures_1;
`,
];

/** Pages kept in memory, in KiB: with SQLite's 2 MB every insert into a random place of a large index goes to the disk. */
const PAGE_CACHE_KIB = 32_768;

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
    db.pragma(`cache_size = -${PAGE_CACHE_KIB}`);
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
  if (version < SCHEMA_VERSION)
    transact(db, () => {
      for (const script of version === 0 ? [SCHEMA] : UPGRADES.slice(version - 1)) db.exec(script);
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
