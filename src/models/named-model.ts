/** Opens the model that a person or a catalog means: bundled, pulled, in a folder, or published and then pulled. */
import { access } from "node:fs/promises";
import { join } from "node:path";
import { AlbumenError } from "../errors.ts";
import type { WeightDtype } from "./convert.ts";
import { RECOMMENDED } from "./known-models.ts";
import { folderPath, nameOf, parseModelId } from "./model-id.ts";
import { BUNDLED_MODELS, openBundledModel, openModel, type Model, type ModelOptions } from "./model.ts";
import { CONVERTER, offerModel } from "./pull.ts";
import { findPulled, pulledFolder, readPulled } from "./pulled.ts";

/**
 * By id or folder, see `parseModelId`. A published model that is not here is pulled, which is said before it travels.
 * Errors: `MODEL_UNKNOWN`, `MODEL_NOT_INSTALLED` (offline), and whatever pulling it runs into.
 */
export async function openNamedModel(text: string, options: ModelOptions): Promise<Model> {
  const [pulled] = await findPulled(text, options.cacheDir);
  if (pulled !== undefined) return openModel(pulled.folder, options);
  const id = parseModelId(text);
  if (id.kind === "bundled") return openBundledModel(id.name, options);
  if (id.kind === "folder") {
    const folder = folderPath(id.path);
    if (await isThere(join(folder, "model.json"))) return openModel(folder, options);
  }
  // As it was pulled before: a folder is looked at each time, since it may have changed.
  const [before] = await findPulled(nameOf(id), options.cacheDir);
  const dtype = before?.manifest.origin.dtype ?? RECOMMENDED.dtype;
  const offer = await offerModel(id, { ...options, dtype });
  return openModel((await offer.accept()).folder, options);
}

/**
 * Exactly this revision, as a space or a recipe names it. `named`: what it was called when it was chosen; a folder is
 * found by that. Errors: `MODEL_NOT_INSTALLED`, saying how to get it back, and as `openNamedModel`.
 */
export async function openExactModel(
  wanted: { readonly id: string; readonly revision: string },
  named: string | null,
  options: ModelOptions,
): Promise<Model> {
  if ((BUNDLED_MODELS as readonly string[]).includes(wanted.id)) return openBundledModel(wanted.id, options);
  const pulled = await readPulled(pulledFolder(options.cacheDir, wanted));
  if ("manifest" in pulled) return openModel(pulled.folder, options);
  if (named !== null && parseModelId(named).kind === "folder") return openNamedModel(named, options);
  const published = publishedRevision(wanted);
  if (published === null)
    throw new AlbumenError("MODEL_NOT_INSTALLED", `${wanted.id}@${wanted.revision} is not on this machine.`, {
      hint: "Pull it again from where it came, or name a model with --model to embed the images anew.",
    });
  if (published.converter !== CONVERTER)
    throw new AlbumenError(
      "MODEL_INCOMPATIBLE",
      `${wanted.id} gives other vectors since this version of Albumen.`,
      { hint: `Use --model ${wanted.id} to embed the images anew.` },
    );
  const { repo, revision, dtype } = published;
  if (options.offline)
    throw new AlbumenError("MODEL_NOT_INSTALLED", `${wanted.id} is not on this machine.`, {
      hint: `Run albumen models pull ${repo}@${revision} --dtype ${dtype} once without --offline.`,
    });
  const offer = await offerModel({ kind: "hub", repo, revision }, { ...options, dtype });
  return openModel((await offer.accept()).folder, options);
}

/** Where a hub has it; null for what came from elsewhere. */
function publishedRevision({ id, revision }: { readonly id: string; readonly revision: string }): {
  readonly repo: string;
  readonly revision: string;
  readonly dtype: WeightDtype;
  readonly converter: number;
} | null {
  const [, commit, dtype, converter] = /^([0-9a-f]{40})-(fp32|fp16|q8)\.(\d+)$/.exec(revision) ?? [];
  if (commit === undefined || !/^[^:]+\/[^:]+$/.test(id)) return null;
  return { repo: id, revision: commit, dtype: dtype as WeightDtype, converter: Number(converter) };
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
