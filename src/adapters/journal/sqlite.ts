/** The journal in the catalog's database, on the connection that the store opened. */
import type Database from "libsql";
import { AlbumenError, messageOf } from "../../errors.ts";
import {
  changesOf,
  type AlbumFolder,
  type OutputChange,
  type PlacedFile,
  type PlaceMode,
  type Step,
  type StepOutcome,
} from "../../core/plan/steps.ts";
import type { Journal, JournalEntry } from "../../ports/journal.ts";

const TABLES = `
CREATE TABLE IF NOT EXISTS journal_entries (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, undoes INTEGER, token TEXT NOT NULL, started_at TEXT NOT NULL,
  label TEXT NOT NULL, step_count INTEGER NOT NULL, finished INTEGER NOT NULL, undone INTEGER NOT NULL,
  state_before BLOB);
CREATE TABLE IF NOT EXISTS journal_steps (
  entry INTEGER NOT NULL, n INTEGER NOT NULL, step TEXT NOT NULL, outcome TEXT, PRIMARY KEY (entry, n)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outputs (
  path TEXT PRIMARY KEY, image TEXT NOT NULL, source TEXT NOT NULL, mode TEXT NOT NULL, stamp TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outputs_folders (path TEXT PRIMARY KEY, album TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outputs_published (place TEXT NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (place, sha256)) WITHOUT ROWID;
`;

/** Makes the journal's tables where they are missing; safe to call on every start. */
export function migrate(db: Database.Database): void {
  db.exec(TABLES);
}

interface EntryRow {
  readonly id: number;
  readonly kind: "apply" | "undo";
  readonly undoes: number | null;
  readonly token: string;
  readonly started_at: string;
  readonly label: string;
  readonly step_count: number;
  readonly finished: number;
  readonly undone: number;
}

const ENTRY =
  "SELECT id, kind, undoes, token, started_at, label, step_count, finished, undone FROM journal_entries";

/** `db` is open and migrated; the caller closes it. Errors: `DISK_FULL` from every method that writes. */
export function createSqliteJournal(db: Database.Database): Journal {
  const statements = {
    entries: db.prepare(`${ENTRY} ORDER BY id DESC`),
    unfinished: db.prepare(`${ENTRY} WHERE finished = 0 ORDER BY id LIMIT 1`),
    addEntry: db.prepare(
      "INSERT INTO journal_entries (kind, undoes, token, started_at, label, step_count, finished, undone, state_before) VALUES (?, ?, ?, ?, ?, ?, 0, 0, ?)",
    ),
    finish: db.prepare("UPDATE journal_entries SET finished = 1 WHERE id = ?"),
    markUndone: db.prepare(
      "UPDATE journal_entries SET undone = 1 WHERE id = (SELECT undoes FROM journal_entries WHERE id = ?)",
    ),
    stateBefore: db.prepare("SELECT state_before FROM journal_entries WHERE id = ?"),
    steps: db.prepare("SELECT n, step, outcome FROM journal_steps WHERE entry = ? ORDER BY n"),
    addStep: db.prepare("INSERT INTO journal_steps (entry, n, step, outcome) VALUES (?, ?, ?, NULL)"),
    setOutcome: db.prepare("UPDATE journal_steps SET outcome = ? WHERE entry = ? AND n = ?"),
    files: db.prepare("SELECT path, image, source, mode, stamp FROM outputs ORDER BY path"),
    putFile: db.prepare(
      "INSERT OR REPLACE INTO outputs (path, image, source, mode, stamp) VALUES (?, ?, ?, ?, ?)",
    ),
    dropFile: db.prepare("DELETE FROM outputs WHERE path = ?"),
    folders: db.prepare("SELECT path, album FROM outputs_folders ORDER BY path"),
    putFolder: db.prepare("INSERT OR REPLACE INTO outputs_folders (path, album) VALUES (?, ?)"),
    dropFolder: db.prepare("DELETE FROM outputs_folders WHERE path = ?"),
    published: db.prepare("SELECT place, sha256 FROM outputs_published ORDER BY place, sha256"),
    addPublished: db.prepare("INSERT OR IGNORE INTO outputs_published (place, sha256) VALUES (?, ?)"),
    dropPublished: db.prepare("DELETE FROM outputs_published WHERE place = ?"),
  };
  // "/" is followed by "0", so this range is exactly what lies below the folder, and it uses the index.
  const moveBelow = ["outputs", "outputs_folders"].map((table) =>
    db.prepare(
      `UPDATE OR REPLACE ${table} SET path = ? || substr(path, length(?) + 1) WHERE path = ? OR (path >= ? AND path < ?)`,
    ),
  );

  const transaction = (work: () => void): void => {
    let isOpen = false; // libsql ends the process when a closed database is asked for inTransaction
    try {
      db.exec("BEGIN IMMEDIATE");
      isOpen = true;
      work();
      db.exec("COMMIT");
    } catch (error) {
      // A full disk may have rolled back already.
      if (isOpen && db.inTransaction) db.exec("ROLLBACK");
      throw writeError(error);
    }
  };

  const perform = (change: OutputChange): void => {
    switch (change.kind) {
      case "putFolder":
        statements.putFolder.run(change.folder.path, change.folder.album);
        break;
      case "dropFolder":
        statements.dropFolder.run(change.path);
        break;
      case "putFile": {
        const { path, image, source, mode, stamp } = change.file;
        statements.putFile.run(path, image, source, mode, stamp);
        break;
      }
      case "dropFile":
        statements.dropFile.run(change.path);
        break;
      case "moveFolder":
        for (const statement of moveBelow)
          statement.run(change.to, change.path, change.path, `${change.path}/`, `${change.path}0`);
        break;
    }
  };

  const unfinished = (): JournalEntry | null => {
    const row = statements.unfinished.get() as EntryRow | undefined;
    return row ? entryOf(row) : null;
  };

  return {
    outputs: async () => ({
      folders: (statements.folders.all() as AlbumFolder[]).map(({ path, album }) => ({ path, album })),
      files: (statements.files.all() as PlacedFile[]).map(({ path, image, source, mode, stamp }) => ({
        path,
        image,
        source,
        mode: mode as PlaceMode,
        stamp,
      })),
    }),

    begin: async (fresh) => {
      transaction(() => {
        if (unfinished())
          throw new AlbumenError("INTERNAL", "An unfinished apply must be recovered before another begins.");
        const { lastInsertRowid } = statements.addEntry.run(
          fresh.kind,
          fresh.undoes,
          fresh.token,
          fresh.startedAt,
          fresh.label,
          fresh.steps.length,
          fresh.stateBefore === null ? null : Buffer.from(fresh.stateBefore),
        );
        const id = Number(lastInsertRowid);
        fresh.steps.forEach((step, n) => statements.addStep.run(id, n, JSON.stringify(step)));
        for (const path of fresh.gone) {
          statements.dropFile.run(path);
          statements.dropFolder.run(path);
        }
      });
      return unfinished()!;
    },

    unfinished: async () => unfinished(),

    steps: async (id) =>
      (statements.steps.all([id]) as { n: number; step: string; outcome: string | null }[]).map((row) => ({
        n: row.n,
        step: JSON.parse(row.step) as Step,
        outcome: row.outcome === null ? null : (JSON.parse(row.outcome) as StepOutcome),
      })),

    record: async (id, performed) => {
      transaction(() => {
        for (const { n, step, outcome } of performed) {
          statements.setOutcome.run(JSON.stringify(outcome), id, n);
          for (const change of changesOf(step, outcome)) perform(change);
        }
      });
    },

    finish: async (id) => {
      transaction(() => {
        statements.finish.run(id);
        statements.markUndone.run(id);
      });
    },

    stateBefore: async (id) => {
      const row = statements.stateBefore.get([id]) as
        { state_before: ArrayBuffer | Uint8Array | null } | undefined;
      return row?.state_before ? new Uint8Array(row.state_before) : null;
    },

    entries: async () => (statements.entries.all() as EntryRow[]).map(entryOf),

    published: async () => {
      const hashes = new Map<string, string[]>();
      for (const { place, sha256 } of statements.published.all() as { place: string; sha256: string }[])
        hashes.set(place, [...(hashes.get(place) ?? []), sha256]);
      return [...hashes].map(([place, sha256]) => ({ place, sha256 }));
    },

    publish: async (place, sha256, when) => {
      transaction(() => {
        if (sha256 === null || when === "written") statements.dropPublished.run(place);
        if (sha256 !== null) statements.addPublished.run(place, sha256);
      });
    },

    erase: async (images) => {
      db.pragma("secure_delete = ON");
      transaction(() => {
        db.exec("DELETE FROM journal_entries; DELETE FROM journal_steps;");
        db.prepare("DELETE FROM outputs WHERE image IN (SELECT value FROM json_each(?))").run([
          JSON.stringify(images),
        ]);
      });
    },
  };
}

function entryOf(row: EntryRow): JournalEntry {
  return {
    id: row.id,
    kind: row.kind,
    undoes: row.undoes,
    token: row.token,
    startedAt: row.started_at,
    label: row.label,
    stepCount: row.step_count,
    isFinished: row.finished === 1,
    isUndone: row.undone === 1,
  };
}

function writeError(error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (
    code.startsWith("SQLITE_FULL") ||
    (code.startsWith("SQLITE_IOERR") && /full|space/i.test(messageOf(error)))
  )
    return new AlbumenError("DISK_FULL", "There is no room for the journal.", {
      hint: "Free some space and run the same command again; it goes on where it stopped.",
      isRetryable: true,
      cause: error,
    });
  return error;
}
