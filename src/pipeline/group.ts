/** Puts images into albums: everything anew, only what is new, or one album into parts. */
import { AlbumenError } from "../errors.ts";
import type { AlbumEvent } from "../core/album-edits.ts";
import { UNSORTED, type Album } from "../core/albums.ts";
import { assignNew } from "../core/cluster/assign-new.ts";
import { centroidsOf } from "../core/cluster/means.ts";
import { spreadOf } from "../core/cluster/spread.ts";
import { trustOf } from "../core/cluster/trust.ts";
import { applyConstraints } from "../core/constraints.ts";
import {
  addParents,
  bySimilarity,
  continueAlbums,
  makeAlbum,
  makeUnsorted,
  meanSimilarity,
  orderAlbums,
  UNNAMED,
  type ImageVectors,
} from "../core/make-albums.ts";
import { dot, rowOf, takeRows } from "../core/vectors.ts";
import type { Clusterer, Clustering, ClusteringRequest } from "../ports/clusterer.ts";
import { kernelsOf, type Matrix } from "../ports/matrix.ts";
import { callOf, quietCall, type Watch } from "./events.ts";

export interface GroupingSettings extends Omit<ClusteringRequest, "vectors"> {
  /** a stray gets its own album instead of Unsorted */
  readonly singletons: boolean;
  readonly depth: number;
}

export interface Grouped {
  /** new albums are `UNNAMED` */
  readonly albums: Album[];
  readonly events: readonly AlbumEvent[];
  /** how the number of albums was found; null when nothing was clustered */
  readonly report: Clustering["report"] | null;
}

/** Clusters all images anew. Ids, user names and pins of the old albums stay, see [Note: pins]. */
export async function regroup(
  input: ImageVectors,
  old: readonly Album[],
  settings: GroupingSettings,
  clusterer: Clusterer,
  watch: Watch,
): Promise<Grouped> {
  const { images, vectors } = input;
  const clustering = await clusterer.cluster({ ...settings, vectors }, callOf(watch, "cluster"));

  const rowOfImage = new Map(images.map((image, row) => [image, row]));
  const pins = new Map<number, string>();
  // Three images moved into an album of thirty must not draw its id and name away from the thirty.
  const company = new Map<string, number[]>();
  for (const album of old) {
    const others: number[] = [];
    for (const member of album.members) {
      const row = rowOfImage.get(member.image);
      if (row === undefined) continue;
      if (member.isPinned) pins.set(row, album.id);
      else others.push(row);
    }
    if (album.id !== UNSORTED) company.set(album.id, others);
  }
  const held = applyConstraints(
    clustering.assignment,
    clustering.k,
    { pins, company, mustLink: [], cannotLink: [] },
    (rows, cluster) =>
      rows.reduce((sum, row) => sum + dot(rowOf(vectors, row), rowOf(clustering.centroids, cluster)), 0),
  );

  const rowsOf: number[][] = Array.from({ length: held.k }, () => []);
  const strays: number[] = [];
  held.assignment.forEach((cluster, row) => (cluster < 0 ? strays : rowsOf[cluster]!).push(row));
  const isAnchor = new Set(held.groupCluster.values());
  // Pins may have taken a cluster's last rows, or so many that the rest is too small for an album.
  const isAlbum = rowsOf.map(
    (rows, c) =>
      rows.length > 0 &&
      (isAnchor.has(c) || c >= clustering.k || rows.length >= Math.min(settings.minAlbumSize, images.length)),
  );
  rowsOf.forEach((rows, c) => {
    if (!isAlbum[c]) strays.push(...rows);
  });
  const numbers = rowsOf.flatMap((_, c) => (isAlbum[c] ? [c] : []));
  const clusters = numbers.map((c) => rowsOf[c]!);
  const groupOf = numbers.map((c) => (c < clustering.k ? (clustering.parents?.[c] ?? null) : null));
  if (settings.singletons)
    for (const row of strays.splice(0).sort((a, b) => a - b)) {
      clusters.push([row]);
      groupOf.push(null);
    }
  const anchors = new Map([...held.groupCluster].map(([id, cluster]) => [id, numbers.indexOf(cluster)]));
  const { albums, events } = continueAlbums(input, old, clusters, anchors);
  const withParents = settings.depth > 1 ? addParents(albums, groupOf, old) : albums;
  const unsorted = makeUnsorted(input, strays, clustering.similarity);
  return {
    albums: orderAlbums(unsorted ? [...withParents, unsorted] : withParents),
    events,
    report: clustering.report,
  };
}

/**
 * Puts new images into the albums there are, or into new ones when unlike all. Existing albums keep their ids,
 * names, members and representatives.
 *
 * @param fresh rows of the images that are in no album yet
 */
export async function addToAlbums(
  input: ImageVectors,
  fresh: readonly number[],
  albums: readonly Album[],
  matrix: Matrix,
  watch: Watch,
): Promise<Grouped> {
  const { images, vectors } = input;
  const leaves = albums.filter((album) => album.id !== UNSORTED && album.members.length > 0);
  const rowOfImage = new Map(images.map((image, row) => [image, row]));
  const assignment = new Int32Array(vectors.rows).fill(-1);
  leaves.forEach((album, a) =>
    album.members.forEach((member) => {
      const row = rowOfImage.get(member.image);
      if (row !== undefined) assignment[row] = a;
    }),
  );
  const k = leaves.length;
  const placed = await assignNew(
    { centroids: centroidsOf(vectors, assignment, k), spread: spreadOf(vectors, assignment, k) },
    takeRows(vectors, fresh),
    kernelsOf(matrix, quietCall(watch)),
  );
  watch.report({ kind: "progress", stage: "cluster", done: 1, total: 1 });

  const events: AlbumEvent[] = [];
  const joined = new Map<
    string,
    { image: string; similarity: number; representativeRank: number; isPinned: boolean }[]
  >();
  const opened: number[][] = Array.from({ length: placed.opened }, () => []);
  placed.assignment.forEach((a, i) => {
    const row = fresh[i]!;
    if (a >= k) opened[a - k]!.push(row);
    else {
      const list = joined.get(leaves[a]!.id) ?? [];
      list.push({
        image: images[row]!,
        similarity: placed.similarity[i]!,
        representativeRank: -1,
        isPinned: false,
      });
      joined.set(leaves[a]!.id, list);
    }
  });
  const takenIds = new Set(albums.map((album) => album.id));
  const grown = albums.map((album) => {
    const gained = joined.get(album.id);
    if (!gained) return album;
    const members = [...album.members, ...gained].sort(bySimilarity);
    events.push({
      kind: "grew",
      albumId: album.id,
      text: `"${album.name.text}" grew from ${album.members.length} to ${members.length} images`,
    });
    return { ...album, members, cohesion: meanSimilarity(members) };
  });
  const born = opened.map((rows) => {
    const album = makeAlbum(input, rows, { id: null, name: UNNAMED, parentId: null }, new Set(), takenIds);
    events.push({ kind: "born", albumId: album.id, text: `a new album of ${rows.length} images` });
    return album;
  });
  return { albums: orderAlbums([...grown, ...born]), events, report: null };
}

/** The albums with their trust: every one is measured anew, for a neighbour's change is its own. */
export async function measureTrust(
  { images, vectors }: ImageVectors,
  albums: readonly Album[],
  matrix: Matrix,
  watch: Watch,
): Promise<Album[]> {
  const rowOfImage = new Map(images.map((image, row) => [image, row]));
  const assignment = new Int32Array(vectors.rows).fill(-1);
  const measured = albums.filter((album) => album.id !== UNSORTED && album.members.length > 0);
  measured.forEach((album, a) =>
    album.members.forEach((member) => {
      const row = rowOfImage.get(member.image);
      if (row !== undefined) assignment[row] = a;
    }),
  );
  const trust = await trustOf(vectors, assignment, measured.length, kernelsOf(matrix, quietCall(watch)));
  const trustOfAlbum = new Map(measured.map((album, a) => [album.id, trust[a]!]));
  return albums.map((album) => ({ ...album, trust: trustOfAlbum.get(album.id) ?? null }));
}

/** The members of one album in parts, largest first; for `split`. Errors: `USAGE` when it does not fall apart. */
export async function partsOf(
  input: ImageVectors,
  album: Album,
  into: number | null,
  settings: GroupingSettings,
  clusterer: Clusterer,
  watch: Watch,
): Promise<number[][]> {
  const rowOfImage = new Map(input.images.map((image, row) => [image, row]));
  const rows = album.members.flatMap((member) => rowOfImage.get(member.image) ?? []);
  if (rows.length < 2)
    throw new AlbumenError(
      "USAGE",
      `"${album.name.text}" has ${rows.length} image; there is nothing to split.`,
    );
  const vectors = takeRows(input.vectors, rows);
  const ask = (albums: number | null): Promise<Clustering> =>
    clusterer.cluster(
      { ...settings, vectors, albums, maxAlbums: null, minAlbumSize: 1 },
      callOf(watch, "cluster"),
    );
  let clustering = await ask(into);
  // A person who splits sees two things in it: when no number stands out by itself, it is two.
  if (into === null && clustering.k < 2) clustering = await ask(2);
  const parts: number[][] = Array.from({ length: clustering.k }, () => []);
  clustering.assignment.forEach((c, i) => {
    // An outlier within the album stays with the part it is nearest to: nobody asked for Unsorted here.
    const part = c >= 0 ? c : nearestPart(i);
    parts[part]!.push(rows[i]!);
  });
  const full = parts.filter((part) => part.length > 0).sort((a, b) => b.length - a.length || a[0]! - b[0]!);
  if (full.length < 2)
    throw new AlbumenError(
      "USAGE",
      `"${album.name.text}" does not fall into parts: its images are all alike.`,
      {
        hint: "Move single images with albumen move.",
      },
    );
  return full;

  function nearestPart(i: number): number {
    let best = 0;
    for (let c = 1; c < clustering.k; c++) if (cosineTo(i, c) > cosineTo(i, best)) best = c;
    return best;
  }
  function cosineTo(i: number, c: number): number {
    return dot(rowOf(vectors, i), rowOf(clustering.centroids, c));
  }
}
