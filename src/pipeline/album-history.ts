/** Saves albums so that an undo can bring back those of before. */
import { gunzipSync, gzipSync } from "node:zlib";
import type { AlbumEvent } from "../core/album-edits.ts";
import type { Album } from "../core/albums.ts";
import type { Journal } from "../ports/journal.ts";
import type { Store } from "../ports/store.ts";

/**
 * [Note: undo state] An apply's undo restores the albums as they were before the first edit since the last apply,
 * whatever was saved, planned or killed in between. That state is kept beside the number of the last journal entry:
 * once a newer entry stands, it is out of date by itself and needs no clearing that a dying process could miss.
 */
export interface AlbumHistory {
  save(albums: readonly Album[], events: readonly AlbumEvent[]): Promise<void>;
  /** What an apply that begins now is to be undone to. */
  stateBefore(): Promise<Uint8Array>;
  /** Makes the albums what `stateBefore` was then; doing it twice changes nothing. */
  restore(state: Uint8Array | null): Promise<void>;
}

const KEY = "stateBefore";

interface PendingState {
  readonly afterEntry: number;
  /** packed, base64 */
  readonly albums: string;
}

export function createAlbumHistory(store: Store, journal: Journal, now: () => string): AlbumHistory {
  const latestEntry = async (): Promise<number> => (await journal.entries())[0]?.id ?? 0;
  /** The state noted since the last entry; null when there was no edit since. */
  const pending = async (): Promise<PendingState | null> => {
    const text = await store.meta(KEY);
    const state = text === null ? null : (JSON.parse(text) as PendingState);
    return state?.afterEntry === (await latestEntry()) ? state : null;
  };
  return {
    async save(albums, events) {
      if ((await pending()) === null) {
        const state = pack(await store.albums()).toString("base64");
        await store.setMeta(KEY, JSON.stringify({ afterEntry: await latestEntry(), albums: state }));
      }
      const at = now();
      await store.saveAlbums(
        albums,
        events.map((event) => ({ ...event, at })),
      );
    },
    async stateBefore() {
      const state = await pending();
      return state ? Buffer.from(state.albums, "base64") : pack(await store.albums());
    },
    async restore(state) {
      const albums = state === null ? [] : unpack(state);
      if (pack(albums).equals(pack(await store.albums()))) return;
      const text = `back to ${albums.length} ${albums.length === 1 ? "album" : "albums"}`;
      await store.saveAlbums(albums, [{ at: now(), kind: "undone", albumId: "", text }]);
    },
  };
}

function pack(albums: readonly Album[]): Buffer {
  return gzipSync(JSON.stringify(albums));
}

function unpack(bytes: Uint8Array): Album[] {
  const albums = JSON.parse(gunzipSync(bytes).toString("utf8")) as Album[];
  // One that an earlier version packed knows of no trust.
  return albums.map((album) => ({ ...album, trust: album.trust ?? null }));
}
