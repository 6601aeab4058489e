/** Albums, their members and their history in the catalog's database. */
import type { AlbumName, Member, NameSource } from "../../core/albums.ts";
import type { HistoryEvent, Store } from "../../ports/store.ts";
import { rowsOf, transact, type CatalogDatabase, type Row } from "./database.ts";

export function albumTables(db: CatalogDatabase): Pick<Store, "albums" | "saveAlbums" | "history"> {
  const all = rowsOf(db);
  const sql = {
    album: db.prepare("INSERT INTO albums VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    member: db.prepare("INSERT INTO members VALUES (?, ?, ?, ?, ?, ?)"),
    history: db.prepare("INSERT INTO history (at, kind, album_id, text) VALUES (?, ?, ?, ?)"),
  };
  return {
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
        trust: row["trust"] as number | null,
        members: members.get(row["id"] as string) ?? [],
      }));
    },
    async saveAlbums(albums, events) {
      transact(db, () => {
        db.exec("DELETE FROM albums; DELETE FROM members;");
        albums.forEach(({ id, name, parentId, cohesion, trust, members }, position) => {
          const evidence = name.evidence === null ? null : JSON.stringify(name.evidence);
          sql.album.run([
            id,
            position,
            parentId,
            name.text,
            name.source,
            name.score,
            evidence,
            cohesion,
            trust,
          ]);
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
  };
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
