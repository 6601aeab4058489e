/**
 * A catalog a user, from one that was taken in together.
 *
 * [Note: per user] The shared catalog in the output folder takes everything in and embeds it once. Each user has an
 * ordinary catalog in a folder of their own, to which their rows, vectors and thumbnails are handed on: it holds nothing
 * of anybody else, every command works in it, and its albums have a life of their own. Handing on compares places as
 * taking in does, so doing it again hands on what is new, and a run that died goes on.
 */
import { createNameRoom, safeFolderName } from "../core/plan/folder-names.ts";
import { takeRows } from "../core/vectors.ts";
import { throwIfAborted } from "../errors.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Captioner } from "../ports/captioner.ts";
import type { Output } from "../ports/output.ts";
import type { Erasure, Place, Store } from "../ports/store.ts";
import type { CatalogParts, OpenEncoder } from "./catalog-parts.ts";
import type { Watch } from "./events.ts";
import type { IngestCounts } from "./ingest.ts";
import type { RunSummary } from "./receipt.ts";

/** What a catalog hands on: rows and thumbnails of one user. */
export interface Share {
  readonly user: string;
  readonly store: Pick<Store, "placesOfUser" | "images" | "embedded" | "vectorsOf">;
  readonly thumbs: BlobStore;
}

/** The catalog of one user, as the shared one drives it. */
export interface UserCatalog {
  /** Takes over what is new of a share and makes albums of it; `isAdd`: without grouping anew. */
  takeOver(share: Share, label: string, isAdd: boolean): Promise<RunSummary>;
  reorganize(): Promise<RunSummary>;
  /** Leaves no trace of it here. */
  forgetShare(what: Erasure | "everything"): Promise<RunSummary>;
  close(): Promise<void>;
}

/** Copies what a catalog does not have yet of a share. */
export async function handOn(
  share: Share,
  to: { readonly store: Store; readonly thumbs: BlobStore },
  space: string,
  watch: Watch,
): Promise<IngestCounts> {
  const { user } = share;
  const counts = { listed: 0, skipped: 0, unchanged: 0, looked: 0, added: 0, duplicates: 0, failed: 0 };
  for await (const places of share.store.placesOfUser(user)) {
    throwIfAborted(watch.signal);
    const known = await to.store.known(places.map(({ source }) => ({ source, user })));
    const isKnown = (place: Place, i: number): boolean =>
      known[i]?.image === place.image && known[i].stamp === place.stamp && known[i].isOwned;
    // One without a vector is nobody's to organise: a picture that stands for dead links.
    const embedded = await share.store.embedded(
      space,
      places.map(({ image }) => image),
    );
    const held = places.filter(({ image }) => embedded.has(image));
    const fresh = places.filter((place, i) => !isKnown(place, i) && embedded.has(place.image));
    const images = [...new Set(held.map(({ image }) => image))];
    const there = await to.store.embedded(space, images);
    const added = images.filter((image) => !there.has(image));
    for (const image of added) {
      const thumbnail = (await to.thumbs.has(image)) ? null : await share.thumbs.get(image);
      if (thumbnail) await to.thumbs.put(image, thumbnail);
    }
    counts.listed += places.length;
    counts.looked += fresh.length;
    counts.unchanged += held.length - fresh.length;
    counts.added += added.length;
    if (fresh.length === 0 && added.length === 0) continue;
    const theirs = await share.store.vectorsOf(space, added);
    const rowOfImage = new Map(theirs.images.map((image, row) => [image, row]));
    const rows = added.map((image) => rowOfImage.get(image)!);
    await to.store.record({
      images: [...(await share.store.images(added)).values()],
      places: fresh.map((place) => ({ ...place, users: [user] })),
      failures: [],
      vectors: { space, images: added, vectors: takeRows(theirs.vectors, rows) },
    });
  }
  return counts;
}

/** Where the shared catalog remembers each user's folder. */
const USER_FOLDERS = "userFolders";

/**
 * Calls `visit` with the catalog of one user after the other and adds up what they say. What `openEncoder` gives is lent to all
 * of them when one asks for it; the caller disposes it.
 */
export async function visitUsers(
  parts: CatalogParts,
  openEncoder: () => Promise<OpenEncoder>,
  visit: (catalog: UserCatalog, share: Share) => Promise<RunSummary>,
): Promise<UsersSummary> {
  const { store, thumbs, settings, watch, output } = parts;
  const users = settings.user === null ? await store.users() : [settings.user];
  const folders = await userFolders(store, output, users);
  const lent = lend(openEncoder);
  const total = { users: 0, albums: 0, unsorted: 0, kept: [] as string[] };
  try {
    for (const [i, user] of users.entries()) {
      throwIfAborted(watch.signal);
      const share: Share = { user, store, thumbs };
      if (await isEmpty(share)) continue;
      const catalog = await parts.openUser(folders.get(user)!, lent.open);
      try {
        const summary = await visit(catalog, share);
        total.users++;
        total.albums += summary.albums;
        total.unsorted += summary.unsorted;
        total.kept.push(...summary.kept.map((line) => `${folders.get(user)}/${line}`));
      } finally {
        await catalog.close();
      }
      watch.report({ kind: "progress", stage: "users", done: i + 1, total: users.length });
    }
  } finally {
    await lent.dispose();
  }
  return total;
}

/** What the users' catalogs hold together. */
export interface UsersSummary {
  readonly users: number;
  readonly albums: number;
  readonly unsorted: number;
  readonly kept: readonly string[];
}

async function isEmpty({ store, user }: Share): Promise<boolean> {
  for await (const places of store.placesOfUser(user)) return places.length === 0;
  return true;
}

async function foldersOf(store: Store): Promise<Map<string, string>> {
  const kept = await store.meta(USER_FOLDERS);
  return new Map(kept === null ? [] : (JSON.parse(kept) as [string, string][]));
}

/** A user who is forgotten has no catalog and no folder any more; what is not Albumen's stays in it. */
export async function dropUserFolder(
  { store, removeUser }: Pick<CatalogParts, "store" | "removeUser">,
  user: string,
): Promise<void> {
  const folders = await foldersOf(store);
  const folder = folders.get(user);
  if (folder === undefined) return;
  await removeUser(folder);
  folders.delete(user);
  await store.setMeta(USER_FOLDERS, JSON.stringify([...folders]));
}

/** A folder a user: the one they had, or a new one where nothing stands. */
async function userFolders(
  store: Store,
  output: Output,
  users: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const folders = await foldersOf(store);
  const room = createNameRoom(folders.values());
  let isChanged = false;
  for (const user of users) {
    if (folders.has(user)) continue;
    let folder = room.take(safeFolderName(user));
    while ((await output.inspect(folder)) !== null) folder = room.take(safeFolderName(user));
    folders.set(user, folder);
    isChanged = true;
  }
  if (isChanged) await store.setMeta(USER_FOLDERS, JSON.stringify([...folders]));
  return folders;
}

/**
 * An encoder that many catalogs use and dispose, each as if it were its own: a model is loaded once, not once a user.
 * So encoder and captioner are in memory together, which one catalog alone avoids.
 */
function lend(openEncoder: () => Promise<OpenEncoder>): {
  open(): Promise<OpenEncoder>;
  dispose(): Promise<void>;
} {
  const dispose = async () => {};
  let captioning: Promise<Captioner> | null = null;
  return {
    async open() {
      const { embedder, why, captioner } = await openEncoder();
      return {
        embedder: { ...embedder, dispose },
        why,
        captioner: captioner && {
          ...captioner,
          open: async () => ({ ...(await (captioning ??= captioner.open())), dispose }),
        },
      };
    },
    async dispose() {
      await (await captioning?.catch(() => null))?.dispose();
    },
  };
}
