/** Images in folders, single files and globs of this machine. */
import { constants, type BigIntStats, type Dirent } from "node:fs";
import { open, readdir, stat, type FileHandle } from "node:fs/promises";
import { basename, join, resolve, sep } from "node:path";
import picomatch from "picomatch";
import { AlbumenError, messageOf, throwIfAborted } from "../../errors.ts";
import { IMAGE_EXTENSIONS, sniffImageFormat, SNIFF_BYTES } from "../../core/image-format.ts";
import type { ImageSource, ReadOutcome, SourceItem } from "../../ports/image-source.ts";

export interface FolderSourceOptions {
  /** folders (read with all that is below), files, or globs; relative ones from the working directory */
  readonly roots: readonly string[];
  /** folders that are never entered, e.g. the output */
  readonly exclude?: readonly string[];
  /** false: links to files and folders are counted as skipped. True when omitted. */
  readonly followSymlinks?: boolean;
  /** whose images these are */
  readonly user?: string | null;
  /** a larger file is not read; 512 MB when omitted */
  readonly maxBytes?: number;
}

/** A larger file is no picture that anyone took. */
export const MAX_BYTES = 512 * 1024 * 1024;

/** Whether a source argument has glob characters; a file of that very name is still taken as that file. */
export function isGlob(source: string): boolean {
  return picomatch.scan(source).isGlob;
}

/**
 * Order: roots as given, below each all files bytewise by path. A folder is entered once, however many links lead to it.
 * Hidden files, system files and catalogs are passed over without a word.
 */
export function createFolderSource(options: FolderSourceOptions): ImageSource {
  const maxBytes = options.maxBytes ?? MAX_BYTES;
  return {
    list: (signal) => listRoots(options, signal),
    read: (location, { signal }) => readFile(location.source, signal, maxBytes),
  };
}

/** Beside everything that starts with a dot (`.albumen`, `.DS_Store`, `._photo.jpg`). */
const SYSTEM_NAMES = new Set([
  "$recycle.bin",
  "system volume information",
  "@eadir",
  "__macosx",
  "lost+found",
]);

async function* listRoots(options: FolderSourceOptions, signal: AbortSignal): AsyncGenerator<SourceItem> {
  const walk: Walk = {
    entered: new Set(),
    followSymlinks: options.followSymlinks ?? true,
    user: options.user ?? null,
    signal,
  };
  for (const folder of options.exclude ?? []) {
    const stats = await stat(folder, { bigint: true }).catch(() => null); // one that is not there needs no excluding
    if (stats) walk.entered.add(identity(stats));
  }
  const seen = new Set<string>();
  for (const root of options.roots) {
    for await (const item of listRoot(root, walk)) {
      throwIfAborted(signal);
      const source = item.kind === "location" ? item.location.source : item.source;
      // Roots may overlap: a folder and a file in it, two globs.
      if (seen.has(source)) continue;
      if (options.roots.length > 1) seen.add(source);
      yield item;
    }
  }
}

/** What one listing shares. */
interface Walk {
  /** folders that were entered, or must not be */
  readonly entered: Set<string>;
  readonly followSymlinks: boolean;
  readonly user: string | null;
  readonly signal: AbortSignal;
}

/** Device and inode: a path can lie, through links and case. */
function identity(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}`;
}

async function* listRoot(root: string, walk: Walk): AsyncGenerator<SourceItem> {
  const path = resolve(root);
  const stats = await stat(path, { bigint: true }).catch((error: unknown) => asFileError(error, path));
  if (!(stats instanceof AlbumenError)) {
    if (stats.isDirectory()) yield* listFolder(path, stats, walk, Infinity);
    else yield* [await toItem(path, stats, walk)];
  } else if (stats.code === "FILE_NOT_FOUND" && isGlob(root)) {
    yield* listGlob(root, walk);
  } else yield { kind: "failed", source: path, error: stats };
}

async function* listGlob(glob: string, walk: Walk): AsyncGenerator<SourceItem> {
  const { base, glob: pattern } = picomatch.scan(glob);
  const folder = resolve(base);
  const matches = picomatch(pattern);
  const depth = pattern.includes("**") ? Infinity : pattern.split("/").length;
  const stats = await stat(folder, { bigint: true }).catch((error: unknown) => asFileError(error, folder));
  if (stats instanceof AlbumenError) {
    yield { kind: "failed", source: folder, error: stats };
    return;
  }
  // Another glob may go into the same folders; only loops are to be cut.
  const own = { ...walk, entered: new Set(walk.entered) };
  for await (const item of listFolder(folder, stats, own, depth)) {
    const path = item.kind === "location" ? item.location.source : item.source;
    const relative = path.slice(folder.length + (folder.endsWith(sep) ? 0 : 1)).replaceAll(sep, "/");
    if (item.kind === "failed" || matches(relative)) yield item;
  }
}

/** How many files are asked about ahead of the one that is yielded; more does not fill the four I/O threads better. */
const LOOK_AHEAD = 64;

async function* listFolder(
  path: string,
  stats: BigIntStats,
  walk: Walk,
  depth: number,
): AsyncGenerator<SourceItem> {
  const key = identity(stats);
  if (walk.entered.has(key)) return;
  walk.entered.add(key);
  let entries: Dirent<Buffer>[];
  try {
    entries = await readdir(path, { withFileTypes: true, encoding: "buffer" });
  } catch (error) {
    yield { kind: "failed", source: path, error: asFileError(error, path) };
    return;
  }
  const sorted = entries.map((entry) => new Entry(path, entry)).filter((entry) => !entry.isIgnored);
  sorted.sort((a, b) => Buffer.compare(a.sortKey, b.sortKey));
  const ahead: Promise<Found>[] = [];
  let next = 0;
  while (ahead.length > 0 || next < sorted.length) {
    throwIfAborted(walk.signal);
    while (ahead.length < LOOK_AHEAD && next < sorted.length) ahead.push(find(sorted[next++]!, walk));
    const found = await ahead.shift()!;
    if (found.kind === "folder") {
      if (depth > 1) yield* listFolder(found.path, found.stats, walk, depth - 1);
    } else yield found;
  }
}

/** Hidden files, and what systems and programs leave behind. */
export function isSystemName(name: string): boolean {
  return name.startsWith(".") || SYSTEM_NAMES.has(name.toLowerCase());
}

/** A name in a folder. Sorted as bytes, folders as if a separator followed: that makes whole paths come in bytewise order. */
class Entry {
  readonly path: string;
  readonly sortKey: Buffer;
  readonly isIgnored: boolean;
  readonly isLink: boolean;
  /** file names are bytes; only those that are UTF-8 can be written in a catalog and in albums */
  readonly isUtf8: boolean;

  constructor(folder: string, entry: Dirent<Buffer>) {
    const name = entry.name.toString();
    this.isUtf8 = Buffer.from(name).equals(entry.name);
    this.path = join(folder, this.isUtf8 ? name : escapedName(entry.name));
    this.sortKey = entry.isDirectory() ? Buffer.concat([entry.name, Buffer.from("/")]) : entry.name;
    this.isIgnored = isSystemName(name);
    this.isLink = entry.isSymbolicLink();
  }
}

/** `caf\xe9.jpg` for the Latin-1 bytes of `café.jpg`. */
function escapedName(name: Buffer): string {
  return name
    .toString("latin1")
    .replace(/[^\x20-\x7e]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

type Found = SourceItem | { readonly kind: "folder"; readonly path: string; readonly stats: BigIntStats };

/** Never rejects: it runs ahead of the loop that would catch. */
async function find(entry: Entry, walk: Walk): Promise<Found> {
  const { path } = entry;
  if (!entry.isUtf8)
    return {
      kind: "failed",
      source: path,
      error: new AlbumenError("FILE_UNREADABLE", `The name of ${path} is not valid UTF-8.`, {
        hint: "Rename the file.",
      }),
    };
  if (entry.isLink && !walk.followSymlinks) return { kind: "skipped", source: path };
  try {
    const stats = await stat(path, { bigint: true });
    return stats.isDirectory() ? { kind: "folder", path, stats } : await toItem(path, stats, walk);
  } catch (error) {
    return { kind: "failed", source: path, error: asFileError(error, path) };
  }
}

/** A file is an image by its extension, or, when it has none, by its first bytes. */
async function toItem(path: string, stats: BigIntStats, walk: Pick<Walk, "user">): Promise<SourceItem> {
  const name = basename(path);
  const dot = name.lastIndexOf(".");
  const extension = dot > 0 ? name.slice(dot + 1).toLowerCase() : null;
  const isImage =
    stats.isFile() && (extension === null ? await looksLikeImage(path) : IMAGE_EXTENSIONS.has(extension));
  if (!isImage) return { kind: "skipped", source: path };
  return {
    kind: "location",
    location: { source: path, name, user: walk.user, stamp: stampOf(stats) },
  };
}

/**
 * A single file that a list names. One that is not there is a location all the same: reading it tells so, and whose it
 * was is kept. Never rejects.
 */
export async function fileItem(path: string): Promise<SourceItem> {
  try {
    const stats = await stat(path, { bigint: true });
    if (!stats.isDirectory()) return await toItem(path, stats, { user: null });
    const error = new AlbumenError("FILE_UNREADABLE", `${path} is a folder, not a picture.`, {
      hint: "Name folders beside the list: albumen organize list.csv folder",
    });
    return { kind: "failed", source: path, error };
  } catch {
    return { kind: "location", location: { source: path, name: basename(path), user: null, stamp: null } };
  }
}

async function looksLikeImage(path: string): Promise<boolean> {
  const handle = await open(path, READ_FLAGS);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(SNIFF_BYTES), 0, SNIFF_BYTES, 0);
    return sniffImageFormat(buffer.subarray(0, bytesRead)) !== null;
  } finally {
    await handle.close();
  }
}

/** `size:mtimeNs:inode` */
function stampOf(stats: BigIntStats): string {
  return `${stats.size}:${stats.mtimeNs}:${stats.ino}`;
}

/** Opening a pipe that took a file's place must not hang. */
const READ_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
const CHUNK_BYTES = 8 * 1024 * 1024;

/** Errors: `FILE_*`, `ABORTED`. */
export async function readFile(
  path: string,
  signal: AbortSignal,
  maxBytes: number = MAX_BYTES,
): Promise<ReadOutcome> {
  throwIfAborted(signal);
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, READ_FLAGS);
    const before = await handle.stat({ bigint: true });
    if (!before.isFile()) throw new AlbumenError("FILE_UNREADABLE", `${path} is not a file.`);
    if (before.size > maxBytes)
      throw new AlbumenError("FILE_TOO_LARGE", `${path} has ${before.size} bytes; the limit is ${maxBytes}.`);
    // A buffer of its own, not a slice of a shared one: it can be moved to a decoding thread.
    const bytes = new Uint8Array(Number(before.size));
    let at = 0;
    while (at < bytes.length) {
      throwIfAborted(signal);
      const { bytesRead } = await handle.read(bytes, at, Math.min(CHUNK_BYTES, bytes.length - at), at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    const after = await handle.stat({ bigint: true });
    if (at < bytes.length || stampOf(before) !== stampOf(after))
      throw new AlbumenError("FILE_CHANGED", `${path} changed while it was read.`, { isRetryable: true });
    return { kind: "bytes", bytes, stamp: stampOf(before) };
  } catch (error) {
    throw asFileError(error, path);
  } finally {
    await handle?.close();
  }
}

function asFileError(error: unknown, path: string): AlbumenError {
  if (error instanceof AlbumenError) return error;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT" || code === "ENOTDIR")
    return new AlbumenError("FILE_NOT_FOUND", `There is no ${path}.`, { cause: error });
  return new AlbumenError("FILE_UNREADABLE", `${path} cannot be read: ${messageOf(error)}.`, {
    cause: error,
  });
}
