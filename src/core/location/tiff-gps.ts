/** Takes the GPS directory out of a TIFF structure, in place: nothing else moves. Pure but for the bytes that it is given. */

/** `unsafe`: there may be a place left that could not be taken out without harm. */
export type Removal = "none" | "removed" | "unsafe";

const GPS_DIRECTORY = 0x8825;
/** Exif's own directory, and those of the smaller or raw pictures within. */
const CHILD_DIRECTORIES: readonly number[] = [0x8769, 330];
const ENTRY_BYTES = 12;
const MAX_DIRECTORIES = 64;
/** EXIF 3.0 knows 32 GPS tags. */
const MAX_GPS_ENTRIES = 256;
/** Bytes of one value by its type (TIFF 6.0, section 2, and EXIF's additions). */
const TYPE_BYTES = [1, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4];

/**
 * Removes every pointer to a GPS directory and overwrites what it points to with zeros.
 *
 * @param start of the header, `II*\0` or `MM\0*` or a camera's own variant of it; offsets count from here
 * @param end of the block that holds the structure, as its container says. What lies behind belongs to others and is never
 *   written, but it is read: a reader that does not believe the container finds a place there all the same
 * @param isGpsItself the first directory is the GPS directory, as in Canon's CMT4
 */
export function removeGps(bytes: Uint8Array, start: number, end: number, isGpsItself: boolean): Removal {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, bytes.byteLength - start);
  const writable = end - start;
  if (view.byteLength < 8) return "none";
  const isLittle = view.getUint8(0) === 0x49;
  const first = view.getUint32(4, isLittle);
  if (isGpsItself) {
    if (first + 2 <= view.byteLength && view.getUint16(first, isLittle) === 0) return "none";
    return eraseGpsDirectory(view, first, writable, isLittle) ? "removed" : "unsafe";
  }

  const queue = [first];
  const seen = new Set<number>();
  const isGpsOf: number[] = [];
  let removal: Removal = "none";
  while (queue.length > 0 && seen.size < MAX_DIRECTORIES) {
    const directory = queue.shift()!;
    if (directory < 8 || directory + 2 > view.byteLength || seen.has(directory)) continue;
    seen.add(directory);
    let count = view.getUint16(directory, isLittle);
    for (let i = 0; i < count;) {
      const entry = directory + 2 + i * ENTRY_BYTES;
      if (entry + ENTRY_BYTES > view.byteLength) break;
      const tag = view.getUint16(entry, isLittle);
      if (tag === GPS_DIRECTORY) {
        if (directory + 2 + count * ENTRY_BYTES > writable) return "unsafe";
        isGpsOf.push(view.getUint32(entry + 8, isLittle));
        removeEntry(view, directory, count, i, writable, isLittle);
        count--;
        continue;
      }
      if (CHILD_DIRECTORIES.includes(tag)) queue.push(...pointersOf(view, entry, isLittle));
      i++;
    }
    const next = directory + 2 + count * ENTRY_BYTES;
    if (next + 4 <= view.byteLength) queue.push(view.getUint32(next, isLittle));
  }
  for (const directory of isGpsOf) {
    if (seen.has(directory) || !eraseGpsDirectory(view, directory, writable, isLittle)) return "unsafe";
    removal = "removed";
  }
  return removal;
}

function pointersOf(view: DataView, entry: number, isLittle: boolean): number[] {
  const count = Math.min(MAX_DIRECTORIES, view.getUint32(entry + 4, isLittle));
  const list = count === 1 ? entry + 8 : view.getUint32(entry + 8, isLittle);
  const pointers: number[] = [];
  for (let i = 0; i < count && list + 4 * i + 4 <= view.byteLength; i++)
    pointers.push(view.getUint32(list + 4 * i, isLittle));
  return pointers;
}

/** The entries behind it, and the pointer to the next directory behind those, move up. */
function removeEntry(
  view: DataView,
  directory: number,
  count: number,
  i: number,
  writable: number,
  isLittle: boolean,
): void {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  const entry = directory + 2 + i * ENTRY_BYTES;
  const end = Math.min(directory + 2 + count * ENTRY_BYTES + 4, writable);
  bytes.copyWithin(entry, entry + ENTRY_BYTES, end);
  bytes.fill(0, end - ENTRY_BYTES, end);
  view.setUint16(directory, count - 1, isLittle);
}

/** False, and nothing written, when it does not lie whole in the block. */
function eraseGpsDirectory(view: DataView, directory: number, writable: number, isLittle: boolean): boolean {
  if (directory < 8 || directory + 2 > writable) return false;
  const count = view.getUint16(directory, isLittle);
  const end = directory + 2 + count * ENTRY_BYTES;
  if (count > MAX_GPS_ENTRIES || end > writable) return false;
  const spans: [number, number][] = [[directory, Math.min(end + 4, writable)]];
  for (let entry = directory + 2; entry < end; entry += ENTRY_BYTES) {
    const typeBytes = TYPE_BYTES[view.getUint16(entry + 2, isLittle)] ?? 1;
    const length = typeBytes * view.getUint32(entry + 4, isLittle);
    if (length <= 4) continue;
    const at = view.getUint32(entry + 8, isLittle);
    if (at < 8 || at + length > writable) return false;
    spans.push([at, at + length]);
  }
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  for (const [from, to] of spans) bytes.fill(0, from, to);
  return true;
}
