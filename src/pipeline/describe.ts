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
import { giveNames } from "./name.ts";
import type { PlacesOf } from "./read-image.ts";
import { wordsOf } from "./words.ts";

/** The recipes under which texts about images are kept. */
export const recipes = {
  /** comma-separated words, best first */
  tags: (space: Space) => `${spaceKey(space)}/tags`,
  /** as the captioner wrote it; score is its log-probability */
  captions: (captioner: string) => `captions/${captioner}`,
  /** those fit to show, which the encoder's words had a say in */
  shownCaptions: (space: Space, captioner: string) => `${spaceKey(space)}/shown-captions/${captioner}`,
};

/** The captioner whose captions are shown. */
const CAPTIONER = "captioner";

/** The captions that are shown, by image. `space`: of the images' vectors. */
export async function shownCaptions(store: Store, space: Space): Promise<Map<string, string>> {
  const captioner = await store.meta(CAPTIONER);
  if (captioner === null) return new Map();
  const rows = await store.annotations(recipes.shownCaptions(space, captioner));
  return new Map([...rows].map(([image, { text }]) => [image, text]));
}

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
  const concepts = await wordsOf(encoder.embedder, input.vectors, parts);
  const { space } = encoder.embedder;
  if (concepts) await time("name", () => tagImages(parts, recipes.tags(space), input, concepts));
  // One heavy model at a time: of the encoder only the text side is needed from here on, and that is small.
  await encoder.embedder.dispose();

  const representatives = albums.flatMap((album) =>
    album.members.filter((member) => member.representativeRank >= 0).map((member) => member.image),
  );
  let shown = new Map<string, string>();
  if (settings.captions && encoder.captioner) {
    const { captioner } = encoder;
    const captions = await time("caption", async () =>
      captionImages(
        representatives,
        recipes.captions(captioner.id),
        captioner,
        {
          store,
          decoder: parts.decoder(),
          source: await parts.openSource([]),
          placesOf: await placesOf(parts),
          originals: parts.originals,
        },
        watch,
      ),
    );
    const recipe = recipes.shownCaptions(space, captioner.id);
    const isFit = (caption: AnnotationRow, row: number): boolean =>
      captioner.isTrusted || gateCaption(caption, rowOf(input.vectors, row), concepts).shown;
    shown = await showCaptions(store, recipe, captions, input, isFit);
    await store.setMeta(CAPTIONER, captioner.id);
  } else if (settings.captions && settings.captioner === "llm") {
    shown = await shownCaptions(store, space);
    watch.report({
      kind: "notice",
      text: "New pictures have no captions: they are sent to a server only by a command with --captioner llm.",
    });
  }
  const rows = await store.images(input.images);
  // What a namer is not told cannot stand in a name, which goes into every export.
  const untold = settings.keepLocation ? {} : { latitude: null, longitude: null };
  const facts = new Map([...rows].map(([image, row]) => [image, { ...row.facts, ...untold }]));
  const places = await store.placesOf(parts.languageNamer ? representatives : [], 1);
  const fileNames = new Map([...places].flatMap(([image, [first]]) => (first ? [[image, first.name]] : [])));
  return time("name", () =>
    giveNames(parts, albums, { ...input, concepts, facts, captions: shown, fileNames }, encoder.embedder),
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
  { images }: ImageVectors,
  isFit: (caption: AnnotationRow, row: number) => boolean,
): Promise<Map<string, string>> {
  const rowOfImage = new Map(images.map((image, row) => [image, row]));
  const shown: AnnotationRow[] = [];
  for (const caption of captions.values()) {
    const row = rowOfImage.get(caption.image);
    if (row === undefined) continue;
    if (isFit(caption, row)) shown.push(caption);
  }
  await store.annotate(recipe, shown);
  return new Map(shown.map(({ image, text }) => [image, text]));
}

/** So many places of an image are tried for its bytes. */
const MOST_PLACES = 10;

/** Places of an image: where it came from, then where Albumen put it (the only one after a move). */
async function placesOf({ store, journal, out }: CatalogParts): Promise<PlacesOf> {
  const fileOf = new Map((await journal.outputs()).files.map((file) => [file.image, file]));
  return async (image) => {
    const places: Location[] = (await store.placesOf([image], MOST_PLACES))
      .get(image)!
      .map((place) => ({ ...place, user: null }));
    const file = fileOf.get(image);
    if (file) places.push({ source: `${out}/${file.path}`, name: file.path, user: null, stamp: file.stamp });
    return places;
  };
}
