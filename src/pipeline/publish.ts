/** Writes what tells about the output: exports, gallery, archive. */
import { layoutMap } from "../core/map-layout.ts";
import { UNSORTED } from "../core/albums.ts";
import { emptyVectors, takeRows, type Vectors } from "../core/vectors.ts";
import type { GalleryData, GalleryImage } from "../gallery/data.ts";
import { renderGallery } from "../gallery/render.ts";
import { spaceKey } from "../ports/embedder.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import { recipes } from "./describe.ts";
import { callOf } from "./events.ts";
import { albumsCsv, albumsJson, publishFile, type ExportInput } from "./export.ts";
import type { RunReceipt } from "./receipt.ts";
import { writeZip } from "./zip.ts";

/** Albumen's own files at the top of the output. */
export const PUBLISHED_PLACES = ["index.html", "albums.json", "albums.csv"] as const;

/** Do all of them stand? That they are as Albumen wrote them is `checkPublishable`'s to say. */
export async function isPublished({ output }: CatalogParts): Promise<boolean> {
  const standing = await Promise.all(PUBLISHED_PLACES.map((place) => output.inspect(place)));
  return standing.every((entry) => entry !== null);
}

export async function publish(
  parts: CatalogParts,
  receipt: RunReceipt,
  options: { readonly zip?: string },
): Promise<void> {
  const { store, journal, watch } = parts;
  const { files } = await journal.outputs();
  const [albums, locations] = await Promise.all([store.albums(), store.locations()]);
  const captions = receipt.model
    ? textsOf(await store.annotations(recipes(receipt.model).shownCaptions))
    : new Map<string, string>();
  const { model, ...run } = receipt;
  const exported: ExportInput = { albums, locations, files, captions, model, run };
  const gallery = await galleryData(parts, receipt, exported);
  await publishFile(parts, "albums.json", [albumsJson(exported)], watch.signal);
  await publishFile(parts, "albums.csv", albumsCsv(exported), watch.signal);
  await publishFile(parts, "index.html", [renderGallery(gallery)], watch.signal);
  watch.report({
    kind: "progress",
    stage: "gallery",
    done: gallery.images.length,
    total: gallery.images.length,
  });
  if (options.zip !== undefined)
    await writeZip(
      parts,
      parts.absolute(options.zip),
      gallery.images.flatMap(({ thumb }) => (thumb === null || thumb.startsWith("..") ? [] : [thumb])),
      callOf(watch, "zip"),
    );
}

async function galleryData(
  parts: CatalogParts,
  receipt: RunReceipt,
  { albums, locations, files, captions }: ExportInput,
): Promise<GalleryData> {
  const { store, watch } = parts;
  const facts = new Map((await store.images()).map((row) => [row.image, row.facts]));
  const tags = receipt.model
    ? textsOf(await store.annotations(recipes(receipt.model).tags))
    : new Map<string, string>();
  const fileOf = new Map(files.map((file) => [file.image, file.path]));
  const members = albums.flatMap((album, index) =>
    album.members.flatMap((member) => {
      const file = fileOf.get(member.image);
      return file === undefined ? [] : [{ ...member, file, index }];
    }),
  );
  const place = await placeOnMap(
    parts,
    receipt,
    members.map(({ image }) => image),
    members.map(({ index }) => (albums[index]!.id === UNSORTED ? -1 : index)),
  );
  const images: GalleryImage[] = members.map(({ image, file, index, similarity, representativeRank }, i) => ({
    sha256: image,
    file,
    thumb: parts.thumbPath(image),
    album: index,
    x: place[2 * i]!,
    y: place[2 * i + 1]!,
    similarity,
    representativeRank,
    caption: captions.get(image) ?? null,
    tags: tags.get(image)?.split(", ").filter(Boolean) ?? [],
    takenAt: facts.get(image)?.takenAt ?? null,
    width: facts.get(image)?.width ?? 1,
    height: facts.get(image)?.height ?? 1,
  }));
  const failures = await store.failures();
  return {
    title: "Albums",
    albums: albums.map(({ id, name, parentId, cohesion }) => ({
      id,
      name: name.text,
      nameSource: name.source,
      nameScore: name.score,
      evidence: name.evidence,
      parentId,
      cohesion,
    })),
    images,
    ...(await parts.galleryPictures(images, watch.signal)),
    failures: failures.map(({ source, code, reason }) => ({ source, code, reason })),
    receipt: {
      version: receipt.version,
      finishedAt: receipt.finishedAt,
      model: { id: receipt.model?.model ?? "none", revision: receipt.model?.revision ?? "" },
      seed: receipt.seed,
      albumCountReason: receipt.grouping
        ? `${receipt.grouping.method}: ${receipt.grouping.criterion}, best of ${receipt.grouping.candidates} candidates`
        : "",
      locations: locations.length,
      stages: receipt.stages.map(({ stage, seconds }) => ({ name: stage, durationMs: seconds * 1000 })),
      notes: [],
    },
  };
}

/** x, y of each image in [0, 1], interleaved. */
async function placeOnMap(
  { store }: CatalogParts,
  receipt: RunReceipt,
  images: readonly string[],
  assignment: readonly number[],
): Promise<Float32Array> {
  if (!receipt.model || images.length === 0) return new Float32Array(2 * images.length).fill(0.5);
  const known = await store.vectors(spaceKey(receipt.model));
  const rowOfImage = new Map(known.images.map((image, row) => [image, row]));
  const vectors: Vectors = images.every((image) => rowOfImage.has(image))
    ? takeRows(
        known.vectors,
        images.map((image) => rowOfImage.get(image)!),
      )
    : emptyVectors(receipt.model.dims);
  if (vectors.rows === 0) return new Float32Array(2 * images.length).fill(0.5);
  return layoutMap(vectors, Int32Array.from(assignment), { seed: receipt.seed });
}

function textsOf(rows: ReadonlyMap<string, { readonly text: string }>): Map<string, string> {
  return new Map([...rows].map(([image, { text }]) => [image, text]));
}
