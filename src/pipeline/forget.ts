/**
 * Removes every trace of some images, or of a user: rows, vectors, thumbnails, captions, files in the output, history, journal.
 *
 * [Note: forgetting] What is to be forgotten is written down first and finished by the next command if this one dies; the note
 * itself is erased last. What is proven is that no file of the catalog and none of the exports holds a hash, a place or a vector.
 */
import { z } from "zod";
import { rowOf } from "../core/vectors.ts";
import { AlbumenError } from "../errors.ts";
import type { Erasure } from "../ports/store.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import type { Lookup } from "./lookup.ts";

/** What was forgotten, and how it was made sure of. */
export interface ForgetReport {
  readonly images: number;
  readonly places: number;
  /** what the scan for traces read */
  readonly scannedFiles: number;
  readonly scannedBytes: number;
  /** files in the output that stay although their image is forgotten, and why */
  readonly kept: readonly string[];
}

/** Where an unfinished forgetting is written down; "" when there is none. */
const FORGETTING = "forgetting";

const erasureSchema = z.object({
  images: z.array(z.string()),
  sources: z.array(z.string()),
  user: z.string().nullable(),
});

/** Places of one image that are looked up. */
const ALL_PLACES = Number.MAX_SAFE_INTEGER;

/**
 * What a person means: a user by the exact id, else an image by path or hash. Of a user, what nobody else owns.
 * Errors: `NOT_FOUND`, `AMBIGUOUS` when a word is both, `USAGE` for images that were moved into the output.
 */
export async function whatToForget(
  { store, journal }: Pick<CatalogParts, "store" | "journal">,
  lookup: Lookup,
  query: string,
): Promise<Erasure> {
  const isUser = (await store.users()).includes(query);
  const image = await lookup.imagesMeant([query]).catch((error: unknown) => {
    if (isUser || !(error instanceof AlbumenError)) return null;
    throw error;
  });
  if (isUser && image !== null)
    throw new AlbumenError("AMBIGUOUS", `${query} is a user and an image.`, {
      hint: "Name the image by the beginning of its SHA-256 (albums.csv lists it).",
    });
  const what = image === null ? await ofUser(store, query) : await ofImages(store, image);
  const moved = (await journal.outputs()).files.find(
    (file) => file.mode === "move" && what.images.includes(file.image),
  );
  if (moved)
    throw new AlbumenError(
      "USAGE",
      `${moved.path} was moved into the output, and nothing here deletes your files.`,
      {
        hint: "Take it out of the output folder yourself, or give it back with albumen undo; then forget it.",
      },
    );
  return what;
}

/** All that a catalog holds. */
export async function everything({ store }: Pick<CatalogParts, "store">): Promise<Erasure> {
  const images = (await store.albums()).flatMap(({ members }) => members.map(({ image }) => image));
  return ofImages(store, images);
}

async function ofImages(store: CatalogParts["store"], images: readonly string[]): Promise<Erasure> {
  const places = await store.placesOf(images, ALL_PLACES);
  return { images, sources: [...places.values()].flat().map(({ source }) => source), user: null };
}

async function ofUser(store: CatalogParts["store"], user: string): Promise<Erasure> {
  const images: string[] = [];
  const sources: string[] = [];
  const asked = new Set<string>();
  for await (const places of store.placesOfUser(user))
    for (const { image } of places) {
      if (asked.has(image)) continue;
      asked.add(image);
      const owners = await store.ownersOf(image);
      const others = new Set(owners.filter((owner) => owner.user !== user).map(({ source }) => source));
      const own = owners.map(({ source }) => source).filter((source) => !others.has(source));
      sources.push(...new Set(own));
      if (others.size === 0) images.push(image);
    }
  return { images, sources, user };
}

export async function noteForgetting({ store }: Pick<CatalogParts, "store">, what: Erasure): Promise<void> {
  await store.setMeta(FORGETTING, JSON.stringify(what));
}

/** What a command that died had begun to forget; null when nothing. */
export async function unfinishedForgetting({ store }: Pick<CatalogParts, "store">): Promise<Erasure | null> {
  const note = await store.meta(FORGETTING);
  return note === null || note === "" ? null : erasureSchema.parse(JSON.parse(note));
}

/** By what an image or a place would be known if a trace of it were left. */
export async function tracesOf(
  { store }: Pick<CatalogParts, "store">,
  { images, sources }: Erasure,
  space: string | null,
): Promise<Uint8Array[]> {
  const encoder = new TextEncoder();
  const traces = [...images, ...sources].map((text) => encoder.encode(text));
  if (space === null) return traces;
  const { vectors } = await store.vectorsOf(space, images);
  for (let row = 0; row < vectors.rows; row++) {
    const vector = rowOf(vectors, row);
    // One of zeros was overwritten already, by a command that died.
    if (vector.every((value) => value === 0)) continue;
    traces.push(new Uint8Array(vector.buffer, vector.byteOffset, Math.min(64, vector.byteLength)).slice());
  }
  return traces;
}

/** Everything but albums and output, which must be done before. Doing it again changes nothing. */
export async function eraseTraces(
  { store, journal, thumbs, originals, clearGalleryPictures }: CatalogParts,
  what: Erasure,
): Promise<void> {
  for (const image of what.images) {
    await thumbs.delete(image);
    await originals.delete(image);
  }
  await clearGalleryPictures();
  await journal.erase(what.images);
  await store.erase(what);
}

/** The note goes, and with it all room in the database that held anything. */
export async function closeForgetting({ store }: Pick<CatalogParts, "store">): Promise<void> {
  await store.setMeta(FORGETTING, "");
  await store.compact();
}
