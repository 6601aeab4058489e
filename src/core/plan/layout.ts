/** Which album gets which folder, and the folder steps that bring the folders there. Pure. */
import { UNSORTED, type Album } from "../albums.ts";
import { createNameRoom, isNumbered, nameKey, safeFolderName } from "./folder-names.ts";
import { byPath, joinPath, nameOf, parentOf, rebased, type AlbumFolder, type Step } from "./steps.ts";

/** Albumen's own files in the output's root. */
export const EXPORT_NAMES = ["index.html", "albums.json", "albums.csv", "labels.json", "labels.csv"] as const;

/** What Albumen itself keeps in the output's root; no album may be called so. */
const RESERVED_NAMES = [".albumen", ...EXPORT_NAMES];

export interface FolderLayout {
  /** album id → its folder, for every album that has one, parents first */
  readonly folderOf: ReadonlyMap<string, string>;
  /** where the folders that stand now will be, by where they are; includes those no album needs any more */
  readonly movedTo: ReadonlyMap<string, string>;
  /** folders of ours, as they will be called, that no album needs any more; deepest first */
  readonly unneeded: readonly AlbumFolder[];
  /** adoptFolder, renameFolder, makeFolder */
  readonly steps: readonly Step[];
}

/** An album that gets a folder. */
interface Shown {
  readonly id: string;
  readonly wantedName: string;
  /** the album whose folder holds this one's; null: the root */
  readonly parentId: string | null;
}

/** A folder of ours, which the steps so far have brought to `path`. */
interface Standing {
  /** null: one of the steps makes it */
  readonly original: string | null;
  path: string;
  /** `nameKey(path)` */
  key: string;
  album: string;
}

/**
 * An album keeps its folder while its name stays, renames it when the name changes, and takes over the folder
 * of an album that is gone when that already has its name. `namesIn` tells the names in use in a folder, as it
 * stands now, by anything but folders of ours.
 */
export function layOutFolders(request: {
  readonly albums: readonly Album[];
  readonly current: readonly AlbumFolder[];
  readonly namesIn: (folder: string) => Iterable<string>;
  readonly depth: 1 | 2;
}): FolderLayout {
  const shown = shownAlbums(request.albums, request.depth);
  const isShown = new Set(shown.map((album) => album.id));
  const standing: Standing[] = request.current.map(({ path, album }) => ({
    original: path,
    path,
    key: nameKey(path),
    album,
  }));
  const owned = new Map(standing.map((folder) => [folder.album, folder]));
  const steps: Step[] = [];
  const folderOf = new Map<string, string>();

  const standingAt = (path: string) => {
    const key = nameKey(path);
    return standing.find((folder) => folder.key === key);
  };
  const isUnneeded = (folder: Standing) => !isShown.has(folder.album);
  const rename = (folder: Standing, to: string) => {
    const from = folder.path;
    steps.push({ kind: "renameFolder", path: from, to });
    for (const other of standing) {
      other.path = rebased(other.path, from, to);
      other.key = nameKey(other.path);
    }
  };
  const detours = createNameRoom(request.namesIn(""));
  const stepAside = (folder: Standing) => rename(folder, detours.take(".albumen-moving"));

  const renameAll = (pending: { readonly folder: Standing; readonly to: string }[]) => {
    while (pending.length > 0) {
      const free = pending.findIndex(({ folder, to }) => [undefined, folder].includes(standingAt(to)));
      if (free >= 0) {
        const [next] = pending.splice(free, 1);
        if (next!.folder.path !== next!.to) rename(next!.folder, next!.to);
      } else {
        // Every place is held by a folder that has yet to leave it: a ring, e.g. two names swapped.
        stepAside(standingAt(pending[0]!.to)!);
      }
    }
  };

  const layOutLevel = (parent: string, level: readonly Shown[]) => {
    const original = parent === "" ? "" : standing.find((folder) => folder.path === parent)?.original;
    const room = createNameRoom(typeof original === "string" ? request.namesIn(original) : []);
    if (parent === "") for (const name of RESERVED_NAMES) room.add(name);

    const open: Shown[] = [];
    for (const album of level) {
      const own = owned.get(album.id);
      if (own && parentOf(own.path) === parent && isNumbered(nameOf(own.path), album.wantedName)) {
        room.add(nameOf(own.path));
        folderOf.set(album.id, own.path);
      } else open.push(album);
    }
    for (const { id, wantedName } of open) {
      const left = standingAt(joinPath(parent, wantedName));
      if (!left || !isUnneeded(left)) continue;
      steps.push({ kind: "adoptFolder", path: left.path, album: id, previous: left.album });
      const given = owned.get(id);
      if (given) {
        steps.push({ kind: "adoptFolder", path: given.path, album: left.album, previous: id });
        given.album = left.album;
      }
      left.album = id;
      owned.set(id, left);
    }
    // An unneeded folder stays until it is found empty, so its name is taken.
    for (const folder of standing)
      if (isUnneeded(folder) && parentOf(folder.path) === parent) room.add(nameOf(folder.path));

    const renames: { folder: Standing; to: string }[] = [];
    const made: Standing[] = [];
    for (const { id, wantedName } of open) {
      const path = joinPath(parent, room.take(wantedName));
      folderOf.set(id, path);
      const own = owned.get(id);
      if (own) renames.push({ folder: own, to: path });
      else made.push({ original: null, path, key: nameKey(path), album: id });
    }
    renameAll(renames);
    for (const folder of made) {
      // Held by a folder whose turn comes on the level below.
      const occupant = standingAt(folder.path);
      if (occupant) stepAside(occupant);
      steps.push({ kind: "makeFolder", path: folder.path, album: folder.album });
      standing.push(folder);
    }
  };

  const roots = shown.filter((album) => album.parentId === null);
  layOutLevel("", roots);
  for (const root of roots) {
    const children = shown.filter((album) => album.parentId === root.id);
    if (children.length > 0) layOutLevel(folderOf.get(root.id)!, children);
  }

  return {
    folderOf,
    movedTo: new Map(
      standing.flatMap(({ original, path }) => (original === null ? [] : [[original, path] as const])),
    ),
    unneeded: standing
      .filter(isUnneeded)
      .map(({ path, album }) => ({ path, album }))
      .sort(byPath)
      .reverse(),
    steps,
  };
}

/**
 * The albums that get a folder, in id order, Unsorted first because its name is promised. An album without
 * images gets one only to hold those of its children. Deeper levels than two lie flat in their root's folder.
 */
function shownAlbums(albums: readonly Album[], depth: 1 | 2): Shown[] {
  const byId = new Map(albums.map((album) => [album.id, album]));
  const rootOf = (album: Album): Album => {
    const seen = new Set<string>();
    let root = album;
    while (root.parentId !== null && byId.has(root.parentId) && !seen.has(root.id)) {
      seen.add(root.id);
      root = byId.get(root.parentId)!;
    }
    return root;
  };
  const parents = new Map<string, string | null>();
  for (const album of albums) {
    if (album.members.length === 0) continue;
    const root = depth === 1 ? album : rootOf(album);
    parents.set(album.id, root === album ? null : root.id);
    if (root !== album) parents.set(root.id, null);
  }
  const rank = (id: string) => (id === UNSORTED ? 0 : 1);
  return [...parents]
    .map(([id, parentId]) => ({
      id,
      wantedName: id === UNSORTED ? "Unsorted" : safeFolderName(byId.get(id)!.name.text),
      parentId,
    }))
    .sort((a, b) => rank(a.id) - rank(b.id) || (a.id < b.id ? -1 : 1));
}
