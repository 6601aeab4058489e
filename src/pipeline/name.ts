/** Gives names to the albums that have none yet, in the user's language. */
import { UNSORTED, type Album, type AlbumName } from "../core/albums.ts";
import type { ConceptTable } from "../core/concepts.ts";
import type { ImageVectors } from "../core/make-albums.ts";
import { isEnglish } from "../core/naming/name-rules.ts";
import { nameParent } from "../core/naming/parent-name.ts";
import { foldName } from "../core/naming/wording.ts";
import { isAlbumenError } from "../errors.ts";
import type { Embedder } from "../ports/embedder.ts";
import type { ImageFacts } from "../ports/image-decoder.ts";
import type { AlbumEvidence, Namer } from "../ports/namer.ts";
import type { CatalogParts } from "./catalog-parts.ts";
import { quietCall, type Watch } from "./events.ts";
import { nameLeaves, type NamingParts } from "./name-leaves.ts";
import { createProver, readBySentences, readByWords, type ReadNames } from "./prove.ts";

export interface NamingInput extends ImageVectors {
  readonly concepts: ConceptTable | null;
  readonly facts: ReadonlyMap<string, ImageFacts>;
  /** captions that are shown, by image */
  readonly captions: ReadonlyMap<string, string>;
  /** what an image's file was called, by image */
  readonly fileNames: ReadonlyMap<string, string>;
}

/**
 * Names every album whose name is empty, with the namer and in the language of the settings. A language model that
 * cannot be had is told of, and the encoder's own words name the albums. `encoder`: what made the vectors; it reads the
 * names, and is disposed by the caller.
 */
export async function giveNames(
  parts: Pick<CatalogParts, "namer" | "languageNamer" | "matrix" | "settings" | "watch">,
  albums: readonly Album[],
  input: NamingInput,
  encoder: Pick<Embedder, "space" | "embedTexts">,
): Promise<Album[]> {
  const { namer, settings, watch, matrix } = parts;
  const call = quietCall(watch);
  const language = albums.some(isUnnamed) ? await openLanguageNamer(parts) : null;
  try {
    const prover = createProver({
      readNames: language ? readBySentences(encoder, tellUntested, call) : readByConcepts(input.concepts),
      vectors: input.vectors,
      matrix,
      call,
    });
    const named = await nameAlbums(albums, input, { words: namer, language, prover, watch });
    return isEnglish(settings.lang)
      ? named
      : await translateNames(named, albums, language, settings.lang, watch);
  } finally {
    await language?.dispose();
  }

  function tellUntested(because: string): void {
    watch.report({ kind: "notice", text: `Names are not tested on the pictures: ${because}` });
  }
}

function readByConcepts(concepts: ConceptTable | null): ReadNames {
  return concepts ? readByWords(concepts) : async (names) => names.map(() => null);
}

async function openLanguageNamer({
  languageNamer,
  watch,
}: Pick<CatalogParts, "languageNamer" | "watch">): Promise<Namer | null> {
  if (!languageNamer) return null;
  try {
    return await languageNamer.open();
  } catch (error) {
    if (!isAlbumenError(error) || error.code === "ABORTED") throw error;
    watch.report({
      kind: "notice",
      text: `All albums are named by the encoder's own words: ${[error.message, error.hint].filter(Boolean).join(" ")}`,
    });
    return null;
  }
}

/**
 * Names every album whose name is empty. The others are siblings: they say what does not tell an album apart, and
 * their names are taken. Parents are named after their children, see `nameParent`. Names are in English.
 */
export async function nameAlbums(
  albums: readonly Album[],
  input: NamingInput,
  parts: NamingParts,
): Promise<Album[]> {
  const isParent = new Set(albums.map((album) => album.parentId));
  const leaves = albums.filter((album) => album.id !== UNSORTED && !isParent.has(album.id));
  const names = new Map<string, AlbumName>();
  const nameOf = (album: Album): AlbumName => names.get(album.id) ?? album.name;
  const takenNames = (of: readonly Album[]): string[] =>
    of.map((album) => englishOf(nameOf(album))).filter((text) => text !== "");

  const unnamed = leaves.filter(isUnnamed);
  if (unnamed.length > 0) {
    const rowOfImage = new Map(input.images.map((image, row) => [image, row]));
    const evidence = new Map(leaves.map((album) => [album, evidenceOf(album, rowOfImage, input)]));
    const siblings = leaves
      .filter((album) => !isUnnamed(album))
      .map((album) => ({
        ...evidence.get(album)!,
        name: englishOf(album.name),
        claims: album.name.source !== "neutral",
      }));
    const given = await nameLeaves(
      unnamed.map((album) => evidence.get(album)!),
      siblings,
      {
        vectors: input.vectors,
        concepts: input.concepts,
        takenNames: takenNames(albums.filter((album) => !evidence.has(album))),
      },
      parts,
    );
    unnamed.forEach((album, i) => names.set(album.id, given[i]!));
  }
  for (const parent of albums)
    if (isParent.has(parent.id) && isUnnamed(parent)) {
      const children = albums
        .filter((album) => album.parentId === parent.id)
        .map((child) => ({ ...child, name: { ...nameOf(child), text: englishOf(nameOf(child)) } }));
      names.set(parent.id, nameParent(children, takenNames(albums)));
    }
  return albums.map((album) => ({ ...album, name: nameOf(album) }));
}

/** A name as it was tested, whatever language is shown. */
function englishOf({ text, evidence }: AlbumName): string {
  return evidence?.english ?? text;
}

/** The new names in another language; English stays, visibly, where it could not be done. */
async function translateNames(
  albums: readonly Album[],
  before: readonly Album[],
  namer: Namer | null,
  language: string,
  watch: Watch,
): Promise<Album[]> {
  const wasUnnamed = new Set(before.filter(isUnnamed).map(({ id }) => id));
  const fresh = albums.filter(({ id }) => wasUnnamed.has(id));
  if (fresh.length === 0) return [...albums];
  const stay = (why: string): void => watch.report({ kind: "notice", text: `Names stay in English: ${why}` });
  if (!namer?.translate) {
    stay("the encoder's own words are English. --namer llm or mistral translates names.");
    return [...albums];
  }
  const texts = await namer.translate(
    fresh.map((album) => album.name.text),
    language,
    quietCall(watch),
  );
  const taken = new Set(
    albums.filter(({ id }) => !wasUnnamed.has(id)).map(({ name }) => foldName(name.text)),
  );
  const shown = new Map<string, AlbumName>();
  fresh.forEach(({ id, name }, i) => {
    const text = texts[i]!;
    if (text === null || taken.has(foldName(text))) return;
    taken.add(foldName(text));
    const evidence = name.evidence ?? { words: [], captionWords: [], reason: "" };
    shown.set(id, { ...name, text, evidence: { ...evidence, english: name.text } });
  });
  const missing = fresh.length - shown.size;
  if (missing > 0) stay(`${missing} of ${fresh.length} could not be translated by ${namer.id}.`);
  return albums.map((album) => ({ ...album, name: shown.get(album.id) ?? album.name }));
}

function evidenceOf(
  album: Album,
  rowOfImage: ReadonlyMap<string, number>,
  input: NamingInput,
): AlbumEvidence {
  const images = album.members.map((member) => member.image);
  const representatives = album.members
    .filter(({ representativeRank }) => representativeRank >= 0)
    .sort((a, b) => a.representativeRank - b.representativeRank)
    .map((member) => member.image);
  const facts = images.flatMap((image) => input.facts.get(image) ?? []);
  return {
    albumId: album.id,
    size: images.length,
    rows: Int32Array.from(images.flatMap((image) => rowOfImage.get(image) ?? [])),
    captions: images.flatMap((image) => input.captions.get(image) ?? []),
    fileNames: representatives.flatMap((image) => input.fileNames.get(image) ?? []),
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
