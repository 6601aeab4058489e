/** Pictures in zip and tar archives, which stay packed: entries are places of their own, `photos.zip!/2024/a.jpg`. */
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { IMAGE_EXTENSIONS, sniffImageFormat, SNIFF_BYTES } from "../../core/image-format.ts";
import { entryPlace, placeName, splitEntry } from "../../core/place.ts";
import { AlbumenError, messageOf, throwIfAborted } from "../../errors.ts";
import type { Location, ReadOptions, ReadOutcome, SourceItem } from "../../ports/image-source.ts";
import { Slots } from "../fetch/slots.ts";
import type { ArchiveFile } from "./archive-file.ts";
import { isSystemName, MAX_BYTES } from "./folder.ts";
import { openTar } from "./tar-archive.ts";
import { openZip } from "./zip-archive.ts";

export interface ArchivesOptions {
  /** folder for what a packed tar holds while it is read */
  readonly scratch: string;
  /** a larger entry is refused; 512 MB when omitted */
  readonly maxBytes?: number;
}

export interface Archives {
  /** Errors of the whole archive come as a failed item after what could be listed. */
  list(path: string, user: string | null, signal: AbortSignal): AsyncGenerator<SourceItem>;
  /** Cheap for what was listed and not yet read; another entry makes its archive be looked through. Errors: `ARCHIVE_*`, `FILE_*`. */
  read(location: Location, options: ReadOptions): Promise<ReadOutcome>;
  /** Closes archives and frees temporary files; they are opened again when they are read again. */
  close(): Promise<void>;
}

/** Each holds a whole entry in memory. */
const READS_AT_ONCE = 4;

export function createArchives({ scratch, maxBytes = MAX_BYTES }: ArchivesOptions): Archives {
  const opened = new Map<string, Promise<ArchiveFile>>();
  const openArchive = (path: string): Promise<ArchiveFile> => {
    let archive = opened.get(path);
    if (!archive) {
      archive = openByContent(path, { scratch, maxBytes });
      opened.set(path, archive);
      archive.catch(() => opened.delete(path));
    }
    return archive;
  };

  /** Brings an entry that is not at hand there. */
  const lookThrough = new Map<string, Promise<void>>();
  const bringToHand = async (path: string, archive: ArchiveFile, signal: AbortSignal): Promise<void> => {
    let looking = lookThrough.get(path);
    if (!looking) {
      looking = (async () => {
        for await (const _ of archive.entries(isWanted, signal)) throwIfAborted(signal);
      })().finally(() => lookThrough.delete(path));
      lookThrough.set(path, looking);
    }
    await looking;
  };

  const slots = new Slots(READS_AT_ONCE);
  return {
    async *list(path, user, signal) {
      const absolute = resolve(path);
      try {
        const archive = await openArchive(absolute);
        for await (const entry of archive.entries(isWanted, signal)) {
          const source = entryPlace(absolute, entry.name);
          if (entry.kind === "failed") yield { kind: "failed", source, error: entry.error };
          else if (entry.kind === "skipped") {
            if (!isIgnored(entry.name)) yield { kind: "skipped", source };
          } else if (hasExtension(entry.name) || (await isImage(archive, entry.name, signal))) {
            const { stamp } = entry;
            yield { kind: "location", location: { source, name: placeName(source), user, stamp } };
          } else {
            archive.forget(entry.name);
            yield { kind: "skipped", source };
          }
        }
      } catch (error) {
        if (!(error instanceof AlbumenError) || STOPS.has(error.code)) throw error;
        yield { kind: "failed", source: absolute, error };
      }
    },
    async read(location, { signal }) {
      await slots.take(signal);
      try {
        const { archive: path, entry } = splitEntry(location.source)!;
        const archive = await openArchive(path);
        let bytes = await archive.read(entry, signal);
        if (bytes === null) {
          await bringToHand(path, archive, signal);
          bytes = await archive.read(entry, signal);
        }
        archive.forget(entry);
        if (bytes === null)
          throw new AlbumenError("FILE_NOT_FOUND", `There is no ${entry} in ${path}, or it cannot be read.`);
        return { kind: "bytes", bytes, stamp: location.stamp ?? `${bytes.length}` };
      } finally {
        slots.give();
      }
    },
    async close() {
      const archives = await Promise.allSettled(opened.values());
      opened.clear();
      for (const archive of archives) if (archive.status === "fulfilled") await archive.value.close();
    },
  };
}

/** What is wrong with the run, not with the archive. */
const STOPS: ReadonlySet<string> = new Set(["ABORTED", "DISK_FULL", "OUTPUT_UNWRITABLE", "INTERNAL"]);

async function isImage(archive: ArchiveFile, name: string, signal: AbortSignal): Promise<boolean> {
  const head = await archive.read(name, signal, SNIFF_BYTES);
  return head !== null && sniffImageFormat(head) !== null;
}

/** By its name; one without an extension may be a picture. */
function isWanted(name: string): boolean {
  return !isIgnored(name) && (!hasExtension(name) || IMAGE_EXTENSIONS.has(extensionOf(name)));
}

function isIgnored(name: string): boolean {
  return name.split(/[\\/]/).some((part) => part !== "." && part !== ".." && isSystemName(part));
}

function hasExtension(name: string): boolean {
  return extensionOf(name) !== "";
}

function extensionOf(name: string): string {
  return /[^\\/]\.([^.\\/]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
}

/** What its first bytes say, whatever it is called. */
async function openByContent(
  path: string,
  options: { readonly scratch: string; readonly maxBytes: number },
): Promise<ArchiveFile> {
  const head = await headOf(path);
  if (head[0] === 0x50 && head[1] === 0x4b) return openZip(path, options);
  const packing = ["BZh", "\xfd7zXZ", "\x28\xb5\x2f\xfd", "7z\xbc\xaf", "Rar!"].find((magic) =>
    head.toString("latin1").startsWith(magic),
  );
  if (packing !== undefined)
    throw new AlbumenError("SOURCE_UNSUPPORTED", `${path} is packed in a way that Albumen does not read.`, {
      hint: "Unpack it and name the folder, or pack it as .zip, .tar or .tar.gz.",
    });
  return openTar(path, { ...options, isPacked: head[0] === 0x1f && head[1] === 0x8b });
}

async function headOf(path: string): Promise<Buffer> {
  try {
    const file = await open(path, "r");
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    const isGone = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new AlbumenError(
      isGone ? "FILE_NOT_FOUND" : "FILE_UNREADABLE",
      isGone ? `There is no ${path}.` : `${path} cannot be read: ${messageOf(error)}.`,
      { cause: error },
    );
  }
}
