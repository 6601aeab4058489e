/** From clusters of rows to albums of images: identity, order, representatives, parents. Pure. */
import type { AlbumEvent } from "./album-edits.ts";
import { UNSORTED, type Album, type AlbumName, type Member } from "./albums.ts";
import { matchAlbums } from "./matching.ts";
import { chooseRepresentatives } from "./representatives.ts";
import { dot, meanOf, normalize, rowOf, type Vectors } from "./vectors.ts";

/** Rows of `vectors` and the images they belong to. */
export interface ImageVectors {
  readonly images: readonly string[];
  readonly vectors: Vectors;
  /** for each row the row that stands for its burst or its copies, see `findLeaders`; absent: not looked for */
  readonly leaders?: Int32Array;
}

/** An album's name before the naming stage gave it one. */
export const UNNAMED: AlbumName = { text: "", source: "neutral", score: null, evidence: null };

const UNSORTED_NAME: AlbumName = { text: "Unsorted", source: "neutral", score: null, evidence: null };

/** 3 to 8, growing with the logarithm of the album: a person takes in no more at a glance. */
function representativeCount(size: number): number {
  return Math.min(size, 8, Math.max(3, Math.round(1 + Math.log2(size))));
}

/** An album of the given rows, best similarity first. */
export function makeAlbum(
  { images, vectors, leaders }: ImageVectors,
  rows: readonly number[],
  album: { readonly id: string | null; readonly name: AlbumName; readonly parentId: string | null },
  pinned: ReadonlySet<string>,
  takenIds: Set<string>,
): Album {
  const centroid = normalize(meanOf(vectors, rows));
  const ranks = new Map<number, number>();
  chooseRepresentatives(vectors, rows, representativeCount(rows.length), leaders).forEach((row, rank) =>
    ranks.set(row, rank),
  );
  const members: Member[] = rows.map((row) => ({
    image: images[row]!,
    similarity: clampCosine(dot(rowOf(vectors, row), centroid)),
    representativeRank: ranks.get(row) ?? -1,
    isPinned: pinned.has(images[row]!),
  }));
  members.sort(bySimilarity);
  const id = album.id ?? freshId(members.find((member) => member.representativeRank === 0)!.image, takenIds);
  takenIds.add(id);
  return {
    id,
    name: album.name,
    parentId: album.parentId,
    cohesion: meanSimilarity(members),
    trust: null,
    members,
  };
}

/** The album that is none, in the images' order; null when no row is left over. */
export function makeUnsorted(
  { images }: ImageVectors,
  rows: readonly number[],
  similarity: ArrayLike<number>,
): Album | null {
  if (rows.length === 0) return null;
  const members = rows.map((row) => ({
    image: images[row]!,
    similarity: clampCosine(similarity[row]!),
    representativeRank: -1,
    isPinned: false,
  }));
  members.sort((a, b) => (a.image < b.image ? -1 : 1));
  return { id: UNSORTED, name: UNSORTED_NAME, parentId: null, cohesion: null, trust: null, members };
}

/**
 * Albums of a new grouping under the ids and names of the old ones they continue.
 *
 * @param clusters rows of each cluster; none is empty
 * @param anchors clusters that hold an album's pins: they continue that album whatever the overlap says
 */
export function continueAlbums(
  input: ImageVectors,
  old: readonly Album[],
  clusters: readonly (readonly number[])[],
  anchors: ReadonlyMap<string, number>,
): { readonly albums: Album[]; readonly events: AlbumEvent[] } {
  const leaves = old.filter((album) => album.id !== UNSORTED && album.members.length > 0);
  const oldById = new Map(leaves.map((album) => [album.id, album]));
  const anchored = new Map([...anchors].map(([id, cluster]) => [cluster, id]));
  const setOf = (rows: readonly number[]): Set<string> => new Set(rows.map((row) => input.images[row]!));
  const imagesOf = (album: Album): Set<string> => new Set(album.members.map((member) => member.image));

  const free = clusters.flatMap((_, c) => (anchored.has(c) ? [] : [c]));
  const match = matchAlbums(
    new Map(leaves.filter((album) => !anchors.has(album.id)).map((album) => [album.id, imagesOf(album)])),
    free.map((c) => setOf(clusters[c]!)),
  );
  const idOf = clusters.map((_, c) => anchored.get(c) ?? match.idOf[free.indexOf(c)] ?? null);

  const pinned = new Set(old.flatMap(({ members }) => members.filter((m) => m.isPinned).map((m) => m.image)));
  const takenIds = new Set(old.map((album) => album.id));
  const albums = clusters.map((rows, c) => {
    const before = idOf[c] === null ? undefined : oldById.get(idOf[c]!);
    const name = before?.name.source === "user" ? before.name : UNNAMED;
    return makeAlbum(input, rows, { id: idOf[c]!, name, parentId: null }, pinned, takenIds);
  });

  const events: AlbumEvent[] = [];
  const titleOf = (id: string): string => `"${oldById.get(id)!.name.text}"`;
  for (const [c, album] of albums.entries()) {
    const before = idOf[c] === null ? undefined : oldById.get(idOf[c]!);
    if (!before) continue;
    const change = album.members.length - before.members.length;
    if (change !== 0)
      events.push({
        kind: change > 0 ? "grew" : "shrank",
        albumId: album.id,
        text: `${titleOf(before.id)} ${change > 0 ? "grew" : "shrank"} from ${before.members.length} to ${album.members.length} images`,
      });
  }
  for (const { from, into, members } of match.merged)
    events.push({
      kind: "merged",
      albumId: into,
      text: `${titleOf(from)} went into ${titleOf(into)} (${members} images)`,
    });
  for (const { from, cluster, members } of match.split) {
    const part = albums[free[cluster]!]!;
    events.push({
      kind: "split",
      albumId: part.id,
      text: `${members} images left ${titleOf(from)} for an album of their own`,
    });
  }
  const merged = new Set(match.merged.map(({ from }) => from));
  for (const { id, members } of match.died)
    if (!merged.has(id))
      events.push({
        kind: "died",
        albumId: id,
        text: `${titleOf(id)} is no more; its ${members} images went elsewhere`,
      });
  for (const cluster of match.born) {
    const album = albums[free[cluster]!]!;
    events.push({ kind: "born", albumId: album.id, text: `a new album of ${album.members.length} images` });
  }
  if (leaves.length > 0) {
    const stayed = idOf.filter((id) => id !== null).length;
    const ended = match.died.length;
    const splitOff = new Set(match.split.map(({ cluster }) => cluster)).size;
    events.push({
      kind: "regrouped",
      albumId: "",
      text:
        `${albums.length} albums: ${stayed} of ${leaves.length} stayed; ` +
        `${albums.length - stayed} new, ${splitOff} of them split off; ${ended} ended, ${merged.size} of them merged`,
    });
  }
  return { albums, events };
}

/**
 * Parents for albums that share a group on the level above; a group of one has none.
 * A parent's id comes from its largest child's, so that it lasts as long as that one.
 */
export function addParents(
  albums: readonly Album[],
  groupOf: readonly (number | null)[],
  old: readonly Album[],
): Album[] {
  const groups = new Map<number, number[]>();
  groupOf.forEach((group, i) => {
    if (group !== null) groups.set(group, [...(groups.get(group) ?? []), i]);
  });
  const parentOf = new Map<number, Album>();
  for (const children of groups.values()) {
    if (children.length < 2) continue;
    const largest = children.map((i) => albums[i]!).sort(bySizeThenId)[0]!;
    const id = `p${largest.id}`;
    const before = old.find((album) => album.id === id);
    const name = before?.name.source === "user" ? before.name : UNNAMED;
    const parent: Album = { id, name, parentId: null, cohesion: null, trust: null, members: [] };
    for (const i of children) parentOf.set(i, parent);
  }
  return [
    ...new Set(parentOf.values()),
    ...albums.map((album, i) => ({ ...album, parentId: parentOf.get(i)?.id ?? null })),
  ];
}

/** Largest first, children behind their parent, Unsorted last. */
export function orderAlbums(albums: readonly Album[]): Album[] {
  const children = (id: string): Album[] =>
    albums.filter((album) => album.parentId === id).sort(bySizeThenId);
  const sizeWithChildren = (album: Album): number =>
    album.members.length + children(album.id).reduce((sum, child) => sum + child.members.length, 0);
  const ids = new Set(albums.map((album) => album.id));
  return albums
    .filter((album) => album.parentId === null || !ids.has(album.parentId))
    .map((album) => ({ album, size: album.id === UNSORTED ? -1 : sizeWithChildren(album) }))
    .sort((a, b) => b.size - a.size || (a.album.id < b.album.id ? -1 : 1))
    .flatMap(({ album }) => [album, ...children(album.id)]);
}

export function bySimilarity(a: Member, b: Member): number {
  return b.similarity - a.similarity || (a.image < b.image ? -1 : 1);
}

export function meanSimilarity(members: readonly Member[]): number | null {
  if (members.length === 0) return null;
  return members.reduce((sum, member) => sum + member.similarity, 0) / members.length;
}

/** Ids come from the medoid, so that the same pictures get the same ids on every machine. */
function freshId(medoid: string, taken: ReadonlySet<string>): string {
  for (let length = 8; ; length++) {
    const id = `a${medoid.slice(0, length)}`;
    if (!taken.has(id) || length >= medoid.length) return id;
  }
}

function clampCosine(value: number): number {
  return Math.max(-1, Math.min(1, value));
}

function bySizeThenId(a: Album, b: Album): number {
  return b.members.length - a.members.length || (a.id < b.id ? -1 : 1);
}
