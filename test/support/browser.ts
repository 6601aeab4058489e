/** A real browser for tests of what is shown: whatever Chromium the machine has. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { available, missing } from "./skip.ts";
import type { Available } from "./skip.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The path of a Chromium for playwright-core's `executablePath`; `ALBUMEN_CHROMIUM` names one outside the PATH. */
export function chromiumOrSkip(): Available<string> {
  const named = process.env["ALBUMEN_CHROMIUM"];
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const candidates = named ? [named] : folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const found = candidates.find(isExecutable);
  if (found !== undefined) return available(found);
  return missing(named ? `ALBUMEN_CHROMIUM is ${named}, which cannot be run` : "no Chromium on the PATH");
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
