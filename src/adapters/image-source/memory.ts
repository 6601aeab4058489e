/** Images held in memory, for tests and for callers that have the bytes already. */
import { basename } from "node:path";
import { AlbumenError, throwIfAborted } from "../../errors.ts";
import type { ImageSource, SourceItem } from "../../ports/image-source.ts";

export interface MemoryFile {
  /** any key, e.g. a path; the name is what follows its last slash */
  readonly source: string;
  readonly bytes: Uint8Array;
  readonly user?: string | null;
  /** `size:0:0` when omitted; give another one when the bytes change but their number does not */
  readonly stamp?: string;
}

/** Lists `files` in their order, then `others` (failures, skipped files) as they are. */
export function createMemorySource(
  files: readonly MemoryFile[],
  others: readonly SourceItem[] = [],
): ImageSource {
  const bySource = new Map(files.map((file) => [file.source, file]));
  return {
    async *list(signal) {
      for (const { source, bytes, user, stamp } of bySource.values()) {
        throwIfAborted(signal);
        yield {
          kind: "location",
          location: {
            source,
            name: basename(source),
            user: user ?? null,
            stamp: stamp ?? stampOf(bytes),
          },
        };
      }
      for (const item of others) {
        throwIfAborted(signal);
        yield item;
      }
    },
    async read(location, { signal }) {
      throwIfAborted(signal);
      const file = bySource.get(location.source);
      if (!file) throw new AlbumenError("FILE_NOT_FOUND", `There is no ${location.source}.`);
      // A copy: decoders may detach what they are given.
      return { kind: "bytes", bytes: Uint8Array.from(file.bytes), stamp: file.stamp ?? stampOf(file.bytes) };
    },
  };
}

function stampOf(bytes: Uint8Array): string {
  return `${bytes.length}:0:0`;
}
