/** The two things that Albumen fetches, by name. */
import type { InstalledPart } from "./cache.ts";
import { openBundledModel, type ModelOptions } from "./model.ts";

/** The starter's trunk: EfficientNet-Lite0, 18 MB. Errors: see `Model.install`. */
export async function installStarter(options: ModelOptions): Promise<InstalledPart> {
  return (await openBundledModel("starter", options)).install("trunk");
}

/** The starter's sentence model: all-MiniLM-L6-v2, 84 MB, needed for free-text search. Errors: see `Model.install`. */
export async function installSentenceModel(options: ModelOptions): Promise<InstalledPart> {
  return (await openBundledModel("starter", options)).install("sentence");
}
