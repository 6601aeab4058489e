/** The steps of a plan: what each changes in the record of the output, and what takes it back. Pure. */
import type { ErrorCode } from "../../errors.ts";

/** How images get into the output: `link` falls back to a reflink, then to a copy, where the file system has none. */
export type PlaceMode = "link" | "copy" | "move";

/** What the file system made of it. */
export type PlacedHow = "link" | "clone" | "copy" | "move";

/** A file that Albumen put into the output. Paths are relative to the output's root, with "/" between names. */
export interface PlacedFile {
  readonly path: string;
  /** SHA-256 of its bytes, lower-case hex */
  readonly image: string;
  /** absolute path it came from */
  readonly source: string;
  /** what was asked for */
  readonly mode: PlaceMode;
  /** `Entry.stamp` of the file right after it was placed: as long as it is the same, nobody has changed it */
  readonly stamp: string;
}

/** A folder that Albumen made, and the album it stands for. */
export interface AlbumFolder {
  readonly path: string;
  readonly album: string;
}

/** What stands in the output as far as Albumen put it there. */
export interface OutputState {
  readonly folders: readonly AlbumFolder[];
  readonly files: readonly PlacedFile[];
}

/** One file operation. No step ever overwrites, and only `remove` deletes: a link or copy whose original stands. */
export type Step =
  | { readonly kind: "makeFolder"; readonly path: string; readonly album: string }
  /** Nothing moves: a folder that stood for `previous` stands for `album` from now on. */
  | { readonly kind: "adoptFolder"; readonly path: string; readonly album: string; readonly previous: string }
  | { readonly kind: "renameFolder"; readonly path: string; readonly to: string }
  | {
      readonly kind: "place";
      readonly path: string;
      readonly image: string;
      readonly source: string;
      readonly mode: PlaceMode;
      /**
       * `Entry.stamp` of the source, read when the plan is begun; null before that, and where the source is not
       * there yet, because an earlier step of the same undo gives it back
       */
      readonly sourceStamp: string | null;
    }
  | { readonly kind: "relocate"; readonly file: PlacedFile; readonly to: string }
  | { readonly kind: "remove"; readonly file: PlacedFile }
  /** Only in an undo: a moved file goes back to where it came from. */
  | { readonly kind: "giveBack"; readonly file: PlacedFile }
  /** Only when it is empty. */
  | { readonly kind: "removeFolder"; readonly path: string; readonly album: string };

/** Why a file or folder was left as it is. */
export type KeptReason = "changed" | "gone" | "occupied" | "last-copy" | "not-empty";

export type StepOutcome =
  | { readonly kind: "done"; readonly how?: PlacedHow; readonly stamp?: string }
  | { readonly kind: "kept"; readonly reason: KeptReason }
  | { readonly kind: "failed"; readonly code: ErrorCode; readonly reason: string };

/** What a performed step changes in the record of the output. */
export type OutputChange =
  | { readonly kind: "putFolder"; readonly folder: AlbumFolder }
  | { readonly kind: "dropFolder"; readonly path: string }
  /** the folder and everything recorded below it */
  | { readonly kind: "moveFolder"; readonly path: string; readonly to: string }
  | { readonly kind: "putFile"; readonly file: PlacedFile }
  | { readonly kind: "dropFile"; readonly path: string };

export function changesOf(step: Step, outcome: StepOutcome): OutputChange[] {
  if (outcome.kind === "failed") return [];
  if (outcome.kind === "kept") {
    if (step.kind !== "relocate" && step.kind !== "remove" && step.kind !== "giveBack") return [];
    // A file that is occupied's victim is still ours and will find another way; one that the user changed,
    // took away or lost the original of is the user's from now on.
    return outcome.reason === "occupied" ? [] : [{ kind: "dropFile", path: step.file.path }];
  }
  switch (step.kind) {
    case "makeFolder":
    case "adoptFolder":
      return [{ kind: "putFolder", folder: { path: step.path, album: step.album } }];
    case "removeFolder":
      return [{ kind: "dropFolder", path: step.path }];
    case "renameFolder":
      return [{ kind: "moveFolder", path: step.path, to: step.to }];
    case "place": {
      const { path, image, source, mode } = step;
      return [{ kind: "putFile", file: { path, image, source, mode, stamp: outcome.stamp ?? "" } }];
    }
    case "relocate":
      return [
        { kind: "dropFile", path: step.file.path },
        {
          kind: "putFile",
          file: { ...step.file, path: step.to, stamp: outcome.stamp ?? step.file.stamp },
        },
      ];
    case "remove":
    case "giveBack":
      return [{ kind: "dropFile", path: step.file.path }];
  }
}

/**
 * The steps that take performed ones back, last first. Steps that were kept or failed changed nothing
 * and have no counterpart.
 */
export function inverseOf(
  performed: readonly { readonly step: Step; readonly outcome: StepOutcome }[],
): Step[] {
  const inverse: Step[] = [];
  for (const { step, outcome } of [...performed].reverse()) {
    if (outcome.kind !== "done") continue;
    switch (step.kind) {
      case "makeFolder":
        inverse.push({ kind: "removeFolder", path: step.path, album: step.album });
        break;
      case "removeFolder":
        inverse.push({ kind: "makeFolder", path: step.path, album: step.album });
        break;
      case "adoptFolder":
        inverse.push({ ...step, album: step.previous, previous: step.album });
        break;
      case "renameFolder":
        inverse.push({ kind: "renameFolder", path: step.to, to: step.path });
        break;
      case "place": {
        const { path, image, source, mode } = step;
        const file = { path, image, source, mode, stamp: outcome.stamp ?? "" };
        inverse.push({ kind: mode === "move" ? "giveBack" : "remove", file });
        break;
      }
      case "relocate":
        inverse.push({
          kind: "relocate",
          file: { ...step.file, path: step.to, stamp: outcome.stamp ?? step.file.stamp },
          to: step.file.path,
        });
        break;
      case "remove": {
        const { path, image, source, mode } = step.file;
        inverse.push({ kind: "place", path, image, source, mode, sourceStamp: null });
        break;
      }
      case "giveBack":
        break; // an undo is not undone
    }
  }
  return inverse;
}

/** The record after the changes, in path order. */
export function applyChanges(state: OutputState, changes: Iterable<OutputChange>): OutputState {
  let folders = new Map(state.folders.map((folder) => [folder.path, folder]));
  let files = new Map(state.files.map((file) => [file.path, file]));
  for (const change of changes)
    switch (change.kind) {
      case "putFolder":
        folders.set(change.folder.path, change.folder);
        break;
      case "dropFolder":
        folders.delete(change.path);
        break;
      case "putFile":
        files.set(change.file.path, change.file);
        break;
      case "dropFile":
        files.delete(change.path);
        break;
      case "moveFolder": {
        const { path, to } = change;
        const moved = <T extends { readonly path: string }>(items: Iterable<T>) =>
          new Map(
            [...items]
              .map((item) => ({ ...item, path: rebased(item.path, path, to) }))
              .map((item) => [item.path, item]),
          );
        folders = moved(folders.values());
        files = moved(files.values());
        break;
      }
    }
  return { folders: [...folders.values()].sort(byPath), files: [...files.values()].sort(byPath) };
}

/** The folder of a path; "" is the root. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

/** The last name of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

export function joinPath(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

/** Is `path` the folder itself or below it? */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** `path` as it is once the folder `from` is called `to`. */
export function rebased(path: string, from: string, to: string): string {
  return isWithin(path, from) ? to + path.slice(from.length) : path;
}

/** Code-point order, the same on every machine, unlike localeCompare. */
export function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}
