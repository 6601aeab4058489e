/** Models that were converted a moment ago, opened without pulling them: what tests and benches need of a `Model`. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AlbumenError } from "../../src/errors.ts";
import type { ConvertedModel } from "../../src/models/convert.ts";
import type { Manifest } from "../../src/models/manifest.ts";
import type { Model } from "../../src/models/model.ts";

export interface OpenedModel extends Model {
  /** Takes its folder away. */
  remove(): Promise<void>;
}

/** Writes the files into a folder of their own. Only reading is possible: there is nothing to install. */
export async function openConverted(converted: ConvertedModel, id = "converted"): Promise<OpenedModel> {
  const folder = await mkdtemp(join(tmpdir(), "albumen-model-"));
  for (const [name, bytes] of converted.files) await writeFile(join(folder, name), bytes);
  const known = { id, revision: "1", title: id, licence: "none", files: {}, parts: {} };
  const manifest = { ...converted.manifest, kind: converted.kind, ...known } as Manifest;
  const hasNoParts = (): Promise<never> =>
    Promise.reject(new AlbumenError("MODEL_INCOMPATIBLE", `The model ${id} has no parts.`));
  return {
    manifest,
    folder,
    read: async (file) => Uint8Array.from(await readFile(join(folder, file))),
    locate: async (file) => join(folder, file),
    install: hasNoParts,
    state: hasNoParts,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
