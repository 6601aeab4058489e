/** Gives names to the albums that have none yet. */
import { UNSORTED, type Album, type AlbumName } from "../core/albums.ts";
import type { ConceptTable } from "../core/concepts.ts";
import type { ImageVectors } from "../core/make-albums.ts";
import type { ImageFacts } from "../ports/image-decoder.ts";
import type { AlbumEvidence, Namer } from "../ports/namer.ts";
import { callOf, type Watch } from "./events.ts";

export interface NamingInput extends ImageVectors {
  readonly concepts: ConceptTable | null;
  readonly facts: ReadonlyMap<string, ImageFacts>;
  /** captions that are shown, by image */
  readonly captions: ReadonlyMap<string, string>;
}

/**
 * Names every album whose name is empty. The others are siblings: they say what does not tell an album apart, and
 * their names are taken. Parents are named among themselves, after their children.
 */
export async function nameAlbums(
  albums: readonly Album[],
  input: NamingInput,
  namer: Namer,
  watch: Watch,
): Promise<Album[]> {
  const isParent = new Set(albums.map((album) => album.parentId));
  const leaves = albums.filter((album) => album.id !== UNSORTED && !isParent.has(album.id));
  const parents = albums.filter((album) => isParent.has(album.id));
  const membersOf = new Map(albums.map((album) => [album.id, imagesOf(album)]));
  for (const parent of parents)
    membersOf.set(parent.id, [
      ...imagesOf(parent),
      ...albums.filter((album) => album.parentId === parent.id).flatMap(imagesOf),
    ]);

  const names = new Map<string, AlbumName>();
  const rowOfImage = new Map(input.images.map((image, row) => [image, row]));
  for (const siblings of [leaves, parents]) {
    if (!siblings.some(isUnnamed)) continue;
    const taken = albums
      .map((album) => names.get(album.id)?.text ?? album.name.text)
      .filter((text) => text !== "");
    const given = await namer.name(
      {
        vectors: input.vectors,
        concepts: input.concepts,
        albums: siblings.map((album) => evidenceOf(album.id, membersOf.get(album.id)!, rowOfImage, input)),
        takenNames: taken,
      },
      callOf(watch, "name"),
    );
    siblings.forEach((album, i) => {
      if (isUnnamed(album)) names.set(album.id, given[i]!);
    });
  }
  return albums.map((album) => ({ ...album, name: names.get(album.id) ?? album.name }));
}

function evidenceOf(
  albumId: string,
  images: readonly string[],
  rowOfImage: ReadonlyMap<string, number>,
  input: NamingInput,
): AlbumEvidence {
  const facts = images.flatMap((image) => input.facts.get(image) ?? []);
  return {
    albumId,
    size: images.length,
    rows: Int32Array.from(images.flatMap((image) => rowOfImage.get(image) ?? [])),
    captions: images.flatMap((image) => input.captions.get(image) ?? []),
    dates: facts.flatMap(({ takenAt }) => takenAt ?? []),
    places: facts.flatMap(({ latitude, longitude }) =>
      latitude === null || longitude === null ? [] : [{ latitude, longitude }],
    ),
    meanColors: facts.map(({ meanColor }) => meanColor),
    aspectRatios: facts.map(({ width, height }) => width / height),
  };
}

function isUnnamed(album: Album): boolean {
  return album.name.text === "";
}

function imagesOf(album: Album): string[] {
  return album.members.map((member) => member.image);
}
