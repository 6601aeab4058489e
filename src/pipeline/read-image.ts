/** The bytes of an image of the catalog, from whichever of its places still has them. */
import { createHash } from "node:crypto";
import { AlbumenError, isAlbumenError, throwIfAborted } from "../errors.ts";
import type { ImageSource, Location } from "../ports/image-source.ts";

/** Places of one image, best first: where it came from, then where Albumen put it. */
export type PlacesOf = (image: string) => readonly Location[];

/**
 * Reads the first place whose bytes still are this image; a file that was edited since is another image.
 * Errors: `FILE_NOT_FOUND` when no place has it, naming the last one tried.
 */
export async function readImage(
  image: string,
  placesOf: PlacesOf,
  source: ImageSource,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const places = placesOf(image);
  for (const place of places) {
    throwIfAborted(signal);
    try {
      const bytes = await source.read(place, signal);
      if (createHash("sha256").update(bytes).digest("hex") === image) return bytes;
    } catch (error) {
      if (isAlbumenError(error) && error.code === "ABORTED") throw error;
      // This place is gone or unreadable: the next one may not be.
    }
  }
  throw new AlbumenError(
    "FILE_NOT_FOUND",
    `No unchanged copy of image ${image.slice(0, 12)} is left${places.length ? ` (last looked at ${places.at(-1)!.source})` : ""}.`,
    { hint: "Put it back, or run albumen organize again to take the change in." },
  );
}
