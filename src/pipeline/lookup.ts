/** What a person means by a path, a hash or a name, and what is told of an image that was found. */
import { findAlbum } from "../core/album-edits.ts";
import type { Album } from "../core/albums.ts";
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

export function createLookup(parts: CatalogParts): Lookup {
  const { store, journal, watch } = parts;
  return {
    async imagesMeant(queries: readonly string[]): Promise<string[]> {
      const locations = await store.locations();
      const files = (await journal.outputs()).files;
      return queries.map((query) => {
        const absolute = parts.absolute(query);
        const inOutput = parts.relativeToOutput(absolute);
        const image =
          locations.find((location) => location.source === absolute || location.source === query)?.image ??
          files.find((file) => file.path === inOutput || file.path === query)?.image;
        if (image) return image;
        const known = new Set(locations.map((location) => location.image));
        const near = /^[0-9a-f]{6,64}$/.test(query) ? [...known].filter((sha) => sha.startsWith(query)) : [];
        if (near.length === 1) return near[0]!;
        throw new AlbumenError(
          near.length > 1 ? "AMBIGUOUS" : "NOT_FOUND",
          near.length > 1
            ? `${near.length} images begin with ${query}.`
            : `The catalog has no image ${query}.`,
          { hint: "Name it by its path, or by at least six letters of its SHA-256 (albums.csv lists both)." },
        );
      });
    },

    async hitsOf(found: readonly { image: string; similarity: number }[]): Promise<Hit[]> {
      const albumOf = new Map<string, string>();
      for (const album of await store.albums())
        for (const member of album.members) albumOf.set(member.image, album.name.text);
      const fileOf = new Map((await journal.outputs()).files.map((file) => [file.image, file.path]));
      const sourceOf = new Map(
        (await store.locations()).map((location) => [location.image, location.source]),
      );
      return found.map(({ image, similarity }) => ({
        image,
        similarity,
        album: albumOf.get(image) ?? "",
        file: fileOf.get(image) ?? null,
        source: sourceOf.get(image) ?? "",
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
        const bytes = await source.read(item.location, watch.signal);
        const { image } = await parts
          .decoder()
          .decode(bytes, { input: embedder.input, thumbnail: false }, quietCall(watch));
        return rowOf(await embedder.embedImages([image], quietCall(watch)), 0);
      }
      throw new AlbumenError("NOT_FOUND", `${path} is neither an image of the catalog nor an image file.`);
    },
  };
}
