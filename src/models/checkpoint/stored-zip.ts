/**
 * Reads the zip archives that PyTorch writes. Their members are stored, never compressed, so a member is a view
 * of the file, and nothing can unfold to more than the file holds.
 * Format: PKWARE APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16.
 */
import { crc32 } from "node:zlib";
import { ByteReader } from "./byte-reader.ts";
import { invalid, quoted } from "./faults.ts";

const LOCAL_HEADER = 0x04034b50;
const DIRECTORY_ENTRY = 0x02014b50;
const DIRECTORY_END = 0x06054b50;
const DIRECTORY_END_BYTES = 22;
const MAX_COMMENT_BYTES = 0xffff;
const STORED = 0;
const ENCRYPTED = 1;

export function looksLikeZip(bytes: Uint8Array): boolean {
  return bytes.length >= DIRECTORY_END_BYTES && new ByteReader(bytes, "the zip file").u32() === LOCAL_HEADER;
}

/**
 * The members by name, as views, their checksums verified. Errors: `CHECKPOINT_INVALID`, also for compressed or
 * encrypted members and for archives above 4 GB, which Albumen does not read.
 */
export function readStoredZip(bytes: Uint8Array): Map<string, Uint8Array> {
  const directoryEnd = findDirectoryEnd(bytes);
  const end = new ByteReader(bytes, "the zip directory", directoryEnd + 4);
  const [disk, directoryDisk, entriesHere, entries] = [end.u16(), end.u16(), end.u16(), end.u16()];
  const [directoryBytes, directoryStart] = [end.u32(), end.u32()];
  if (disk !== 0 || directoryDisk !== 0 || entriesHere !== entries)
    throw invalid("its zip file is one of several");
  if (directoryStart === 0xffffffff) throw invalid("its zip file is above 4 GB");
  if (directoryStart + directoryBytes > directoryEnd) throw invalid("its zip directory leaves the file");

  const directory = new ByteReader(bytes.subarray(0, directoryEnd), "the zip directory", directoryStart);
  const files = bytes.subarray(0, directoryStart);
  const members = new Map<string, Uint8Array>();
  let total = 0;
  for (let i = 0; i < entries; i++) {
    const { name, checksum, size, localHeader } = readDirectoryEntry(directory);
    // Members that overlap could be checked over and over; honest ones lie side by side.
    total += size;
    if (total > bytes.length) throw invalid("its zip members claim more bytes than the file has");
    if (members.has(name)) throw invalid(`zip member ${quoted(name)} is there twice`);
    const content = readMember(files, name, localHeader, size);
    if (crc32(content) !== checksum) throw invalid(`zip member ${quoted(name)} does not have its checksum`);
    members.set(name, content);
  }
  return members;
}

/** The end record stands last, followed by a comment of known length only. */
function findDirectoryEnd(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const last = bytes.length - DIRECTORY_END_BYTES;
  for (let at = last; at >= Math.max(0, last - MAX_COMMENT_BYTES); at--)
    if (view.getUint32(at, true) === DIRECTORY_END && view.getUint16(at + 20, true) === last - at) return at;
  throw invalid("its zip directory is missing, so the file is incomplete");
}

interface DirectoryEntry {
  readonly name: string;
  readonly checksum: number;
  /** bytes */
  readonly size: number;
  /** offset in the file */
  readonly localHeader: number;
}

function readDirectoryEntry(directory: ByteReader): DirectoryEntry {
  if (directory.u32() !== DIRECTORY_ENTRY) throw invalid("its zip directory is damaged");
  directory.take(4); // versions
  const [flags, method] = [directory.u16(), directory.u16()];
  directory.take(4); // time and date
  const [checksum, storedBytes, size] = [directory.u32(), directory.u32(), directory.u32()];
  const [nameBytes, extraBytes, commentBytes] = [directory.u16(), directory.u16(), directory.u16()];
  directory.take(8); // disk and attributes
  const localHeader = directory.u32();
  const name = directory.text(nameBytes);
  directory.take(extraBytes + commentBytes);
  if (method !== STORED || storedBytes !== size)
    throw invalid(`zip member ${quoted(name)} is compressed, which PyTorch never does`);
  if (flags & ENCRYPTED) throw invalid(`zip member ${quoted(name)} is encrypted`);
  return { name, checksum, size, localHeader };
}

function readMember(files: Uint8Array, name: string, localHeader: number, size: number): Uint8Array {
  const reader = new ByteReader(files, `zip member ${quoted(name)}`, Math.min(localHeader, files.length));
  if (reader.u32() !== LOCAL_HEADER)
    throw invalid(`zip member ${quoted(name)} is not where the directory says`);
  reader.take(22); // repeats the directory; of the header only its own length counts
  const [nameBytes, extraBytes] = [reader.u16(), reader.u16()];
  reader.take(nameBytes + extraBytes);
  return reader.take(size);
}
