/**
 * Where fetched parts live: `<cache>/models/<id>@<revision>/<part>/`, each with a `record.json`.
 *
 * A part appears whole or not at all (built beside, then renamed), so any number of processes may install the same
 * part at once, and whatever is killed leaves nothing that counts. Bytes count only when their SHA-256 is the
 * recorded one; that is checked whenever a file is read (18 MB: about 15 ms), not only when asked for.
 */
import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { z } from "zod";
import { AlbumenError, isAlbumenError, messageOf } from "../errors.ts";
import { parseJson, type ManifestFile } from "./manifest.ts";

const recordSchema = z.strictObject({
  part: z.string(),
  /** the builder that made the graph, `efficientnet-lite0@1` */
  converter: z.string(),
  /** where the bytes came from */
  source: z.string(),
  licence: z.string(),
  /** role → SHA-256 of what the source sent */
  fetched: z.record(z.string(), z.string()),
  /** ISO 8601, UTC */
  installedAt: z.string(),
  files: z.record(z.string(), z.strictObject({ bytes: z.int(), sha256: z.string() })),
});

/** What is written down about an installed part. */
export type PartRecord = z.infer<typeof recordSchema>;

export interface InstalledPart {
  readonly folder: string;
  readonly record: PartRecord;
}

export type PartState =
  | { readonly kind: "installed"; readonly part: InstalledPart }
  | { readonly kind: "absent" }
  /** there, but not what was installed; `reason` names the file */
  | { readonly kind: "damaged"; readonly folder: string; readonly reason: string };

/** `ALBUMEN_CACHE`, else the place the platform keeps for such files. Not created. */
export function defaultCacheDir(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  const own = env["ALBUMEN_CACHE"];
  if (own) return own;
  if (platform === "darwin") return join(home, "Library", "Caches", "albumen");
  if (platform === "win32")
    return join(env["LOCALAPPDATA"] ?? join(home, "AppData", "Local"), "albumen", "Cache");
  const xdg = env["XDG_CACHE_HOME"];
  // The XDG base directory specification: a relative path is invalid and to be ignored.
  return join(xdg && isAbsolute(xdg) ? xdg : join(home, ".cache"), "albumen");
}

export function partFolder(cacheDir: string, model: { id: string; revision: string }, part: string): string {
  return join(cacheDir, "models", `${model.id}@${model.revision}`, part);
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Reads a file and checks it. Errors: `MODEL_CORRUPT`, saying how it differs from what it should be. */
export async function readVerified(path: string, expected: ManifestFile): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new AlbumenError("MODEL_CORRUPT", `${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
  assertIntact(path, bytes, expected);
  return bytes;
}

/** Size and SHA-256 of a file of any size, read in pieces. */
export async function hashFile(path: string): Promise<ManifestFile> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** Checks a file without holding it in memory. Errors: as `assertIntact`; `name` is for the message. */
export async function checkFile(path: string, expected: Expected, name: string = path): Promise<void> {
  const look = async () =>
    expected.sha256 === null ? { bytes: (await stat(path)).size, sha256: null } : hashFile(path);
  const found = await look().catch((cause: unknown) => {
    throw new AlbumenError("MODEL_CORRUPT", `${path} cannot be read: ${messageOf(cause)}`, { cause });
  });
  assertSame(name, found, expected);
}

/** A size or hash that is null is not known and is not checked. */
interface Expected {
  readonly bytes: number | null;
  readonly sha256: string | null;
}

/** Errors: `MODEL_CORRUPT`, saying how the bytes differ from what they should be. */
export function assertIntact(name: string, bytes: Uint8Array, expected: Expected): void {
  const sha256 = expected.sha256 === null ? null : sha256Of(bytes);
  assertSame(name, { bytes: bytes.length, sha256 }, expected);
}

function assertSame(
  name: string,
  found: { readonly bytes: number; readonly sha256: string | null },
  expected: Expected,
): void {
  if (expected.bytes !== null && found.bytes !== expected.bytes)
    throw new AlbumenError("MODEL_CORRUPT", `${name} has ${found.bytes} bytes instead of ${expected.bytes}.`);
  if (expected.sha256 !== null && found.sha256 !== expected.sha256)
    throw new AlbumenError(
      "MODEL_CORRUPT",
      `${name} is not what it should be: its SHA-256 is ${found.sha256?.slice(0, 12)}… instead of ${expected.sha256.slice(0, 12)}….`,
    );
}

/**
 * Looks a part up by its record and the sizes of its files; with `thorough` also by every hash.
 * A part made by another revision of the converter counts as absent.
 */
export async function findPart(
  folder: string,
  converter: string,
  thorough: boolean = false,
): Promise<PartState> {
  const damaged = (reason: string): PartState => ({ kind: "damaged", folder, reason });
  let text: string;
  try {
    text = await readFile(join(folder, "record.json"), "utf8");
  } catch {
    return (await isThere(folder)) ? damaged("record.json is missing.") : { kind: "absent" };
  }
  try {
    const record = parseJson(recordSchema, text, "record.json");
    if (record.converter !== converter) return { kind: "absent" };
    for (const [name, expected] of Object.entries(record.files)) {
      const path = join(folder, name);
      if (thorough) await checkFile(path, expected);
      else {
        const bytes = await stat(path).then(
          ({ size }) => size,
          () => null,
        );
        if (bytes === null) return damaged(`${name} is missing.`);
        if (bytes !== expected.bytes)
          return damaged(`${name} has ${bytes} bytes instead of ${expected.bytes}.`);
      }
    }
    return { kind: "installed", part: { folder, record } };
  } catch (error) {
    if (isAlbumenError(error)) return damaged(error.message);
    throw error;
  }
}

/**
 * Puts a part in its place. When another process was quicker its part stays and is returned; a damaged or outdated
 * one is replaced. Errors: `DISK_FULL`, `CACHE_UNWRITABLE`.
 */
export async function storePart(
  folder: string,
  record: Omit<PartRecord, "files">,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<InstalledPart> {
  const building = `${folder}.${randomUUID()}.tmp`;
  const full: PartRecord = { ...record, files: {} };
  try {
    await mkdir(building, { recursive: true });
    for (const [name, bytes] of files) {
      await writeFile(join(building, name), bytes, { flush: true });
      full.files[name] = { bytes: bytes.length, sha256: sha256Of(bytes) };
    }
    // Last: a folder without a record is one that was not finished.
    await writeFile(join(building, "record.json"), JSON.stringify(full, null, 1) + "\n", { flush: true });
    return await moveInto(building, folder, { folder, record: full }, async () => {
      const other = await findPart(folder, record.converter, true);
      return other.kind === "installed" ? other.part : null;
    });
  } catch (error) {
    throwIfStorage(error, folder);
    throw error;
  } finally {
    // What cannot be removed now is swept later; it must not hide why the part could not be stored.
    await rm(building, { recursive: true, force: true }).catch(() => undefined);
  }
}

/**
 * Renames what was built into its place. Where something stands there already, `look` says what of it is to stay;
 * null: nothing, it is replaced.
 */
export async function moveInto<T>(
  building: string,
  folder: string,
  built: T,
  look: () => Promise<T | null>,
): Promise<T> {
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      await rename(building, folder);
      return built;
    } catch (error) {
      if (!(await isThere(folder))) throw error;
      const other = await look();
      if (other !== null) return other;
      await discard(folder);
    }
  }
  throw new AlbumenError("INTERNAL", `${folder} could not be replaced in five attempts.`);
}

/** Removes a part; true when there was one. */
export async function removePart(folder: string): Promise<boolean> {
  if (!(await isThere(folder))) return false;
  await discard(folder);
  return true;
}

/** Turns what a file system says about its own state into an error that says what to do; others pass. */
export function throwIfStorage(error: unknown, folder: string): void {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const hint = "Free some space, or point ALBUMEN_CACHE to another place.";
  if (["ENOSPC", "EDQUOT"].includes(code))
    throw new AlbumenError("DISK_FULL", `There is no room for the model in ${folder}.`, {
      hint,
      cause: error,
    });
  if (["EACCES", "EPERM", "EROFS", "ENOTDIR"].includes(code))
    throw new AlbumenError("CACHE_UNWRITABLE", `${folder} cannot be written (${code}).`, {
      hint: "Point ALBUMEN_CACHE to a folder that can.",
      cause: error,
    });
}

/** Removes a folder. Renamed first: a reader sees the whole of it or none. */
export async function discard(folder: string): Promise<void> {
  const aside = `${folder}.${randomUUID()}.tmp`;
  try {
    await rename(folder, aside);
  } catch (error) {
    if (await isThere(folder)) throw error;
  }
  await rm(aside, { recursive: true, force: true });
}

/** Removes what killed processes and abandoned downloads left behind, once it is a day old. */
export async function sweep(folder: string, now: number): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    if (!/\.(tmp|part)$/.test(name)) continue;
    const path = join(folder, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: now }));
    if (now - mtimeMs > 24 * 3_600_000) await rm(path, { recursive: true, force: true });
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
