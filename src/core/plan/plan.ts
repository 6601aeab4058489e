/** Turns named albums into file steps: what is wanted less what stands. Pure; pipeline/apply.ts performs them. */
import type { Album } from "../albums.ts";
import { createNameRoom, safeFileName, type NameRoom } from "./folder-names.ts";
import { layOutFolders } from "./layout.ts";
import {
  byPath,
  joinPath,
  nameOf,
  parentOf,
  type OutputState,
  type PlacedFile,
  type PlaceMode,
  type Step,
} from "./steps.ts";

/** Where the bytes of one image lie, first choice first. */
export interface PlannableImage {
  readonly locations: readonly {
    /** absolute path */
    readonly source: string;
    /** file name to keep */
    readonly name: string;
  }[];
}

export interface PlanRequest {
  /** the wanted albums; an image is in one at most */
  readonly albums: readonly Album[];
  /** by SHA-256 */
  readonly images: ReadonlyMap<string, PlannableImage>;
  /** what Albumen put into the output and is still there */
  readonly current: OutputState;
  /** what Albumen put there and is not there any more: the user took it away */
  readonly gone: readonly string[];
  /** every other file and folder of the output */
  readonly foreign: readonly string[];
  readonly mode: PlaceMode;
  /** levels of folders */
  readonly depth: 1 | 2;
}

/** JSON as it is. */
export interface Plan {
  readonly mode: PlaceMode;
  /** in the order in which they are performed; each leaves a sound tree behind */
  readonly steps: readonly Step[];
  /** forgotten when the plan is begun */
  readonly gone: readonly string[];
  /** the folder of each album, as it will be */
  readonly folders: readonly { readonly album: string; readonly path: string }[];
  /** images of albums that lie nowhere any more */
  readonly missing: readonly string[];
}

/** One file that is to stand in a folder. */
interface Wanted {
  readonly folder: string;
  readonly image: string;
  /** the moved file or the location it must come from; null: any file of this image will do */
  readonly source: string | null;
  readonly name: string;
}

/**
 * The steps from what stands to what is wanted; none when they agree. The same request gives the same plan.
 * `link` and `copy` put one file an image into its album, `move` every location. A moved file is the user's
 * only one: it follows its image from album to album and is never removed.
 */
export function planFolders(request: PlanRequest): Plan {
  const { albums, images, current, mode } = request;
  const notFolders = [...request.foreign, ...current.files.map((file) => file.path)];
  const notFoldersIn = groupBy(notFolders, parentOf);
  const layout = layOutFolders({
    albums,
    current: current.folders,
    namesIn: (folder) => (notFoldersIn.get(folder) ?? []).map(nameOf),
    depth: request.depth,
  });
  const nowIn = (path: string) => {
    const folder = parentOf(path);
    return joinPath(layout.movedTo.get(folder) ?? folder, nameOf(path));
  };
  const standing = current.files.map((file) => ({ ...file, path: nowIn(file.path) })).sort(byPath);
  const filesOf = groupBy(standing, (file) => file.image);

  const missing: string[] = [];
  const wanted: Wanted[] = [];
  for (const album of [...albums].sort((a, b) => (a.id < b.id ? -1 : 1)))
    for (const { image } of album.members) {
      const found = wantedOf(
        layout.folderOf.get(album.id)!,
        image,
        images.get(image),
        filesOf.get(image) ?? [],
        mode,
      );
      if (found.length === 0) missing.push(image);
      wanted.push(...found);
    }
  wanted.sort(byFolderAndName);

  const { stays, moves } = match(wanted, filesOf, mode);
  const used = new Set([...stays.values(), ...moves.values()]);
  const removed = standing.filter((file) => !used.has(file) && file.mode !== "move");
  const removedFrom = new Map(removed.map((file) => [`${parentOf(file.path)}/${file.image}`, file]));
  const takenPaths = [
    ...notFolders.map(nowIn),
    ...layout.folderOf.values(),
    ...layout.unneeded.map((folder) => folder.path),
  ];
  const rooms = new Map<string, NameRoom>();
  for (const [folder, paths] of groupBy(takenPaths, parentOf))
    rooms.set(folder, createNameRoom(paths.map(nameOf)));
  const freePath = (folder: string, name: string) => {
    const room = rooms.get(folder) ?? createNameRoom();
    rooms.set(folder, room);
    return joinPath(folder, room.take(name));
  };

  const relocates: Step[] = [];
  const places: Step[] = [];
  for (const item of wanted) {
    if (stays.has(item)) continue;
    const file = moves.get(item);
    if (file) {
      relocates.push({ kind: "relocate", file, to: freePath(item.folder, item.name) });
      continue;
    }
    // A file that was placed in another way is removed first, and the first of its successors takes its name.
    const key = `${item.folder}/${item.image}`;
    const path = removedFrom.get(key)?.path ?? freePath(item.folder, item.name);
    removedFrom.delete(key);
    const source = item.source ?? images.get(item.image)!.locations[0]!.source;
    places.push({ kind: "place", path, image: item.image, source, mode, sourceStamp: null });
  }

  const leaving = new Set([...moves.values(), ...removed].map((file) => file.path));
  const remaining = [
    ...standing.map((file) => file.path).filter((path) => !leaving.has(path)),
    ...request.foreign.map(nowIn),
    ...layout.folderOf.values(),
  ];
  const occupied = new Set([...layout.folderOf.values(), ...remaining.flatMap(foldersAbove)]);
  return {
    mode,
    steps: [
      ...layout.steps,
      ...removed.map((file): Step => ({ kind: "remove", file })),
      ...relocates,
      ...places,
      ...layout.unneeded
        .filter(({ path }) => !occupied.has(path))
        .map((folder): Step => ({ kind: "removeFolder", ...folder })),
    ],
    gone: [...request.gone].sort(),
    folders: [...layout.folderOf].map(([album, path]) => ({ album, path })),
    missing: missing.sort(),
  };
}

/** Does a file placed as it was serve when files are wanted in this way? A moved one has no original to return to. */
function serves(file: PlacedFile, mode: PlaceMode): boolean {
  return file.mode === mode || file.mode === "move";
}

function wantedOf(
  folder: string,
  image: string,
  known: PlannableImage | undefined,
  files: readonly PlacedFile[],
  mode: PlaceMode,
): Wanted[] {
  const locations = known?.locations ?? [];
  const nameFrom = (source: string | null, file: PlacedFile | undefined) => {
    const location = locations.find((candidate) => candidate.source === source) ?? locations[0];
    return safeFileName(location?.name ?? nameOf(file!.path));
  };
  const moved = files.filter((file) => file.mode === "move");
  const wanted = moved.map((file) => ({
    folder,
    image,
    source: file.source,
    name: nameFrom(file.source, file),
  }));
  if (mode === "move") {
    const movedFrom = new Set(moved.map((file) => file.source));
    for (const { source } of locations)
      if (!movedFrom.has(source)) wanted.push({ folder, image, source, name: nameFrom(source, undefined) });
    return wanted;
  }
  if (wanted.length > 0) return wanted;
  const serving = files.find((file) => serves(file, mode));
  if (!serving && locations.length === 0) return [];
  return [{ folder, image, source: null, name: nameFrom(serving?.source ?? null, serving) }];
}

/** Gives each wanted file the one that stands for it: in its own folder if possible, else one to bring there. */
function match(
  wanted: readonly Wanted[],
  filesOf: ReadonlyMap<string, readonly PlacedFile[]>,
  mode: PlaceMode,
): { readonly stays: Map<Wanted, PlacedFile>; readonly moves: Map<Wanted, PlacedFile> } {
  const stays = new Map<Wanted, PlacedFile>();
  const moves = new Map<Wanted, PlacedFile>();
  const used = new Set<PlacedFile>();
  for (const isHere of [true, false])
    for (const item of wanted) {
      if (stays.has(item)) continue;
      const file = (filesOf.get(item.image) ?? []).find(
        (candidate) =>
          !used.has(candidate) &&
          serves(candidate, mode) &&
          (item.source === null || (candidate.mode === "move" && candidate.source === item.source)) &&
          (!isHere || parentOf(candidate.path) === item.folder),
      );
      if (!file) continue;
      used.add(file);
      (isHere ? stays : moves).set(item, file);
    }
  return { stays, moves };
}

function byFolderAndName(a: Wanted, b: Wanted): number {
  return (
    compare(a.folder, b.folder) ||
    compare(a.name, b.name) ||
    compare(a.image, b.image) ||
    compare(a.source ?? "", b.source ?? "")
  );
}

/** Code-unit order, the same on every machine, unlike localeCompare. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `a/b` and `a` for `a/b/c`. */
function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let folder = parentOf(path); folder !== ""; folder = parentOf(folder)) folders.push(folder);
  return folders;
}

function groupBy<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
