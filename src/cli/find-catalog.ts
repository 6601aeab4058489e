/** Finds the catalog a command means when it names none. */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const CATALOG_FOLDER = ".albumen";
const DEFAULT_OUT = "albums";

/**
 * Looks for `.albumen`, then `albums/.albumen`, in the folder and in all above it.
 * Returns the output folder that holds the catalog; null when there is none.
 */
export function findOutput(from: string): string | null {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    for (const out of [folder, join(folder, DEFAULT_OUT)])
      if (existsSync(join(out, CATALOG_FOLDER, "catalog.db"))) return out;
    if (dirname(folder) === folder) return null;
  }
}
