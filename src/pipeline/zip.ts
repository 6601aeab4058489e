/** The output as one archive, written while it is read. */
import { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { ZipFile } from "yazl";
import type { Call } from "../ports/call.ts";
import type { Journal } from "../ports/journal.ts";
import type { Output } from "../ports/output.ts";
import { checkPublishable, publishFile } from "./export.ts";
import { withoutPlace, type Outgoing } from "./without-place.ts";

/** Compressed already: deflating them again costs time and gains nothing. */
const STORED = /\.(jpe?g|png|webp|avif|gif|hei[cf]|jxl|mp4|mov|zip|gz)$/i;

/** Read and write for the owner, read for all, a regular file: no archive carries this machine's permissions. */
const FILE_MODE = 0o100644;

export interface ZipResult {
  readonly files: number;
  /** of the files, before they are packed */
  readonly sizeBytes: number;
  /** files that may tell where they were taken, which could not be changed; `because` ends "It is left out: …" */
  readonly leftOut: readonly { readonly place: string; readonly because: string }[];
}

/**
 * Writes every file of the output, and the `extra` ones (relative places, e.g. the gallery's thumbnails), into the
 * archive at `file`, an absolute path. The catalog is left out, and so are the places where pictures were taken unless
 * `keepLocation`. Sorted, so that the same output gives the same archive; ZIP64 where sizes need it. Errors: those of
 * `publishFile`; `FILE_*` when a file cannot be read.
 */
export async function writeZip(
  target: { readonly output: Output; readonly journal: Journal },
  file: string,
  extra: readonly string[],
  { keepLocation }: { readonly keepLocation: boolean },
  call: Call,
): Promise<ZipResult> {
  const { output } = target;
  await checkPublishable(target, [file], call.signal);
  const listed = (await output.list(call.signal))
    .filter(({ kind }) => kind === "file")
    .map(({ path }) => path);
  const earlier = await output.inspect(file); // may lie in the output itself
  const entries: { place: string; sizeBytes: number; modifiedMs: number }[] = [];
  for (const place of [...new Set([...listed, ...extra])].sort()) {
    const standing = await output.inspect(place);
    if (standing?.kind !== "file" || standing.stamp === earlier?.stamp) continue;
    if (/(^|\/)\.albumen-[^/]*\.part$/.test(place)) continue; // left by a killed run
    entries.push({ place, sizeBytes: standing.sizeBytes, modifiedMs: standing.modifiedMs });
  }

  const zip = new ZipFile();
  const stream = zip.outputStream as Readable;
  // The reader of `stream` is told; a cancelled reader is not there any more, and then nobody needs to be.
  stream.on("error", () => undefined);
  zip.on("error", (error: Error) => stream.destroy(error));
  const leftOut: { place: string; because: string }[] = [];
  let files = 0;
  let totalBytes = 0;
  const outgoing = async (place: string, sizeBytes: number): Promise<Outgoing> => {
    const read = () => output.read(place, call.signal);
    return keepLocation ? { kind: "sent", sizeBytes, bytes: read() } : withoutPlace(read, sizeBytes);
  };
  let current: Readable | undefined;
  let isOver = false; // nobody takes the archive any more
  // One after the other: a file is looked through when it is its turn, and only then is known whether it goes.
  const fill = async (): Promise<void> => {
    for (const [i, { place, sizeBytes, modifiedMs }] of entries.entries()) {
      const file = await outgoing(place, sizeBytes);
      if (isOver) return;
      if (file.kind === "left out") leftOut.push({ place, because: file.because });
      else {
        const input = Readable.from(file.bytes, { objectMode: false });
        current = input;
        const options = { mtime: new Date(modifiedMs), mode: FILE_MODE, compress: !STORED.test(place) };
        zip.addReadStream(input, place, { ...options, size: file.sizeBytes });
        await finished(input, { writable: false });
        files++;
        totalBytes += file.sizeBytes;
      }
      call.onProgress?.(i + 1, entries.length);
    }
    zip.end();
  };
  const filled = fill().catch((error: unknown) => {
    stream.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  try {
    await publishFile(target, file, stream as AsyncIterable<Uint8Array>, call.signal);
  } finally {
    // yazl does not close what it was reading when nobody takes its output any more.
    isOver = true;
    current?.destroy();
    stream.destroy();
    await filled;
  }
  return { files, sizeBytes: totalBytes, leftOut };
}
