/** Zip archives, read in place. */
import { crc32 } from "node:zlib";
import { getFileNameLowLevel, openPromise, type Entry, type ZipFile } from "yauzl";
import { AlbumenError, messageOf, throwIfAborted } from "../../errors.ts";
import { isBomb, type ArchiveEntry, type ArchiveFile, type ArchiveLimits } from "./archive-file.ts";

export async function openZip(path: string, { maxBytes }: ArchiveLimits): Promise<ArchiveFile> {
  const broken = (what: string, cause: unknown): AlbumenError =>
    cause instanceof AlbumenError
      ? cause
      : new AlbumenError("ARCHIVE_CORRUPT", `${what} cannot be read: ${messageOf(cause)}.`, { cause });
  const openOnce = (): Promise<ZipFile> =>
    // Names stay bytes: the library would refuse the whole archive for one ".." in one of them.
    openPromise(path, { autoClose: false, decodeStrings: false }).catch((error: unknown) => {
      throw broken(path, error);
    });
  const file = await openOnce();
  const atHand = new Map<string, Entry>();

  const problemOf = (name: string, entry: Entry): AlbumenError | null => {
    const what = `${name} in ${path}`;
    const { uncompressedSize: size, compressedSize: packed } = entry;
    if (entry.isEncrypted())
      return new AlbumenError("ARCHIVE_ENCRYPTED", `${what} is encrypted.`, {
        hint: "Unpack the archive with its password, and name the folder instead.",
      });
    if (!entry.canDecodeFileData())
      return new AlbumenError(
        "ARCHIVE_CORRUPT",
        `${what} is packed by method ${entry.compressionMethod}, which Albumen does not read.`,
        { hint: "Unpack the archive, and name the folder instead." },
      );
    if (size > maxBytes)
      return new AlbumenError("FILE_TOO_LARGE", `${what} has ${size} bytes; the limit is ${maxBytes}.`);
    if (isBomb(size, packed))
      return new AlbumenError(
        "FILE_TOO_LARGE",
        `${what} would unpack from ${packed} to ${size} bytes, as only a zip bomb does.`,
      );
    return null;
  };

  return {
    async *entries(wants, signal): AsyncGenerator<ArchiveEntry> {
      // A listing of its own: the library lists each opened archive once.
      const listed = await openOnce();
      try {
        for await (const entry of listed.eachEntry()) {
          throwIfAborted(signal);
          const name = getFileNameLowLevel(
            entry.generalPurposeBitFlag,
            entry.fileNameRaw,
            entry.extraFields,
            false,
          );
          if (name.endsWith("/")) continue;
          if (!wants(name)) {
            yield { kind: "skipped", name };
            continue;
          }
          const error = problemOf(name, entry);
          if (error) {
            yield { kind: "failed", name, error };
            continue;
          }
          atHand.set(name, entry);
          const modified = entry.getLastModDate().getTime();
          yield {
            kind: "file",
            name,
            stamp: `${entry.crc32.toString(16)}:${entry.uncompressedSize}:${modified}`,
          };
        }
      } catch (error) {
        throw broken(path, error);
      } finally {
        listed.close();
      }
    },
    async read(name, signal, most = Infinity) {
      const entry = atHand.get(name);
      if (!entry) return null;
      throwIfAborted(signal);
      try {
        const bytes = new Uint8Array(Math.min(entry.uncompressedSize, most));
        const stream = await file.openReadStreamPromise(entry);
        let at = 0;
        for await (const chunk of stream as AsyncIterable<Uint8Array>) {
          throwIfAborted(signal);
          bytes.set(chunk.subarray(0, bytes.length - at), at);
          at += Math.min(chunk.length, bytes.length - at);
          if (at === bytes.length && most < entry.uncompressedSize) break;
        }
        if (at < bytes.length || (most >= entry.uncompressedSize && crc32(bytes) !== entry.crc32))
          throw new Error("its checksum is wrong");
        return bytes;
      } catch (error) {
        throw broken(`${name} in ${path}`, error);
      }
    },
    forget: (name) => void atHand.delete(name),
    async close() {
      atHand.clear();
      file.close();
    },
  };
}
