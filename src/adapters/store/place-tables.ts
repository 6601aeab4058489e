/** Images, the places where they lie, their owners, failures and vectors in the catalog's database. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { AlbumenError, type ErrorCode } from "../../errors.ts";
import type { ImageFacts } from "../../ports/image-decoder.ts";
import type { FailureRow, Place, Store } from "../../ports/store.ts";
import { rowsOf, transact, type CatalogDatabase, type Row } from "./database.ts";
import { createMemoryVectorFile, openVectorFile, type VectorFile } from "./vector-file.ts";

type PlaceTables = Pick<
  Store,
  | "known"
  | "record"
  | "counts"
  | "images"
  | "imagesStartingWith"
  | "imageAt"
  | "placesOf"
  | "crowded"
  | "countBelow"
  | "ownersOf"
  | "users"
  | "placesOfUser"
  | "failures"
  | "failedPlaces"
  | "clearFailures"
  | "clearLineFailures"
  | "embedded"
  | "vectors"
  | "vectorsOf"
  | "dropVectors"
  | "erase"
  | "compact"
>;

/** Rows that one statement asks about or gives. */
const ROWS_AT_ONCE = 1000;

/**
 * Rows go in and questions come as one JSON array a statement: a call into libsql costs more than what one row of a
 * batch does there (24 µs against 6 µs).
 */
export function placeTables(db: CatalogDatabase, vectorFolder: string | null): PlaceTables {
  const all = rowsOf(db);
  const sql = {
    images: db.prepare(
      "INSERT OR IGNORE INTO images SELECT value->>0, value->>1, value->>2 FROM json_each(?) WHERE true",
    ),
    places: db.prepare(
      `INSERT INTO places (source, name, stamp, image)
       SELECT value->>0, value->>1, value->>2, value->>3 FROM json_each(?) WHERE true
       ON CONFLICT (source) DO UPDATE SET name = excluded.name, stamp = excluded.stamp, image = excluded.image`,
    ),
    owners: db.prepare(
      `INSERT OR IGNORE INTO owners
       SELECT places.id, user.value FROM json_each(?) AS row JOIN places ON source = row.value->>0,
       json_each(row.value->4) AS user`,
    ),
    failures: db.prepare(
      `INSERT INTO failures SELECT value->>0, value->>1, value->>2, value->>3, value->>4 FROM json_each(?) WHERE true
       ON CONFLICT (source) DO UPDATE SET code = excluded.code, reason = excluded.reason,
       attempts = attempts + excluded.attempts, at = excluded.at`,
    ),
    clearFailures: db.prepare("DELETE FROM failures WHERE source IN (SELECT value FROM json_each(?))"),
    clearLineFailures: db.prepare(
      "DELETE FROM failures WHERE source >= ? AND source < ? AND code = 'LIST_ROW_INVALID'",
    ),
    vectorRows: db.prepare("INSERT INTO vector_rows SELECT ?, ? + key, value FROM json_each(?) WHERE true"),
    dropVectors: db.prepare("DELETE FROM vector_rows WHERE image IN (SELECT value FROM json_each(?))"),
    trimVectors: db.prepare("DELETE FROM vector_rows WHERE space = ? AND row >= ?"),
  };

  const files = new Map<string, VectorFile>();
  const fileOf = (space: string): VectorFile => {
    let file = files.get(space);
    if (!file) {
      const dims = dimsOf(space);
      const name = `${space.replace(/[^a-z0-9.@-]+/gi, "_")}-${createHash("sha256").update(space).digest("hex").slice(0, 8)}.f32`;
      file =
        vectorFolder === null ? createMemoryVectorFile(dims) : openVectorFile(join(vectorFolder, name), dims);
      files.set(space, file);
    }
    return file;
  };
  const countRows = (space: string): number =>
    all("SELECT COALESCE(MAX(row) + 1, 0) AS n FROM vector_rows WHERE space = ?", space)[0]!["n"] as number;

  const vectorsAt = (space: string, rows: readonly Row[]) => ({
    images: rows.map((row) => row["image"] as string),
    vectors: fileOf(space).read(rows.map((row) => row["row"] as number)),
  });

  return {
    async known(places) {
      const found: Awaited<ReturnType<Store["known"]>> = places.map(() => null);
      const questions = JSON.stringify(places.map(({ source, user }) => [source, user]));
      const rows = all(
        `SELECT key, name, stamp, image, code, (SELECT COUNT(*) FROM owners WHERE place = places.id AND user = value->>1) AS owned
         FROM json_each(?) JOIN places ON source = value->>0 LEFT JOIN failures USING (source)`,
        questions,
      );
      for (const { key, name, stamp, image, code, owned } of rows)
        found[key as number] = {
          name: name as string,
          stamp: stamp as string | null,
          image: image as string | null,
          failure: code as ErrorCode | null,
          isOwned: owned === 1 || places[key as number]!.user === null,
        };
      return found;
    },

    async record({ images, places, failures, vectors }) {
      let firstRow = 0;
      if (vectors && vectors.vectors.rows > 0) {
        // The file first: a row in the database always has its vector on disk, whenever the process dies.
        firstRow = countRows(vectors.space);
        fileOf(vectors.space).write(firstRow, vectors.vectors);
      }
      const placeRows = JSON.stringify(
        places.map(({ source, name, stamp, image, users }) => [source, name, stamp, image, users]),
      );
      transact(db, () => {
        if (images.length > 0)
          sql.images.run([
            JSON.stringify(images.map((row) => [row.image, row.sizeBytes, JSON.stringify(row.facts)])),
          ]);
        if (places.length > 0) {
          sql.places.run([placeRows]);
          if (places.some(({ users }) => users.length > 0)) sql.owners.run([placeRows]);
          const good = places.flatMap(({ source, image }) => (image === null ? [] : [source]));
          sql.clearFailures.run([JSON.stringify(good)]);
        }
        if (failures.length > 0)
          sql.failures.run([
            JSON.stringify(
              failures.map(({ source, code, reason, attempts, at }) => [source, code, reason, attempts, at]),
            ),
          ]);
        if (vectors && vectors.images.length > 0)
          sql.vectorRows.run([vectors.space, firstRow, JSON.stringify(vectors.images)]);
      });
    },

    async counts() {
      const { images, places, failures } = all("SELECT images, places, failures FROM counts")[0]!;
      return { images: images as number, places: places as number, failures: failures as number };
    },
    async images(images) {
      const rows = blocksOf(images).flatMap((block) =>
        all("SELECT images.* FROM json_each(?) JOIN images ON image = value", block),
      );
      return new Map(
        rows.map((row) => [
          row["image"] as string,
          {
            image: row["image"] as string,
            sizeBytes: row["size_bytes"] as number,
            facts: JSON.parse(row["facts"] as string) as ImageFacts,
          },
        ]),
      );
    },
    async imagesStartingWith(prefix, limit) {
      // "g" follows the last hex digit.
      const rows = all(
        "SELECT image FROM images WHERE image >= ? AND image < ? ORDER BY image LIMIT ?",
        prefix,
        `${prefix}g`,
        limit,
      );
      return rows.map((row) => row["image"] as string);
    },
    async imageAt(source) {
      return (all("SELECT image FROM places WHERE source = ?", source)[0]?.["image"] ?? null) as
        string | null;
    },
    async placesOf(images, most) {
      const found = new Map<string, Place[]>(images.map((image) => [image, []]));
      for (const block of blocksOf(images))
        for (const row of all(
          `SELECT source, name, stamp, image FROM json_each(?) AS asked JOIN places ON places.id IN
           (SELECT id FROM places WHERE image = asked.value ORDER BY id LIMIT ?) ORDER BY places.id`,
          block,
          Math.min(most, Number.MAX_SAFE_INTEGER),
        ) as unknown as Place[])
          found.get(row.image)!.push(row);
      return found;
    },
    async crowded(least) {
      const rows = all(
        "SELECT image FROM places WHERE image IS NOT NULL GROUP BY image HAVING COUNT(*) >= ? ORDER BY image",
        least,
      );
      return rows.map((row) => row["image"] as string);
    },
    async countBelow(prefix) {
      // No text that begins with the prefix comes after the prefix and the last of all characters.
      const rows = all(
        "SELECT COUNT(*) AS n FROM places WHERE source >= ? AND source < ? || char(0x10ffff)",
        prefix,
        prefix,
      );
      return rows[0]!["n"] as number;
    },
    async ownersOf(image) {
      return all(
        "SELECT source, user FROM places LEFT JOIN owners ON place = id WHERE image = ? ORDER BY source, user",
        image,
      ) as unknown as { source: string; user: string | null }[];
    },
    async users() {
      // From one user to the next by the index: `SELECT DISTINCT` would read every row of it.
      const rows = all(
        `WITH RECURSIVE names (user) AS (SELECT MIN(user) FROM owners UNION ALL
         SELECT (SELECT MIN(user) FROM owners WHERE user > names.user) FROM names WHERE names.user IS NOT NULL)
         SELECT user FROM names WHERE user IS NOT NULL`,
      );
      return rows.map((row) => row["user"] as string);
    },
    async *placesOfUser(user) {
      for (let after = 0; ;) {
        const rows = all(
          `SELECT place, source, name, stamp, image FROM owners JOIN places ON places.id = place
           WHERE user = ? AND place > ? AND image IS NOT NULL ORDER BY place LIMIT ?`,
          user,
          after,
          ROWS_AT_ONCE,
        );
        if (rows.length === 0) return;
        yield (rows as unknown as Place[]).map(({ source, name, stamp, image }) => ({
          source,
          name,
          stamp,
          image,
        }));
        after = rows.at(-1)!["place"] as number;
      }
    },

    async failures({ after, limit }) {
      return all(
        "SELECT source, code, reason, attempts, at FROM failures WHERE source > ? ORDER BY source LIMIT ?",
        after ?? "",
        limit,
      ) as unknown as FailureRow[];
    },
    async failedPlaces({ after, limit }) {
      const rows = all(
        `SELECT source, name, stamp, (SELECT json_group_array(user) FROM owners WHERE place = places.id) AS users
         FROM failures JOIN places USING (source) WHERE image IS NULL AND source > ? ORDER BY source LIMIT ?`,
        after ?? "",
        limit,
      );
      return rows.map((row) => ({
        source: row["source"] as string,
        name: row["name"] as string,
        stamp: row["stamp"] as string | null,
        image: null,
        users: JSON.parse(row["users"] as string) as string[],
      }));
    },
    async clearFailures(sources) {
      transact(db, () => sql.clearFailures.run([JSON.stringify(sources)]));
    },

    async clearLineFailures(list) {
      sql.clearLineFailures.run([`${list}:0`, `${list}::`]); // ":" follows "9"
    },

    async embedded(space, images) {
      const rows = blocksOf(images).flatMap((block) =>
        all("SELECT image FROM json_each(?) JOIN vector_rows ON image = value AND space = ?", block, space),
      );
      const found = new Set(rows.map((row) => row["image"] as string));
      if (found.size === 0) return found;
      // After a power cut the file may end before its rows in the database do: those images are embedded anew.
      const there = fileOf(space).count();
      if (countRows(space) <= there) return found;
      sql.trimVectors.run([space, there]);
      return this.embedded(space, images);
    },
    async vectors(space, user) {
      const rows =
        user === null
          ? all("SELECT row, image FROM vector_rows WHERE space = ? ORDER BY row", space)
          : all(
              `SELECT DISTINCT row, vector_rows.image AS image FROM owners JOIN places ON id = place
               JOIN vector_rows ON vector_rows.image = places.image AND space = ? WHERE user = ? ORDER BY row`,
              space,
              user,
            );
      return vectorsAt(space, rows);
    },
    async vectorsOf(space, images) {
      return vectorsAt(
        space,
        all(
          "SELECT row, image FROM json_each(?) JOIN vector_rows ON space = ? AND image = value ORDER BY row",
          JSON.stringify(images),
          space,
        ),
      );
    },
    async erase({ images, sources, user }) {
      db.pragma("secure_delete = ON");
      const [imageList, sourceList] = [JSON.stringify(images), JSON.stringify(sources)];
      // The vectors first: once their rows are gone, nobody knows where they lie.
      const rows = all(
        "SELECT space, row FROM json_each(?) JOIN vector_rows ON image = value ORDER BY space, row",
        imageList,
      );
      for (const space of new Set(rows.map((row) => row["space"] as string)))
        fileOf(space).erase(rows.filter((row) => row["space"] === space).map((row) => row["row"] as number));
      transact(db, () => {
        sql.dropVectors.run([imageList]);
        for (const table of ["annotations", "members", "images"])
          db.prepare(`DELETE FROM ${table} WHERE image IN (SELECT value FROM json_each(?))`).run([imageList]);
        db.prepare(
          `DELETE FROM owners WHERE user = ? OR place IN (SELECT places.id FROM json_each(?) JOIN places ON source = value)`,
        ).run([user, sourceList]);
        for (const table of ["places", "failures"])
          db.prepare(`DELETE FROM ${table} WHERE source IN (SELECT value FROM json_each(?))`).run([
            sourceList,
          ]);
        // Few lines and few names: each is looked for in each.
        for (const [table, column] of [
          ["history", "text"],
          ["runs", "command || receipt"],
        ])
          db.prepare(
            `DELETE FROM ${table} WHERE EXISTS (SELECT 1 FROM json_each(?) WHERE instr(${column}, value) > 0)`,
          ).run([JSON.stringify([...images, ...sources])]);
      });
    },
    async compact() {
      db.exec("VACUUM");
      db.pragma("wal_checkpoint(TRUNCATE)");
    },
    async dropVectors(images) {
      transact(db, () => sql.dropVectors.run([JSON.stringify(images)]));
    },
  };
}

function blocksOf(images: readonly string[]): string[] {
  const blocks: string[] = [];
  for (let at = 0; at < images.length; at += ROWS_AT_ONCE)
    blocks.push(JSON.stringify(images.slice(at, at + ROWS_AT_ONCE)));
  return blocks;
}

function dimsOf(space: string): number {
  const dims = Number(space.slice(space.lastIndexOf(":") + 1));
  if (!Number.isInteger(dims) || dims < 1)
    throw new AlbumenError("INTERNAL", `The space ${space} does not end in its dims.`);
  return dims;
}
