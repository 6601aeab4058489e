/** A published model that lies in a folder already. Nothing is copied and nothing of it is ever removed. */
import { readdir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { AlbumenError, messageOf } from "../../errors.ts";
import type { Repository } from "./repository.ts";

/** `onnx/` and its like; deeper is not what models are published as. */
const MAX_DEPTH = 3;

/** Errors: `MODEL_UNKNOWN` when there is no such folder. */
export async function openFolderRepository(folder: string): Promise<Repository> {
  const files = new Map<string, number>();
  const walk = async (at: string, depth: number): Promise<void> => {
    for (const entry of await readdir(at, { withFileTypes: true })) {
      const path = join(at, entry.name);
      if (entry.name.startsWith(".")) continue;
      const kind = entry.isSymbolicLink() ? await stat(path).catch(() => entry) : entry;
      if (kind.isDirectory() && depth < MAX_DEPTH) await walk(path, depth + 1);
      else if (kind.isFile()) files.set(relative(folder, path).replaceAll(sep, "/"), (await stat(path)).size);
    }
  };
  await walk(folder, 1).catch((cause: unknown) => {
    throw new AlbumenError("MODEL_UNKNOWN", `${folder} cannot be read as a model: ${messageOf(cause)}`, {
      hint: "Name a folder with a config.json and a checkpoint, or one with a model.json.",
      cause,
    });
  });
  return {
    revision: null,
    place: `the folder ${folder}`,
    licence: null,
    files,
    fetch: (names) => Promise.resolve(new Map(names.map((name) => [name, join(folder, ...name.split("/"))]))),
    otherRevisions: () => Promise.resolve([]),
    discard: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
