/** Compares the wanted albums with what stands in the output. Reads only. */
import type { Album } from "../core/albums.ts";
import { planFolders, type Plan, type PlannableImage } from "../core/plan/plan.ts";
import type { PlaceMode } from "../core/plan/steps.ts";
import { placeKind } from "../core/place.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Journal } from "../ports/journal.ts";
import type { Output } from "../ports/output.ts";
import type { Store } from "../ports/store.ts";

export interface PlanInput {
  readonly albums: readonly Album[];
  /** by SHA-256 */
  readonly images: ReadonlyMap<string, PlannableImage>;
  readonly mode: PlaceMode;
  readonly depth: 1 | 2;
}

/** Images whose places are asked for at a time. */
const BLOCK = 1000;

/**
 * Where the files of the albums' images lie. An image that lies in no file of this machine (a URL, an archive's
 * entry) is placed from the bytes that the catalog keeps of it; they are a file like any other.
 */
export async function plannableImages(
  {
    store,
    originals,
    originalPath,
  }: { readonly store: Store; readonly originals: BlobStore; originalPath(image: string): string },
  albums: readonly Album[],
  mode: PlaceMode,
): Promise<Map<string, PlannableImage>> {
  const plannable = new Map<string, PlannableImage>();
  const images = albums.flatMap((album) => album.members.map(({ image }) => image));
  for (let at = 0; at < images.length; at += BLOCK) {
    // A picture may lie in a hundred thousand places; only moving means all of them.
    const found = await store.placesOf(images.slice(at, at + BLOCK), mode === "move" ? Infinity : 1);
    for (const [image, places] of found) {
      const locations = places.filter(({ source }) => placeKind(source) === "file");
      if (locations.length === 0 && places.length > 0 && (await originals.has(image)))
        locations.push({ ...places[0]!, source: originalPath(image) });
      plannable.set(image, { locations: locations.map(({ source, name }) => ({ source, name })) });
    }
  }
  return plannable;
}

/**
 * The plan that would make the output what the albums say. What the user took away from the output is placed
 * again while its album still wants it. Errors: `FILE_UNREADABLE`, `ABORTED`.
 */
export async function planOutput(
  { output, journal }: { readonly output: Output; readonly journal: Journal },
  input: PlanInput,
  signal: AbortSignal,
): Promise<Plan> {
  const recorded = await journal.outputs();
  const listed = await output.list(signal);
  const kinds = new Map(listed.map(({ path, kind }) => [path, kind]));
  const folders = recorded.folders.filter(({ path }) => kinds.get(path) === "folder");
  const files = recorded.files.filter(({ path }) => kinds.get(path) === "file");
  const ours = new Set([...folders, ...files].map(({ path }) => path));
  return planFolders({
    ...input,
    current: { folders, files },
    gone: [...recorded.folders, ...recorded.files].map(({ path }) => path).filter((path) => !ours.has(path)),
    foreign: listed.map(({ path }) => path).filter((path) => !ours.has(path)),
  });
}
