/** Gives names to the albums that have none yet. */
import { UNSORTED, type Album, type AlbumName } from "../core/albums.ts";
import type { ConceptTable } from "../core/concepts.ts";
import { nameParent } from "../core/naming/parent-name.ts";
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
 * their names are taken. Parents are named after their children, see `nameParent`.
 */
export async function nameAlbums(
  albums: readonly Album[],
  input: NamingInput,
  namer: Namer,
  watch: Watch,
): Promise<Album[]> {
  const isParent = new Set(albums.map((album) => album.parentId));
  const leaves = albums.filter((album) => album.id !== UNSORTED && !isParent.has(album.id));
  const names = new Map<string, AlbumName>();
  const nameOf = (album: Album): AlbumName => names.get(album.id) ?? album.name;
  const takenNames = (): string[] => albums.map((album) => nameOf(album).text).filter((text) => text !== "");

  if (leaves.some(isUnnamed)) {
    const rowOfImage = new Map(input.images.map((image, row) => [image, row]));
    const given = await namer.name(
      {
        vectors: input.vectors,
        concepts: input.concepts,
        albums: leaves.map((album) => evidenceOf(album, rowOfImage, input)),
        takenNames: takenNames(),
      },
      callOf(watch, "name"),
    );
    leaves.forEach((album, i) => {
      if (isUnnamed(album)) names.set(album.id, given[i]!);
    });
  }
  for (const parent of albums)
    if (isParent.has(parent.id) && isUnnamed(parent)) {
      const children = albums.filter((album) => album.parentId === parent.id);
      const named = children.map((child) => ({ ...child, name: nameOf(child) }));
      names.set(parent.id, nameParent(named, takenNames()));
    }
  return albums.map((album) => ({ ...album, name: nameOf(album) }));
}

function evidenceOf(
  album: Album,
  rowOfImage: ReadonlyMap<string, number>,
  input: NamingInput,
): AlbumEvidence {
  const images = album.members.map((member) => member.image);
  const facts = images.flatMap((image) => input.facts.get(image) ?? []);
  return {
    albumId: album.id,
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
