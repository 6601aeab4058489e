/** What a person means by a path, a hash or a name, and what is told of an image that was found. */
import { findAlbum } from "../core/album-edits.ts";
import type { Album } from "../core/albums.ts";
import { redactUrl } from "../core/url-secrets.ts";
import { rowOf } from "../core/vectors.ts";
import { AlbumenError } from "../errors.ts";
import type { Embedder } from "../ports/embedder.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import { quietCall } from "./events.ts";

/** An image that a search found. */
export interface Hit {
  /** SHA-256, lower-case hex */
  readonly image: string;
  /** cosine, in [-1, 1] */
  readonly similarity: number;
  /** name of its album; "" when it is in none */
  readonly album: string;
  /** path inside the output folder; null when it is not there */
  readonly file: string | null;
  /** where it came from */
  readonly source: string;
}

export interface Lookup {
  /** Images meant by paths (of the source or in the output) or the start of a SHA-256. Errors: `NOT_FOUND`, `AMBIGUOUS`. */
  imagesMeant(queries: readonly string[]): Promise<string[]>;
  isMeant(album: Album, query: string): boolean;
  hitsOf(found: readonly { readonly image: string; readonly similarity: number }[]): Promise<Hit[]>;
  /** The unit vector of an image file anywhere. Errors: `NOT_FOUND`, `FILE_*`, `IMAGE_*`. */
  vectorOfFile(path: string, embedder: Embedder): Promise<Float32Array>;
}

/** So many images with one beginning are counted, not more. */
const MOST_NAMED = 100;

export function createLookup(parts: CatalogParts): Lookup {
  const { store, journal, watch } = parts;

  async function imageMeant(query: string): Promise<string> {
    const absolute = parts.absolute(query);
    const inOutput = parts.relativeToOutput(absolute);
    const image =
      (await store.imageAt(absolute)) ??
      (await store.imageAt(query)) ??
      (await journal.outputs()).files.find((file) => file.path === inOutput || file.path === query)?.image;
    if (image) return image;
    const near = /^[0-9a-f]{6,64}$/.test(query) ? await store.imagesStartingWith(query, MOST_NAMED) : [];
    if (near.length === 1) return near[0]!;
    const many = near.length < MOST_NAMED ? String(near.length) : `${MOST_NAMED} or more`;
    throw new AlbumenError(
      near.length > 1 ? "AMBIGUOUS" : "NOT_FOUND",
      near.length > 1 ? `${many} images begin with ${query}.` : `The catalog has no image ${query}.`,
      { hint: "Name it by its path, or by at least six letters of its SHA-256 (albums.csv lists both)." },
    );
  }

  return {
    async imagesMeant(queries: readonly string[]): Promise<string[]> {
      const found: string[] = [];
      for (const query of queries) found.push(await imageMeant(query));
      return found;
    },

    async hitsOf(found: readonly { image: string; similarity: number }[]): Promise<Hit[]> {
      const albumOf = new Map<string, string>();
      for (const album of await store.albums())
        for (const member of album.members) albumOf.set(member.image, album.name.text);
      const fileOf = new Map((await journal.outputs()).files.map((file) => [file.image, file.path]));
      const places = await store.placesOf(
        found.map(({ image }) => image),
        1,
      );
      return found.map(({ image, similarity }) => ({
        image,
        similarity,
        album: albumOf.get(image) ?? "",
        file: fileOf.get(image) ?? null,
        source: redactUrl(places.get(image)?.[0]?.source ?? ""),
      }));
    },
    isMeant(album, query) {
      try {
        return findAlbum([album], query) === album;
      } catch {
        return false;
      }
    },
    async vectorOfFile(path, embedder) {
      const source = await parts.openSource([path]);
      for await (const item of source.list(watch.signal)) {
        if (item.kind === "failed") throw item.error;
        if (item.kind !== "location") continue;
        const read = await source.read(item.location, { signal: watch.signal, before: null });
        if (read.kind !== "bytes") continue;
        const { image } = await parts
          .decoder()
          .decode(read.bytes, { input: embedder.input, thumbnail: false }, quietCall(watch));
        return rowOf(await embedder.embedImages([image], quietCall(watch)), 0);
      }
      throw new AlbumenError("NOT_FOUND", `${path} is neither an image of the catalog nor an image file.`);
    },
  };
}
