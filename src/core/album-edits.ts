/**
 * What a person does to albums: rename, merge, split, move, pin. Pure: albums in, albums and events out.
 *
 * [Note: pins] What a person decided is kept as pins on images and nothing else. Pinned images of one album stay
 * together and apart from those pinned to others, whatever the grouping says later: that is what merge, split and
 * move mean. Renaming pins the album's medoid, so that the name always has an album to stand on.
 */
import { AlbumenError } from "../errors.ts";
import { UNSORTED, type Album, type Member } from "./albums.ts";

/** One thing that happened to an album; who keeps it adds the time. */
export interface AlbumEvent {
  readonly kind:
    | "born"
    | "died"
    | "grew"
    | "shrank"
    | "merged"
    | "split"
    | "regrouped"
    | "renamed"
    | "moved"
    | "pinned"
    | "undone";
  readonly albumId: string;
  /** a sentence for people */
  readonly text: string;
}

export interface Edit {
  readonly albums: readonly Album[];
  readonly events: readonly AlbumEvent[];
}

/** Equal for two ways to type one name: case, accents and runs of spaces do not count. */
export function foldTyping(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/\s+/g, " ").trim();
}

/**
 * The one album that an id, a name or the start of either means.
 * Errors: `NOT_FOUND` lists near names; `AMBIGUOUS` lists those that fit.
 */
export function findAlbum(albums: readonly Album[], query: string): Album {
  const folded = foldTyping(query);
  const exact = albums.filter((album) => album.id === query || foldTyping(album.name.text) === folded);
  if (exact.length === 1) return exact[0]!;
  const near = exact.length
    ? exact
    : albums.filter((album) => album.id.startsWith(query) || foldTyping(album.name.text).startsWith(folded));
  if (near.length === 1) return near[0]!;
  if (near.length > 1)
    throw new AlbumenError("AMBIGUOUS", `"${query}" means more than one album: ${listed(near)}.`, {
      hint: "Use the id.",
    });
  throw new AlbumenError("NOT_FOUND", `There is no album "${query}".`, {
    hint: "albumen albums lists them.",
  });
}

/** Gives a user's name, which the program never changes. */
export function renameAlbum(albums: readonly Album[], id: string, name: string): Edit {
  const text = name.normalize("NFC").replace(/\s+/g, " ").trim();
  if (text === "") throw new AlbumenError("USAGE", "An album cannot be called nothing.");
  if (/\p{Cc}/u.test(text)) throw new AlbumenError("USAGE", "A name cannot hold control characters.");
  if (id === UNSORTED)
    throw new AlbumenError("USAGE", "Unsorted cannot be renamed.", { hint: "Move its images." });
  const album = albumById(albums, id);
  const rival = albums.find((other) => other.id !== id && foldTyping(other.name.text) === foldTyping(text));
  if (rival)
    throw new AlbumenError("USAGE", `There is an album "${rival.name.text}" (${rival.id}) already.`, {
      hint: `Use albumen merge ${id} ${rival.id} to make them one.`,
    });
  const medoid = medoidOf(album);
  const renamed: Album = {
    ...album,
    name: { text, source: "user", score: null, evidence: album.name.evidence },
    members: album.members.map((member) =>
      member.image === medoid ? { ...member, isPinned: true } : member,
    ),
  };
  return {
    albums: replaceAlbum(albums, renamed),
    events: [{ kind: "renamed", albumId: id, text: `"${album.name.text}" is now "${text}"` }],
  };
}

/** All images of the others go into the first, which keeps its id and, where it has a user's name, that. */
export function mergeAlbums(albums: readonly Album[], ids: readonly string[]): Edit {
  const unique = [...new Set(ids)];
  if (unique.length < 2) throw new AlbumenError("USAGE", "Merging takes two albums or more.");
  const [target, ...others] = unique.map((id) => albumById(albums, id));
  if (target!.id === UNSORTED) throw new AlbumenError("USAGE", "Albums cannot be merged into Unsorted.");
  const gained = others.flatMap((other) =>
    other.members.map((member) => ({ ...member, representativeRank: -1 })),
  );
  const merged: Album = {
    ...target!,
    trust: null,
    members: [...target!.members, ...gained].map((member) => ({ ...member, isPinned: true })),
  };
  const gone = new Set(others.map((other) => other.id));
  const rest = albums
    .filter((album) => !gone.has(album.id))
    .map((album) =>
      album.parentId !== null && gone.has(album.parentId) ? { ...album, parentId: target!.id } : album,
    );
  return {
    albums: replaceAlbum(rest, merged),
    events: [
      {
        kind: "merged",
        albumId: target!.id,
        text: `"${target!.name.text}" took in ${others.map((other) => `"${other.name.text}"`).join(", ")} (${gained.length} images)`,
      },
    ],
  };
}

/**
 * Cuts an album into the given groups of its images; the first group keeps id and name.
 * `newAlbums` are the albums of the other groups, made by the caller, who knows ids and names.
 */
export function splitAlbum(
  albums: readonly Album[],
  id: string,
  kept: ReadonlySet<string>,
  newAlbums: readonly Album[],
): Edit {
  const album = albumById(albums, id);
  const pinned = (part: Album): Album => ({
    ...part,
    members: part.members.map((member) => ({ ...member, isPinned: true })),
  });
  const rest = pinned({
    ...album,
    trust: null,
    members: album.members.filter((member) => kept.has(member.image)),
  });
  const parts = [rest, ...newAlbums.map(pinned)];
  return {
    albums: albums.flatMap((other) => (other.id === id ? parts : [other])),
    events: [
      {
        kind: "split",
        albumId: id,
        text: `"${album.name.text}" (${album.members.length}) became ${parts.length} albums of ${parts.map((part) => part.members.length).join(", ")}`,
      },
    ],
  };
}

/** Moves images into an album and pins them there. Images of the album already are only pinned. */
export function moveImages(albums: readonly Album[], images: readonly string[], targetId: string): Edit {
  const moving = new Set(images);
  const target = albumById(albums, targetId);
  const found = new Map<string, Member>();
  const left: Album[] = [];
  for (const album of albums) {
    const leaving = album.members.filter((member) => moving.has(member.image));
    for (const member of leaving) found.set(member.image, member);
    left.push(
      leaving.length === 0 || album.id === targetId
        ? album
        : { ...album, trust: null, members: album.members.filter((member) => !moving.has(member.image)) },
    );
  }
  for (const image of images)
    if (!found.has(image)) throw new AlbumenError("NOT_FOUND", `No album holds the image ${image}.`);
  const isPinned = targetId !== UNSORTED;
  const present = new Set(target.members.map((member) => member.image));
  const moved: Album = {
    ...target,
    trust: images.every((image) => present.has(image)) ? target.trust : null,
    members: [
      ...target.members.map((member) => (moving.has(member.image) ? { ...member, isPinned } : member)),
      ...images
        .filter((image) => !present.has(image))
        .map((image) => ({ ...found.get(image)!, representativeRank: -1, isPinned })),
    ],
  };
  return {
    albums: dropEmpty(replaceAlbum(left, moved)),
    events: [
      {
        kind: "moved",
        albumId: targetId,
        text: `${images.length} ${images.length === 1 ? "image" : "images"} moved to "${target.name.text}"`,
      },
    ],
  };
}

/** Pins (or unpins) images where they are. */
export function pinImages(albums: readonly Album[], images: readonly string[], isPinned: boolean): Edit {
  const wanted = new Set(images);
  const events: AlbumEvent[] = [];
  const after = albums.map((album) => {
    const hit = album.members.filter((member) => wanted.has(member.image));
    if (hit.length === 0) return album;
    if (album.id === UNSORTED)
      throw new AlbumenError("USAGE", "An image in Unsorted cannot be pinned.", {
        hint: "Move it to an album first.",
      });
    events.push({
      kind: "pinned",
      albumId: album.id,
      text: `${hit.length} ${hit.length === 1 ? "image" : "images"} ${isPinned ? "pinned to" : "unpinned from"} "${album.name.text}"`,
    });
    return {
      ...album,
      members: album.members.map((member) => (wanted.has(member.image) ? { ...member, isPinned } : member)),
    };
  });
  return { albums: after, events };
}

/** Takes images out of every album, for good; an album left without any is gone. No event names an image. */
export function dropImages(albums: readonly Album[], images: readonly string[]): Edit {
  const dropped = new Set(images);
  const events: AlbumEvent[] = [];
  const left = albums.map((album) => {
    const members = album.members.filter(({ image }) => !dropped.has(image));
    const lost = album.members.length - members.length;
    if (lost === 0) return album;
    events.push({
      kind: members.length === 0 ? "died" : "shrank",
      albumId: album.id,
      text: `"${album.name.text}" lost ${lost} ${lost === 1 ? "image that was" : "images that were"} forgotten`,
    });
    return { ...album, members: withRanks(members) };
  });
  return { albums: dropEmpty(left), events };
}

/** Ranks of representatives without gaps, so that one is first again. */
function withRanks(members: readonly Member[]): Member[] {
  const ranked = members.filter(({ representativeRank }) => representativeRank >= 0);
  const order = ranked
    .toSorted((a, b) => a.representativeRank - b.representativeRank)
    .map(({ image }) => image);
  const first = members[0]?.image;
  return members.map((member) => {
    const rank = order.indexOf(member.image);
    // All representatives are gone: the nearest to the centre stands in until the album is described again.
    return { ...member, representativeRank: order.length === 0 && member.image === first ? 0 : rank };
  });
}

function albumById(albums: readonly Album[], id: string): Album {
  const album = albums.find((candidate) => candidate.id === id);
  if (!album)
    throw new AlbumenError("NOT_FOUND", `There is no album ${id}.`, { hint: "albumen albums lists them." });
  return album;
}

/** The medoid, or where none was chosen yet, the member nearest to the centroid. */
function medoidOf(album: Album): string | null {
  const medoid = album.members.find((member) => member.representativeRank === 0) ?? album.members[0];
  return medoid?.image ?? null;
}

function replaceAlbum(albums: readonly Album[], album: Album): Album[] {
  return albums.map((other) => (other.id === album.id ? album : other));
}

/** Albums that lost their last image are gone, and so are parents that lost their last child. */
function dropEmpty(albums: readonly Album[]): Album[] {
  const parents = new Set(albums.filter((album) => album.members.length > 0).map((album) => album.parentId));
  return albums.filter((album) => album.members.length > 0 || parents.has(album.id));
}

function listed(albums: readonly Album[]): string {
  return albums.map((album) => `${album.name.text} (${album.id})`).join(", ");
}
