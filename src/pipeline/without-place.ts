/** Files as they may leave: without the place where they were taken. The files themselves stay as they are. */
import { deflateSync, inflateSync } from "node:zlib";
import { sniffImageFormat, SNIFF_BYTES } from "../core/image-format.ts";
import { stripLocation, type Zlib } from "../core/location/strip-location.ts";

export type Outgoing =
  | { readonly kind: "sent"; readonly sizeBytes: number; readonly bytes: AsyncIterable<Uint8Array> }
  /** `because` ends the sentence "It is left out: …" */
  | { readonly kind: "left out"; readonly because: string };

/** Of a picture, or of a film without its frames: more is held by nothing that was made in good faith. */
const MAX_HELD_BYTES = 512 * 1024 * 1024;
const MAX_TEXT_BYTES = 64 * 1024 * 1024;

const ZLIB: Zlib = {
  inflate(deflated) {
    try {
      return inflateSync(deflated, { maxOutputLength: MAX_TEXT_BYTES });
    } catch {
      return null;
    }
  },
  deflate: (bytes) => deflateSync(bytes),
};

const UNSAFE: Outgoing = {
  kind: "left out",
  because: "it may tell where it was taken in a way that cannot be taken out",
};
const TOO_LARGE: Outgoing = { kind: "left out", because: "it is too large to be looked through for a place" };

/** `read` may be called twice, and gives the same bytes each time. */
export async function withoutPlace(
  read: () => AsyncIterable<Uint8Array>,
  sizeBytes: number,
): Promise<Outgoing> {
  if (await isBoxedFilm(read)) return filmWithoutPlace(read, sizeBytes);
  if (sizeBytes > MAX_HELD_BYTES) return TOO_LARGE;
  const parts: Uint8Array[] = [];
  for await (const part of read()) parts.push(part);
  const file = Buffer.concat(parts);
  const stripped = stripLocation(file, ZLIB);
  if (stripped.kind === "unsafe") return UNSAFE;
  const bytes = stripped.kind === "stripped" ? stripped.bytes : file;
  return { kind: "sent", sizeBytes: bytes.length, bytes: only(bytes) };
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** MP4 and QuickTime: boxes with lengths, of which the frames fill one and are never looked at. */
async function isBoxedFilm(read: () => AsyncIterable<Uint8Array>): Promise<boolean> {
  const reader = createReader(read());
  const head = await reader.take(SNIFF_BYTES);
  await reader.close();
  return head[4] === 0x66 && sniffImageFormat(head) === "video"; // "ftyp"
}

async function filmWithoutPlace(read: () => AsyncIterable<Uint8Array>, sizeBytes: number): Promise<Outgoing> {
  const changed: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  const reader = createReader(read());
  let heldBytes = 0;
  try {
    for (let at = 0; at < sizeBytes;) {
      const head = await reader.take(16);
      if (head.length < 8) break; // padding behind the last box
      const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
      let size = view.getUint32(0);
      if (size === 1 && head.length === 16) size = Number(view.getBigUint64(8));
      if (size === 0) size = sizeBytes - at;
      if (size < 8 || at + size > sizeBytes) return UNSAFE; // whatever follows cannot be told apart
      const type = head.subarray(4, 8).toString("latin1");
      if (type === "mdat") await reader.skip(size - head.length);
      else {
        heldBytes += size;
        if (heldBytes > MAX_HELD_BYTES) return TOO_LARGE;
        reader.giveBack(head);
        const box = await reader.take(size);
        const stripped = stripLocation(box, ZLIB);
        if (stripped.kind === "unsafe") return UNSAFE;
        if (stripped.kind === "stripped") changed.push({ at, bytes: stripped.bytes });
      }
      at += size;
    }
  } finally {
    await reader.close();
  }
  return { kind: "sent", sizeBytes, bytes: patched(read(), changed) };
}

/** The bytes of `parts`, those of `changed` (in order, apart) in the place of what lies there. */
async function* patched(
  parts: AsyncIterable<Uint8Array>,
  changed: readonly { readonly at: number; readonly bytes: Uint8Array }[],
): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const part of parts) {
    const end = at + part.length;
    const hits = changed.filter((change) => change.at < end && change.at + change.bytes.length > at);
    const own = hits.length > 0 ? Uint8Array.from(part) : part;
    for (const { at: from, bytes } of hits)
      own.set(bytes.subarray(Math.max(0, at - from), end - from), Math.max(0, from - at));
    yield own;
    at = end;
  }
}

/** Reads so many bytes at a time, fewer at the end. */
function createReader(parts: AsyncIterable<Uint8Array>) {
  const iterator = parts[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  const next = async (): Promise<Buffer | null> => {
    const { value, done } = await iterator.next();
    return done ? null : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  };
  return {
    async take(count: number): Promise<Buffer> {
      const taken = [rest];
      let length = rest.length;
      while (length < count) {
        const part = await next();
        if (part === null) break;
        taken.push(part);
        length += part.length;
      }
      const all = taken.length === 1 ? rest : Buffer.concat(taken);
      rest = all.subarray(count);
      return all.subarray(0, count);
    },
    giveBack(bytes: Buffer): void {
      rest = Buffer.concat([bytes, rest]);
    },
    async skip(count: number): Promise<void> {
      let left = count;
      while (left > rest.length) {
        left -= rest.length;
        rest = (await next()) ?? Buffer.alloc(0);
        if (rest.length === 0) return;
      }
      rest = rest.subarray(left);
    },
    async close(): Promise<void> {
      await iterator.return?.();
    },
  };
}
