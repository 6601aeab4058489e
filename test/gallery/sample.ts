/** Galleries made up for tests and the bench: no photos needed. */
import { createHash } from "node:crypto";
import type { GalleryAlbum, GalleryData, GalleryImage } from "../../src/gallery/data.ts";

/** A 2 × 2 picture, for atlases and previews whose looks do not matter. */
export const PIXELS =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGP8z8Dwn4GBgYGJAQoYGQAdIQIDmHx0BwAAAABJRU5ErkJggg==";

export function sampleAlbum(fields: Partial<GalleryAlbum> & Pick<GalleryAlbum, "id">): GalleryAlbum {
  return {
    name: fields.id,
    nameSource: "concepts",
    nameScore: 0.8,
    evidence: null,
    parentId: null,
    cohesion: 0.6,
    trust: 0.9,
    ...fields,
  };
}

/** Image `i`: its sha comes from `i`, its file lies in a folder of the album's number. */
export function sampleImage(i: number, fields: Partial<GalleryImage> = {}): GalleryImage {
  const sha256 = createHash("sha256").update(String(i)).digest("hex");
  return {
    sha256,
    file: `Album ${fields.album ?? 0}/IMG_${String(i).padStart(5, "0")}.jpg`,
    thumb: `.albumen/thumbs/${sha256.slice(0, 2)}/${sha256}.webp`,
    album: 0,
    x: (i * 0.618) % 1,
    y: (i * 0.414) % 1,
    similarity: 1 - (i % 100) / 200,
    representativeRank: -1,
    isDouble: false,
    caption: null,
    tags: [],
    takenAt: null,
    width: 400,
    height: 300,
    ...fields,
  };
}

export function sampleGallery(fields: Partial<GalleryData>): GalleryData {
  return {
    title: "Sample",
    albums: [sampleAlbum({ id: "a" })],
    images: [],
    atlas: null,
    previews: new Map(),
    failures: [],
    receipt: {
      version: "1.2.3",
      finishedAt: "2026-01-02T03:04:05Z",
      model: { id: "starter", revision: "v1" },
      seed: 5,
      albumCountReason: "Found by silhouette.",
      locations: fields.images?.length ?? 0,
      stages: [{ name: "embed", durationMs: 1500 }],
      notes: [],
    },
    ...fields,
  };
}
