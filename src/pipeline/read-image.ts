/** The bytes of an image of the catalog, from whichever of its places still has them. */
import { createHash } from "node:crypto";
import { placeKind } from "../core/place.ts";
import { AlbumenError, isAlbumenError, throwIfAborted } from "../errors.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { ImageSource, Location } from "../ports/image-source.ts";

/** Places of one image, best first: where it came from, then where Albumen put it. */
export type PlacesOf = (image: string) => Promise<readonly Location[]>;

export interface ReadImagePorts {
  readonly placesOf: PlacesOf;
  readonly source: ImageSource;
  /** asked before any place that is no file of this machine */
  readonly originals: BlobStore;
}

/**
 * Reads the first place whose bytes still are this image; a file that was edited since is another image.
 * Errors: `FILE_NOT_FOUND` when no place has it, naming the last one tried.
 */
export async function readImage(
  image: string,
  { placesOf, source, originals }: ReadImagePorts,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const isThis = (bytes: Uint8Array | null): bytes is Uint8Array =>
    bytes !== null && createHash("sha256").update(bytes).digest("hex") === image;
  const read = async (place: Location): Promise<Uint8Array | null> => {
    throwIfAborted(signal);
    try {
      const outcome = await source.read(place, { signal, before: null });
      return outcome.kind === "bytes" ? outcome.bytes : null;
    } catch (error) {
      if (isAlbumenError(error) && error.code === "ABORTED") throw error;
      return null; // this place is gone or unreadable: the next one may not be
    }
  };
  const places = await placesOf(image);
  const files = places.filter(({ source }) => placeKind(source) === "file");
  for (const place of files) {
    const bytes = await read(place);
    if (isThis(bytes)) return bytes;
  }
  const kept = await originals.get(image);
  if (isThis(kept)) return kept;
  for (const place of places) {
    if (files.includes(place)) continue;
    const bytes = await read(place);
    if (isThis(bytes)) return bytes;
  }
  throw new AlbumenError(
    "FILE_NOT_FOUND",
    `No unchanged copy of image ${image.slice(0, 12)} is left${places.length ? ` (last looked at ${places.at(-1)!.source})` : ""}.`,
    { hint: "Put it back, or run albumen organize again to take the change in." },
  );
}
