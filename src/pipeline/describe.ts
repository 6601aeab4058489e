/** Tags, captions and names: everything that is said about images and albums. */
import type { Album } from "../core/albums.ts";
import type { ConceptTable } from "../core/concepts.ts";
import type { ImageVectors } from "../core/make-albums.ts";
import { gateCaption } from "../core/naming/caption-gate.ts";
import { tagsOf } from "../core/naming/tags.ts";
import { rowOf, takeRows } from "../core/vectors.ts";
import { throwIfAborted } from "../errors.ts";
import { spaceKey, type Space } from "../ports/embedder.ts";
import type { Location } from "../ports/image-source.ts";
import type { AnnotationRow, Store } from "../ports/store.ts";
import { captionImages } from "./caption.ts";
import type { CatalogParts, OpenEncoder } from "./catalog-parts.ts";
import { quietCall, type Stage } from "./events.ts";
import { nameAlbums } from "./name.ts";

/** The recipes under which texts about images are kept: all of them change with the encoder. */
export const recipes = (space: Space) => ({
  /** comma-separated words, best first */
  tags: `${spaceKey(space)}/tags`,
  /** as the captioner wrote it; score is its log-probability */
  captions: `${spaceKey(space)}/captions`,
  /** those fit to show */
  shownCaptions: `${spaceKey(space)}/shown-captions`,
});

type Timer = <T>(stage: Stage, work: () => Promise<T>) => Promise<T>;

/** The albums with a name each; tags and captions are kept in the store. */
export async function describeAlbums(
  parts: CatalogParts,
  albums: readonly Album[],
  input: ImageVectors,
  encoder: OpenEncoder,
  time: Timer,
): Promise<Album[]> {
  const { store, settings, watch } = parts;
  const concepts = await encoder.embedder.concepts();
  const recipe = recipes(encoder.embedder.space);
  if (concepts) await time("name", () => tagImages(parts, recipe.tags, input, concepts));

  const representatives = albums.flatMap((album) =>
    album.members.filter((member) => member.representativeRank >= 0).map((member) => member.image),
  );
  let shown = new Map<string, string>();
  if (settings.captions && encoder.openCaptioner) {
    const { openCaptioner } = encoder;
    // One heavy model at a time: the encoder's graph goes before the captioner's comes.
    await encoder.embedder.dispose();
    const captions = await time("caption", async () =>
      captionImages(
        representatives,
        recipe.captions,
        openCaptioner,
        {
          store,
          decoder: parts.decoder(),
          source: await parts.openSource([]),
          placesOf: await placesOf(parts),
        },
        watch,
      ),
    );
    shown = await showCaptions(store, recipe.shownCaptions, captions, input, concepts);
  }
  const facts = new Map((await store.images()).map((row) => [row.image, row.facts]));
  return time("name", () =>
    nameAlbums(albums, { ...input, concepts, facts, captions: shown }, parts.namer, watch),
  );
}

/** Rows whose products with all concepts are held at a time: 7 MB with 1,728 words. */
const TAG_BLOCK = 1024;

async function tagImages(
  { store, watch, matrix }: CatalogParts,
  recipe: string,
  { images, vectors }: ImageVectors,
  concepts: ConceptTable,
): Promise<void> {
  const known = await store.annotations(recipe);
  const fresh = images.flatMap((image, row) => (known.has(image) ? [] : [row]));
  const words = concepts.concepts.length;
  for (let at = 0; at < fresh.length; at += TAG_BLOCK) {
    throwIfAborted(watch.signal);
    const block = fresh.slice(at, at + TAG_BLOCK);
    const fits = await (
      await matrix()
    ).multiply(takeRows(vectors, block), concepts.vectors, quietCall(watch));
    const rows = block.map((row, i): AnnotationRow => {
      const tags = tagsOf(fits.subarray(i * words, (i + 1) * words), concepts);
      return {
        image: images[row]!,
        text: tags.map((tag) => tag.text).join(", "),
        score: tags[0]?.score ?? 0,
      };
    });
    await store.annotate(recipe, rows);
  }
}

async function showCaptions(
  store: Store,
  recipe: string,
  captions: ReadonlyMap<string, AnnotationRow>,
  { images, vectors }: ImageVectors,
  concepts: ConceptTable | null,
): Promise<Map<string, string>> {
  const rowOfImage = new Map(images.map((image, row) => [image, row]));
  const shown: AnnotationRow[] = [];
  for (const caption of captions.values()) {
    const row = rowOfImage.get(caption.image);
    if (row === undefined) continue;
    if (gateCaption(caption, rowOf(vectors, row), concepts).shown) shown.push(caption);
  }
  await store.annotate(recipe, shown);
  return new Map(shown.map(({ image, text }) => [image, text]));
}

/** Places of an image: where it came from, then where Albumen put it (the only one after a move). */
async function placesOf({
  store,
  journal,
  out,
}: CatalogParts): Promise<(image: string) => readonly Location[]> {
  const places = new Map<string, Location[]>();
  const add = (image: string, place: Location): void => {
    const list = places.get(image);
    if (list) list.push(place);
    else places.set(image, [place]);
  };
  for (const { image, source, name, user, stamp } of await store.locations())
    add(image, { source, name, user, stamp, sizeBytes: 0 });
  for (const { image, path, stamp } of (await journal.outputs()).files)
    add(image, { source: `${out}/${path}`, name: path, user: null, stamp, sizeBytes: 0 });
  return (image) => places.get(image) ?? [];
}
