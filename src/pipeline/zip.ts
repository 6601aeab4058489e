/** The output as one archive, written while it is read. */
import { Readable } from "node:stream";
import { ZipFile } from "yazl";
import type { Call } from "../ports/call.ts";
import type { Journal } from "../ports/journal.ts";
import type { Output } from "../ports/output.ts";
import { checkPublishable, publishFile } from "./export.ts";

/** Compressed already: deflating them again costs time and gains nothing. */
const STORED = /\.(jpe?g|png|webp|avif|gif|hei[cf]|jxl|mp4|mov|zip|gz)$/i;

/** Read and write for the owner, read for all, a regular file: no archive carries this machine's permissions. */
const FILE_MODE = 0o100644;

export interface ZipResult {
  readonly files: number;
  /** of the files, before they are packed */
  readonly sizeBytes: number;
}

/**
 * Writes every file of the output, and the `extra` ones (relative places, e.g. the gallery's thumbnails), into the
 * archive at `file`, an absolute path. The catalog is left out. Sorted, so that the same output gives the same
 * archive; ZIP64 where sizes need it. Errors: those of `publishFile`; `FILE_*` when a file cannot be read.
 */
export async function writeZip(
  target: { readonly output: Output; readonly journal: Journal },
  file: string,
  extra: readonly string[],
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
  let done = 0;
  let current: Readable | undefined;
  for (const { place, sizeBytes, modifiedMs } of entries)
    zip.addReadStreamLazy(
      place,
      { mtime: new Date(modifiedMs), mode: FILE_MODE, size: sizeBytes, compress: !STORED.test(place) },
      (give) => {
        const input = Readable.from(output.read(place, call.signal), { objectMode: false });
        current = input;
        input.once("error", (error) => stream.destroy(error)); // yazl does not listen
        input.once("end", () => call.onProgress?.(++done, entries.length));
        give(null, input);
      },
    );
  zip.end();
  try {
    await publishFile(target, file, stream as AsyncIterable<Uint8Array>, call.signal);
  } finally {
    // yazl does not close what it was reading when nobody takes its output any more.
    current?.destroy();
    stream.destroy();
  }
  return { files: entries.length, sizeBytes: entries.reduce((sum, entry) => sum + entry.sizeBytes, 0) };
}
