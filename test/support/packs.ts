/**
 * Labelled pictures for tests and benches, read from the data packs beside the repository.
 *
 * `ALBUMEN_SHARED` names the folder that holds `data/dev/*.tar`; by default it is `../shared`, seen from the
 * repository. A pack is unpacked once into `test/.cache/packs/` and found there afterwards.
 */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { extract } from "tar";
import { z } from "zod";
import { available, missing } from "./skip.ts";
import type { Available } from "./skip.ts";

const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));
const CACHE = join(REPOSITORY, "test", ".cache", "packs");

/** Where the shared folder is, there or not. */
export const SHARED_DIR = resolve(process.env["ALBUMEN_SHARED"] ?? join(REPOSITORY, "..", "shared"));

export type PackName = "heap" | "caltech_a" | "dreambooth" | "tinyval2000" | "flickr8k300";

export interface PackImage {
  /** absolute path of the unpacked file */
  readonly path: string;
  /** its path inside the pack, with forward slashes */
  readonly file: string;
  /** the true group; null where the pack has none (flickr8k300) */
  readonly label: string | null;
  /** a broader true group (dreambooth has 15 of them); null where there is none */
  readonly broadLabel: string | null;
  /** sentences people wrote about it; empty where there are none */
  readonly captions: readonly string[];
}

export interface Pack {
  readonly name: PackName;
  /** the folder that all files lie in */
  readonly dir: string;
  /** in the order of the pack's own list */
  readonly images: readonly PackImage[];
}

/** One line of `labels.jsonl`. */
const rowSchema = z.object({
  file: z.string(),
  labels: z.array(z.string()).max(1),
  class: z.string().optional(),
  captions: z.array(z.string()).default([]),
});

/** The absolute path of something in the shared folder, e.g. `sharedOrSkip("reference/starter")`. */
export function sharedOrSkip(path: string): Available<string> {
  const full = join(SHARED_DIR, path);
  return existsSync(full) ? available(full) : missing(`${path} is not in the shared folder`);
}

/** A pack, unpacked on first use. Any number of processes may ask at once. */
export async function packOrSkip(name: PackName): Promise<Available<Pack>> {
  const tar = sharedOrSkip(`data/dev/${name}.tar`);
  return tar.isAvailable ? available(await openPack(name, tar.value)) : tar;
}

async function openPack(name: PackName, tar: string): Promise<Pack> {
  const { size, mtimeMs } = await stat(tar);
  const dir = join(CACHE, `${name}-${size}-${Math.round(mtimeMs)}`);
  if (!existsSync(dir)) await unpack(tar, dir);
  const lines = (await readFile(join(dir, "labels.jsonl"), "utf8")).split("\n").filter((line) => line !== "");
  const images = lines.map((line): PackImage => {
    const row = rowSchema.parse(JSON.parse(line));
    return {
      path: join(dir, row.file),
      file: row.file,
      label: row.labels[0] ?? null,
      broadLabel: row.class ?? null,
      captions: row.captions,
    };
  });
  return { name, dir, images };
}

/** The folder appears whole or not at all; when another process was quicker, its folder stays. */
async function unpack(tar: string, dir: string): Promise<void> {
  const draft = `${dir}.${randomUUID()}.tmp`;
  await mkdir(draft, { recursive: true });
  try {
    await extract({ file: tar, cwd: draft, strict: true });
    await rename(draft, dir);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (!existsSync(dir)) throw error;
  }
}

/** For each pack with named folders: true label (dreambooth: class) → the album names a person would accept. */
export type AcceptedNames = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

const namesSchema = z.object({ rule: z.string() }).catchall(z.record(z.string(), z.array(z.string())));

export async function acceptedNamesOrSkip(): Promise<Available<AcceptedNames>> {
  const file = sharedOrSkip("data/dev/names.json");
  if (!file.isAvailable) return file;
  const { rule: _rule, ...names } = namesSchema.parse(JSON.parse(await readFile(file.value, "utf8")));
  return available(names);
}
