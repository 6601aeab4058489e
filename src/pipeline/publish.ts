/** Writes what tells about the output: exports, gallery, archive. */
import type { Settings } from "../config.ts";
import { layoutMap } from "../core/map-layout.ts";
import { EXPORT_NAMES } from "../core/plan/layout.ts";
import { UNSORTED } from "../core/albums.ts";
import { doublesAmong } from "../core/duplicates/leaders.ts";
import { redactUrl } from "../core/url-secrets.ts";
import { emptyVectors, takeRows, type Vectors } from "../core/vectors.ts";
import type { GalleryData, GalleryImage } from "../gallery/data.ts";
import { renderGallery } from "../gallery/render.ts";
import { spaceKey } from "../ports/embedder.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import { recipes, shownCaptions } from "./describe.ts";
import { callOf } from "./events.ts";
import { albumsCsv, albumsJson, publishFile, unpublishExports, type ExportInput } from "./export.ts";
import { labelsCsv, labelsJson } from "./labels.ts";
import type { RunReceipt } from "./receipt.ts";
import { leadersOf } from "./leaders.ts";
import { writeZip } from "./zip.ts";

const LABELS = ["labels.json", "labels.csv"] as const;

/** Albumen's own files at the top of the output, as the settings want them. */
export function publishedPlaces({ labelImages }: Pick<Settings, "labelImages">): readonly string[] {
  return EXPORT_NAMES.filter((name) => labelImages || !LABELS.some((label) => label === name));
}

/** Do all of them stand, and no other? That they are as Albumen wrote them is `checkPublishable`'s to say. */
export async function isPublished({
  output,
  journal,
  settings,
}: Pick<CatalogParts, "output" | "journal" | "settings">): Promise<boolean> {
  const wanted = publishedPlaces(settings);
  const standing = await Promise.all(wanted.map((place) => output.inspect(place)));
  if (standing.some((entry) => entry === null)) return false;
  return (await journal.published()).every(
    ({ place }) => wanted.includes(place) || !EXPORT_NAMES.some((name) => name === place),
  );
}

/** The page tells of so many; `albumen failures` of all. */
const MOST_FAILURES = 1000;

export async function publish(
  parts: CatalogParts,
  receipt: RunReceipt,
  options: { readonly zip?: string },
): Promise<void> {
  const { store, journal, settings, watch } = parts;
  const { files } = await journal.outputs();
  const albums = await store.albums();
  const captions = receipt.model ? await shownCaptions(store, receipt.model) : new Map<string, string>();
  const { model, ...run } = receipt;
  const ownersOf = async (image: string) => {
    const owners = await store.ownersOf(image);
    return settings.user === null ? owners : owners.filter(({ user }) => user === settings.user);
  };
  const exported: ExportInput = { albums, ownersOf, files, captions, model, run };
  const gallery = await galleryData(parts, receipt, exported);
  await publishFile(parts, "albums.json", [albumsJson(exported)], watch.signal);
  await publishFile(parts, "albums.csv", albumsCsv(exported), watch.signal);
  await publishFile(parts, "index.html", [renderGallery(gallery)], watch.signal);
  if (settings.labelImages) {
    const fileOf = new Map(gallery.images.map(({ sha256, file }) => [sha256, file]));
    const tags = new Map(gallery.images.map((image) => [image.sha256, image.tags]));
    const labelled = { albums, fileOf, captions, tags };
    await publishFile(parts, "labels.json", labelsJson(labelled), watch.signal);
    await publishFile(parts, "labels.csv", labelsCsv(labelled), watch.signal);
  } else await unpublishExports(parts, watch.signal, LABELS);
  watch.report({
    kind: "progress",
    stage: "gallery",
    done: gallery.images.length,
    total: gallery.images.length,
  });
  if (options.zip !== undefined) await publishZip(parts, options.zip, gallery);
}

async function publishZip(parts: CatalogParts, zip: string, { images }: GalleryData): Promise<void> {
  const { settings, watch } = parts;
  const thumbs = images.flatMap(({ thumb }) => (thumb === null || thumb.startsWith("..") ? [] : [thumb]));
  const { leftOut } = await writeZip(parts, parts.absolute(zip), thumbs, settings, callOf(watch, "zip"));
  for (const { place, because } of leftOut)
    watch.report({ kind: "notice", text: `${place} is left out of the archive: ${because}.` });
  if (settings.keepLocation)
    watch.report({ kind: "notice", text: "The archive tells where pictures were taken (--keep-location)." });
}

async function galleryData(
  parts: CatalogParts,
  receipt: RunReceipt,
  { albums, files, captions }: ExportInput,
): Promise<GalleryData> {
  const { store, watch } = parts;
  const tags = receipt.model ? await store.annotations(recipes.tags(receipt.model)) : null;
  const fileOf = new Map(files.map((file) => [file.image, file.path]));
  const members = albums.flatMap((album, index) =>
    album.members.flatMap((member) => {
      const file = fileOf.get(member.image);
      return file === undefined ? [] : [{ ...member, file, index }];
    }),
  );
  const rows = await store.images(members.map(({ image }) => image));
  const vectors = await vectorsOf(
    parts,
    receipt,
    members.map(({ image }) => image),
  );
  const place = await placeOnMap(
    vectors,
    receipt,
    members.map(({ index }) => (albums[index]!.id === UNSORTED ? -1 : index)),
  );
  const doubles = doublesByAlbum(
    leadersOf({ images: members.map(({ image }) => image), vectors }, vectors.rows > 0 ? rows : new Map()),
    members,
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
    isDouble: doubles.has(i),
    caption: captions.get(image) ?? null,
    tags: tags?.get(image)?.text.split(", ").filter(Boolean) ?? [],
    takenAt: rows.get(image)?.facts.takenAt ?? null,
    width: rows.get(image)?.facts.width ?? 1,
    height: rows.get(image)?.facts.height ?? 1,
  }));
  const failures = await store.failures({ after: null, limit: MOST_FAILURES });
  const counts = await store.counts();
  return {
    title: "Albums",
    albums: albums.map(({ id, name, parentId, cohesion, trust }) => ({
      id,
      name: name.text,
      nameSource: name.source,
      nameScore: name.score,
      evidence: name.evidence,
      parentId,
      cohesion,
      trust,
    })),
    images,
    ...(await parts.galleryPictures(images, watch.signal)),
    failures: failures.map(({ source, code, reason }) => ({ source: redactUrl(source), code, reason })),
    receipt: {
      version: receipt.version,
      finishedAt: receipt.finishedAt,
      model: { id: receipt.model?.model ?? "none", revision: receipt.model?.revision ?? "" },
      seed: receipt.seed,
      albumCountReason: receipt.grouping
        ? `${receipt.grouping.method}: ${receipt.grouping.criterion}, best of ${receipt.grouping.candidates} candidates`
        : "",
      locations: counts.places,
      stages: receipt.stages.map(({ stage, seconds }) => ({ name: stage, durationMs: seconds * 1000 })),
      notes: [],
    },
  };
}

/** Of each image, in order; none at all when one has no vector. */
async function vectorsOf(
  { store }: CatalogParts,
  { model }: RunReceipt,
  images: readonly string[],
): Promise<Vectors> {
  if (!model) return emptyVectors(1);
  const known = await store.vectorsOf(spaceKey(model), images);
  const rowOfImage = new Map(known.images.map((image, row) => [image, row]));
  return images.every((image) => rowOfImage.has(image))
    ? takeRows(
        known.vectors,
        images.map((image) => rowOfImage.get(image)!),
      )
    : emptyVectors(model.dims);
}

/** x, y of each image in [0, 1], interleaved. */
async function placeOnMap(
  vectors: Vectors,
  { seed }: RunReceipt,
  assignment: readonly number[],
): Promise<Float32Array> {
  if (vectors.rows === 0) return new Float32Array(2 * assignment.length).fill(0.5);
  return layoutMap(vectors, Int32Array.from(assignment), { seed });
}

/** Numbers of the members behind another of their album: of its burst, or a copy of it. */
function doublesByAlbum(leaders: Int32Array, members: readonly { readonly index: number }[]): Set<number> {
  const rowsOf = new Map<number, number[]>();
  members.forEach(({ index }, i) => {
    const rows = rowsOf.get(index);
    if (rows) rows.push(i);
    else rowsOf.set(index, [i]);
  });
  return new Set([...rowsOf.values()].flatMap((rows) => [...doublesAmong(rows, leaders)]));
}
