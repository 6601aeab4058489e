/** The store on SQLite (libsql), rows in the database and vectors in one file a space. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { AlbumName, Member, NameSource } from "../../core/albums.ts";
import { AlbumenError, type ErrorCode } from "../../errors.ts";
import type { ImageFacts } from "../../ports/image-decoder.ts";
import type { AnnotationRow, HistoryEvent, Store } from "../../ports/store.ts";
import { transact, type CatalogDatabase } from "./database.ts";
import { createMemoryVectorFile, openVectorFile, type VectorFile } from "./vector-file.ts";

export interface SqliteStoreOptions {
  readonly db: CatalogDatabase;
  /** folder of the vector files; null keeps vectors in memory (tests) */
  readonly vectorFolder: string | null;
}

type Row = Record<string, string | number | null>;

/** The store owns `db` from now on: closing the store closes it. */
export function createSqliteStore({ db, vectorFolder }: SqliteStoreOptions): Store {
  // Spelled once; libsql compiles each on first use.
  const sql = {
    image: db.prepare("INSERT OR IGNORE INTO images VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    location: db.prepare("INSERT OR REPLACE INTO locations VALUES (?, ?, ?, ?, ?)"),
    forgetLocation: db.prepare("DELETE FROM locations WHERE source = ?"),
    failure: db.prepare(
      `INSERT INTO failures VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (source) DO UPDATE SET stamp = excluded.stamp,
       code = excluded.code, reason = excluded.reason, attempts = failures.attempts + 1, at = excluded.at`,
    ),
    forgetFailure: db.prepare("DELETE FROM failures WHERE source = ?"),
    vectorRow: db.prepare("INSERT INTO vector_rows VALUES (?, ?, ?)"),
    annotation: db.prepare("INSERT OR REPLACE INTO annotations VALUES (?, ?, ?, ?)"),
    album: db.prepare("INSERT INTO albums VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
    member: db.prepare("INSERT INTO members VALUES (?, ?, ?, ?, ?, ?)"),
    history: db.prepare("INSERT INTO history (at, kind, album_id, text) VALUES (?, ?, ?, ?)"),
    meta: db.prepare("INSERT OR REPLACE INTO meta VALUES (?, ?)"),
  };
  const all = (text: string, ...values: (string | number)[]): Row[] => db.prepare(text).all(values) as Row[];

  const files = new Map<string, VectorFile>();
  const fileOf = (space: string, dims: number): VectorFile => {
    let file = files.get(space);
    if (!file) {
      const name = `${space.replace(/[^a-z0-9.@-]+/gi, "_")}-${createHash("sha256").update(space).digest("hex").slice(0, 8)}.f32`;
      file =
        vectorFolder === null ? createMemoryVectorFile(dims) : openVectorFile(join(vectorFolder, name), dims);
      files.set(space, file);
    }
    return file;
  };
  const countRows = (space: string): number =>
    all("SELECT COALESCE(MAX(row) + 1, 0) AS n FROM vector_rows WHERE space = ?", space)[0]!["n"] as number;

  return {
    async meta(key) {
      return (all("SELECT value FROM meta WHERE key = ?", key)[0]?.["value"] as string | undefined) ?? null;
    },
    async setMeta(key, value) {
      sql.meta.run([key, value]);
    },

    async knownPlaces() {
      const rows = all(
        "SELECT source, stamp, image FROM locations UNION ALL SELECT source, stamp, NULL FROM failures",
      );
      return new Map(
        rows.map((row) => [
          row["source"] as string,
          { stamp: row["stamp"] as string, image: row["image"] as string | null },
        ]),
      );
    },

    async record({ images, locations, failures, vectors }) {
      let firstRow = 0;
      if (vectors && vectors.vectors.rows > 0) {
        // The file first: a row in the database always has its vector on disk, whenever the process dies.
        firstRow = countRows(vectors.space);
        fileOf(vectors.space, vectors.vectors.dims).write(firstRow, vectors.vectors);
      }
      transact(db, () => {
        for (const { image, sizeBytes, facts } of images) {
          const { width, height, format, takenAt, latitude, longitude, camera, meanColor } = facts;
          sql.image.run([
            image,
            sizeBytes,
            width,
            height,
            format,
            takenAt,
            latitude,
            longitude,
            camera,
            ...meanColor,
          ]);
        }
        for (const { source, name, user, stamp, image } of locations) {
          sql.location.run([source, name, user, stamp, image]);
          sql.forgetFailure.run([source]);
        }
        for (const { source, stamp, code, reason, attempts, at } of failures) {
          sql.failure.run([source, stamp, code, reason, attempts, at]);
          sql.forgetLocation.run([source]);
        }
        vectors?.images.forEach((image, i) => sql.vectorRow.run([vectors.space, firstRow + i, image]));
      });
    },

    async images() {
      return all("SELECT * FROM images ORDER BY image").map((row) => ({
        image: row["image"] as string,
        sizeBytes: row["size_bytes"] as number,
        facts: factsOf(row),
      }));
    },
    async locations() {
      return all("SELECT * FROM locations ORDER BY source").map((row) => ({
        source: row["source"] as string,
        name: row["name"] as string,
        user: row["user"] as string | null,
        stamp: row["stamp"] as string,
        image: row["image"] as string,
      }));
    },
    async failures() {
      return all("SELECT * FROM failures ORDER BY source").map((row) => ({
        source: row["source"] as string,
        stamp: row["stamp"] as string,
        code: row["code"] as ErrorCode,
        reason: row["reason"] as string,
        attempts: row["attempts"] as number,
        at: row["at"] as string,
      }));
    },
    async clearFailures(sources) {
      transact(db, () => sources.forEach((source) => sql.forgetFailure.run([source])));
    },

    async embedded(space) {
      // After a power cut the file may end before its rows in the database do: those images are embedded anew.
      db.prepare("DELETE FROM vector_rows WHERE space = ? AND row >= ?").run([
        space,
        fileOf(space, dimsOf(space)).count(),
      ]);
      return new Set(
        all("SELECT image FROM vector_rows WHERE space = ?", space).map((row) => row["image"] as string),
      );
    },
    async vectors(space) {
      const images = all("SELECT image FROM vector_rows WHERE space = ? ORDER BY row", space);
      return {
        images: images.map((row) => row["image"] as string),
        vectors: fileOf(space, dimsOf(space)).read(images.length),
      };
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

    async albums() {
      const members = new Map<string, Member[]>();
      for (const row of all("SELECT * FROM members ORDER BY album_id, position")) {
        const albumId = row["album_id"] as string;
        const list = members.get(albumId) ?? members.set(albumId, []).get(albumId)!;
        list.push({
          image: row["image"] as string,
          similarity: row["similarity"] as number,
          representativeRank: row["rank"] as number,
          isPinned: row["pinned"] === 1,
        });
      }
      return all("SELECT * FROM albums ORDER BY position").map((row) => ({
        id: row["id"] as string,
        name: nameOf(row),
        parentId: row["parent_id"] as string | null,
        cohesion: row["cohesion"] as number | null,
        members: members.get(row["id"] as string) ?? [],
      }));
    },
    async saveAlbums(albums, events) {
      transact(db, () => {
        db.exec("DELETE FROM albums; DELETE FROM members;");
        albums.forEach(({ id, name, parentId, cohesion, members }, position) => {
          const evidence = name.evidence === null ? null : JSON.stringify(name.evidence);
          sql.album.run([id, position, parentId, name.text, name.source, name.score, evidence, cohesion]);
          members.forEach((member, i) =>
            sql.member.run([
              member.image,
              id,
              i,
              member.similarity,
              member.representativeRank,
              member.isPinned ? 1 : 0,
            ]),
          );
        });
        for (const { at, kind, albumId, text } of events) sql.history.run([at, kind, albumId, text]);
      });
    },
    async history(limit) {
      return all(
        "SELECT at, kind, album_id AS albumId, text FROM history ORDER BY seq DESC LIMIT ?",
        limit,
      ) as unknown as HistoryEvent[];
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

function factsOf(row: Row): ImageFacts {
  return {
    width: row["width"] as number,
    height: row["height"] as number,
    format: row["format"] as ImageFacts["format"],
    takenAt: row["taken_at"] as string | null,
    latitude: row["latitude"] as number | null,
    longitude: row["longitude"] as number | null,
    camera: row["camera"] as string | null,
    meanColor: [row["red"] as number, row["green"] as number, row["blue"] as number],
  };
}

function dimsOf(space: string): number {
  const dims = Number(space.slice(space.lastIndexOf(":") + 1));
  if (!Number.isInteger(dims) || dims < 1)
    throw new AlbumenError("INTERNAL", `The space ${space} does not end in its dims.`);
  return dims;
}

function nameOf(row: Row): AlbumName {
  return {
    text: row["name"] as string,
    source: row["name_source"] as NameSource,
    score: row["name_score"] as number | null,
    evidence:
      row["evidence"] === null ? null : (JSON.parse(row["evidence"] as string) as AlbumName["evidence"]),
  };
}
