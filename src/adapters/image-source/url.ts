/** Reads the places of a list that are URLs. */
import type { ReadOptions, ReadOutcome } from "../../ports/image-source.ts";
import type { Fetcher, Validators } from "../fetch/fetcher.ts";

export interface UrlReader {
  /** `source`: an http(s) URL. Unchanged only when `before` holds validators. Errors: those of the fetcher. */
  read(source: string, options: ReadOptions): Promise<ReadOutcome>;
}

export function createUrlReader({ fetcher }: { readonly fetcher: Fetcher }): UrlReader {
  return {
    async read(source, { signal, before }) {
      const validators = before === null ? null : validatorsOf(before);
      const fetched = await fetcher.fetch(source, { signal, validators });
      if (fetched.kind === "unchanged") return fetched;
      return { kind: "bytes", bytes: fetched.bytes, stamp: stampOf(fetched.validators) };
    },
  };
}

/** A server that names no version still makes a known place of the URL. */
function stampOf({ etag, lastModified }: Validators): string {
  return JSON.stringify({
    ...(etag === null ? {} : { etag }),
    ...(lastModified === null ? {} : { lastModified }),
  });
}

/** null when the stamp holds none: then the whole image is wanted again. */
function validatorsOf(stamp: string): Validators | null {
  let value: unknown;
  try {
    value = JSON.parse(stamp);
  } catch {
    return null; // a stamp of another kind of source
  }
  const { etag, lastModified } = (value ?? {}) as Record<string, unknown>;
  const validators = {
    etag: typeof etag === "string" ? etag : null,
    lastModified: typeof lastModified === "string" ? lastModified : null,
  };
  return validators.etag === null && validators.lastModified === null ? null : validators;
}
