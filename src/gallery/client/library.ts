/** The page's data, read once and looked at from the sides that views need. */
import { UNSORTED } from "../../core/albums.ts";
import { createSearchIndex, type SearchIndex } from "../search.ts";
import { byLikeness, decodePictures, type AlbumWire, type GalleryWire, type Picture } from "../wire.ts";

export interface AlbumView extends AlbumWire {
  readonly index: number;
  /** its own, most alike first */
  readonly pictures: readonly Picture[];
  /** its own and those of its children */
  readonly total: number;
  readonly children: readonly number[];
  /** its own by rank, else its children's first ones */
  readonly representatives: readonly Picture[];
  readonly isUnsorted: boolean;
  /** CSS colour on the map */
  readonly color: string;
}

export interface Library {
  readonly wire: GalleryWire;
  readonly pictures: readonly Picture[];
  readonly albums: readonly AlbumView[];
  albumOf(picture: Picture): AlbumView;
  albumById(id: string): AlbumView | undefined;
  pictureBySha(prefix: string): Picture | undefined;
  readonly pictureSearch: SearchIndex;
  readonly albumSearch: SearchIndex;
}

export function createLibrary(wire: GalleryWire): Library {
  const pictures = decodePictures(wire.images);
  const albums = viewAlbums(wire, pictures);
  let pictureSearch: SearchIndex | undefined;
  let albumSearch: SearchIndex | undefined;
  return {
    wire,
    pictures,
    albums,
    albumOf: (picture) => albums[picture.album]!,
    albumById: (id) => albums.find((album) => album.id === id),
    pictureBySha: (prefix) => pictures.find((picture) => picture.sha.startsWith(prefix)),
    // Made on the first search, so that the first paint does not wait for them.
    get pictureSearch() {
      return (pictureSearch ??= createSearchIndex(
        pictures.map(({ album, tags, caption, name }) => ({
          album: albums[album]!.name,
          tags,
          caption,
          fileName: name,
        })),
      ));
    },
    get albumSearch() {
      return (albumSearch ??= createSearchIndex(
        albums.map(({ name, words }) => ({
          album: name,
          tags: words.map(([word]) => word),
          caption: "",
          fileName: "",
        })),
      ));
    },
  };
}

function viewAlbums(wire: GalleryWire, pictures: readonly Picture[]): AlbumView[] {
  const own: Picture[][] = wire.albums.map(() => []);
  for (const picture of pictures) own[picture.album]!.push(picture);
  for (const list of own) list.sort(byLikeness);
  const children: number[][] = wire.albums.map(() => []);
  wire.albums.forEach((album, i) => {
    if (album.parent >= 0) children[album.parent]!.push(i);
  });
  const representatives = own.map((list) =>
    list.filter((picture) => picture.rank >= 0).sort((a, b) => a.rank - b.rank),
  );
  return wire.albums.map((album, i) => {
    const isUnsorted = album.id === UNSORTED;
    const shown =
      representatives[i]!.length > 0
        ? representatives[i]!
        : children[i]!.flatMap((c) => representatives[c]!.slice(0, 1));
    return {
      ...album,
      index: i,
      pictures: own[i]!,
      total: own[i]!.length + children[i]!.reduce((sum, c) => sum + own[c]!.length, 0),
      children: children[i]!,
      representatives: shown.length > 0 ? shown : own[i]!.slice(0, 3),
      isUnsorted,
      // The golden angle keeps neighbours in the list apart however many albums there are.
      color: isUnsorted ? "#8c877f" : `hsl(${Math.round((i * 137.508) % 360)} 58% 56%)`,
    };
  });
}
