/**
 * Performs one step of a plan so that doing it again is well.
 *
 * [Note: Recognising a step] A process may die after any effect and before the journal hears of it.
 * - When a plan is begun all its destinations are empty and the stamp of every source is written down. So what
 *   stands at a destination later is ours exactly when it has that stamp (links and renames keep it) or the bytes
 *   of its source (copies).
 * - A path may be used twice in one plan (two albums swap their names). The journal hears of every step before one
 *   of another kind begins, and of every folder rename at once; so the steps it may not have heard of share no path.
 * - A second name is made before the first is taken away: at every instant the picture stands at one of the two
 *   places, or at both.
 */
import { AlbumenError, isAlbumenError, throwIfAborted } from "../errors.ts";
import {
  parentOf,
  type PlacedHow,
  type PlacedFile,
  type Step,
  type StepOutcome,
} from "../core/plan/steps.ts";
import type { Entry, Output } from "../ports/output.ts";

export interface Performer {
  /**
   * What stops everything is thrown (`DISK_FULL`, `OUTPUT_UNWRITABLE`, `ABORTED`, `INTERNAL`); what concerns one
   * file is its outcome. `isRepeat`: an earlier attempt may have done a part of it.
   */
  perform(n: number, step: Step, isRepeat: boolean): Promise<StepOutcome>;
}

/** `token` names the temporary files of this entry. */
export function createPerformer(output: Output, token: string, signal: AbortSignal): Performer {
  const madeFolders = new Set<string>();
  const makeFolderOf = async (place: string): Promise<void> => {
    const folder = folderOf(place);
    if (folder === "" || madeFolders.has(folder)) return;
    await output.makeFolder(folder);
    madeFolders.add(folder);
  };
  const stampAt = async (place: string): Promise<string | null> =>
    (await output.inspect(place))?.stamp ?? null;
  /** Of a file that was just put there. */
  const done = async (how: PlacedHow, place: string): Promise<StepOutcome> => ({
    kind: "done",
    how,
    stamp: (await stampAt(place)) ?? "", // taken away already: nothing will ever be taken for it
  });

  /** Gives a finished temporary file its name. */
  const publish = async (temporary: string, to: string): Promise<void> => {
    if ((await output.link(temporary, to)) === "done") return output.remove(temporary);
    if ((await output.rename(temporary, to)) === "unsupported")
      throw new AlbumenError("INTERNAL", `${temporary} and ${to} should lie in one folder.`);
  };

  const place = async (
    step: Step & { readonly kind: "place" },
    temporary: string,
    isRepeat: boolean,
  ): Promise<StepOutcome> => {
    const { source, path } = step;
    const sourceStamp = step.sourceStamp ?? (await stampAt(source));
    if (sourceStamp === null) return missing(source);
    if (isRepeat) {
      await output.remove(temporary);
      const standing = await output.inspect(path);
      if (standing) {
        if (standing.stamp === sourceStamp) return { kind: "done", how: "link", stamp: standing.stamp };
        const isOurs =
          standing.kind === "file" && (await output.inspect(source)) && (await isEqual(source, path));
        return isOurs
          ? { kind: "done", how: "copy", stamp: standing.stamp }
          : { kind: "kept", reason: "occupied" };
      }
    }
    await makeFolderOf(path);
    let how: PlacedHow = "link";
    if (step.mode !== "link" || (await output.link(source, path)) === "unsupported") {
      how = "clone";
      try {
        if ((await output.clone(source, temporary)) === "unsupported") {
          how = "copy";
          await output.copy(source, temporary, signal);
        }
        if ((await stampAt(source)) !== sourceStamp)
          throw new AlbumenError("FILE_CHANGED", `${source} changed since Albumen read it.`);
        await publish(temporary, path);
      } catch (error) {
        await output.remove(temporary);
        throw error;
      }
    }
    return done(how, path);
  };

  const isEqual = async (a: string, b: string): Promise<boolean> =>
    (await output.sha256(a, signal)) === (await output.sha256(b, signal));

  /** Brings a file from one place to another; `was` is how it must look, unless its bytes are still `image`. */
  const transfer = async (
    from: string,
    to: string,
    was: { readonly stamp: string; readonly image: string },
    temporary: string,
    isRepeat: boolean,
  ): Promise<StepOutcome> => {
    if (isRepeat) await output.remove(temporary);
    const [first, second] = [await output.inspect(from), await output.inspect(to)];
    if (first === null) {
      const isThere =
        second?.kind === "file" &&
        (second.stamp === was.stamp || (await output.sha256(to, signal)) === was.image);
      return isThere ? done("move", to) : { kind: "kept", reason: "gone" };
    }
    if (first.kind !== "file") return { kind: "kept", reason: "changed" };
    if (second !== null) {
      // One file that answers to both names has no second name to lose.
      const isAlias = first.stamp === second.stamp && first.links < 2;
      if (isAlias || second.kind !== "file") return { kind: "kept", reason: "occupied" };
      if (!isSameFile(first, second)) {
        if (!(await isEqual(from, to))) return { kind: "kept", reason: "occupied" };
        await output.flush(to);
      }
      await output.remove(from);
      return done("move", to);
    }
    if (first.stamp !== was.stamp && (await output.sha256(from, signal)) !== was.image)
      return { kind: "kept", reason: "changed" };

    await makeFolderOf(to);
    if ((await output.link(from, to)) === "unsupported") {
      if ((await output.rename(from, to)) === "done") return done("move", to);
      try {
        await output.copy(from, temporary, signal);
        if (!(await isEqual(from, temporary)))
          throw new AlbumenError("FILE_CHANGED", `${from} changed while it was copied.`);
        await publish(temporary, to);
        await output.flush(to);
      } catch (error) {
        await output.remove(temporary);
        throw error;
      }
    }
    try {
      await output.remove(from);
    } catch (error) {
      // It may not be taken away, so it is not moved: the second name goes again.
      if (isAlbumenError(error) && error.code === "FILE_UNMOVABLE") await output.remove(to);
      throw error;
    }
    return done("move", to);
  };

  /** Deletes a link or copy, if it is as Albumen left it and the original still stands. */
  const remove = async (file: PlacedFile): Promise<StepOutcome> => {
    const [standing, original] = [await output.inspect(file.path), await output.inspect(file.source)];
    if (standing === null) return { kind: "done" };
    if (standing.kind !== "file") return { kind: "kept", reason: "changed" };
    if (!(original && isSameFile(standing, original))) {
      if (standing.stamp !== file.stamp && (await output.sha256(file.path, signal)) !== file.image)
        return { kind: "kept", reason: "changed" };
      const isHeld =
        original !== null &&
        original.kind !== "folder" &&
        original.kind !== "other" &&
        (await output.sha256(file.source, signal)) === file.image;
      if (!isHeld) return { kind: "kept", reason: "last-copy" };
    }
    await output.remove(file.path);
    return { kind: "done" };
  };

  const renameFolder = async (from: string, to: string): Promise<StepOutcome> => {
    const [first, second] = [await output.inspect(from), await output.inspect(to)];
    if (first === null)
      return second?.kind === "folder" ? { kind: "done" } : { kind: "kept", reason: "gone" };
    if (first.kind !== "folder") return { kind: "kept", reason: "changed" };
    await makeFolderOf(to);
    madeFolders.clear(); // they may be called otherwise now
    return (await output.rename(from, to)) === "done"
      ? { kind: "done" }
      : { kind: "kept", reason: "occupied" }; // another file system is mounted there
  };

  const performStep = async (n: number, step: Step, isRepeat: boolean): Promise<StepOutcome> => {
    const temporaryIn = (folder: string) => `${folder === "" ? "" : `${folder}/`}.albumen-${token}-${n}.part`;
    switch (step.kind) {
      case "makeFolder":
        await output.makeFolder(step.path);
        return { kind: "done" };
      case "adoptFolder":
        return { kind: "done" };
      case "renameFolder":
        return renameFolder(step.path, step.to);
      case "removeFolder": {
        madeFolders.clear();
        const removed = await output.removeFolder(step.path);
        return removed === "done" ? { kind: "done" } : { kind: "kept", reason: "not-empty" };
      }
      case "place": {
        const { path, source, image } = step;
        const temporary = temporaryIn(parentOf(path));
        if (step.mode !== "move") return place(step, temporary, isRepeat);
        const stamp = step.sourceStamp ?? (await stampAt(source));
        if (stamp === null) return missing(source);
        const outcome = await transfer(source, path, { stamp, image }, temporary, isRepeat);
        if (outcome.kind !== "kept" || outcome.reason === "occupied") return outcome;
        if (outcome.reason === "gone") return missing(source);
        return {
          kind: "failed",
          code: "FILE_CHANGED",
          reason: `${source} changed since Albumen read it, or is a symbolic link; it was left there.`,
        };
      }
      case "relocate":
        return transfer(step.file.path, step.to, step.file, temporaryIn(parentOf(step.to)), isRepeat);
      case "giveBack":
        return transfer(
          step.file.path,
          step.file.source,
          step.file,
          temporaryIn(folderOf(step.file.source)),
          isRepeat,
        );
      case "remove":
        return remove(step.file);
    }
  };

  return {
    async perform(n, step, isRepeat) {
      throwIfAborted(signal);
      try {
        return await performStep(n, step, isRepeat);
      } catch (error) {
        if (!isAlbumenError(error)) throw error;
        if (error.code === "OUTPUT_CONFLICT") return { kind: "kept", reason: "occupied" };
        // A drive that is gone for good must not keep everything after it from being undone.
        const isPlaceLost = step.kind === "giveBack" && error.code === "OUTPUT_UNWRITABLE";
        if (isPlaceLost || error.code.startsWith("FILE_"))
          return { kind: "failed", code: error.code, reason: error.message };
        throw error;
      }
    },
  };
}

/** Two names of one file: what one shows the other shows, whatever happens to it. */
function isSameFile(a: Entry, b: Entry): boolean {
  return a.stamp === b.stamp && a.links >= 2 && b.links >= 2;
}

function missing(source: string): StepOutcome {
  return { kind: "failed", code: "FILE_NOT_FOUND", reason: `${source} is not there any more.` };
}

/** As `parentOf`, for absolute paths of Windows too. */
function folderOf(place: string): string {
  return place.slice(0, Math.max(place.lastIndexOf("/"), place.lastIndexOf("\\"), 0));
}
