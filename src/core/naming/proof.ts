/**
 * Tests names on the pictures: does an album's name fit its own pictures, and better than the other albums' names do?
 * Pure. The texts' vectors come from the encoder's own text side, so that text and picture lie in one space.
 */
import type { NameProof } from "../albums.ts";
import { foldName } from "./wording.ts";

/** An album as the test sees it. */
export interface TestedAlbum {
  /** the English name; null: none, or one that claims nothing of what is to be seen */
  readonly name: string | null;
  /** pictures looked at; a row of `fits` each */
  readonly pictures: number;
  /** cosines, row-major: row = picture of this album, column = album whose name it is; columns without a name are 0 */
  readonly fits: Float32Array;
}

/** Pictures of an album that are looked at: more change the shares little and cost time. */
export const PROOF_SAMPLE = 24;

/*
 * [Note: constants of the proof]
 * Chosen on the true folders of caltech_a, dreambooth (by class) and tinyval2000, at most 30 at a time, with the encoder
 * `starter`: a fifth of the names swapped among the folders, or replaced by words for something that no folder holds. Of
 * right names these bars lose .14, .14 and .02, they catch .98, .98 and .99 of the swapped and .93, .92 and .95 of the
 * replaced ones. Of a grid of three shares and five fits they catch most among those that lose within .02 of the
 * fewest. With three folders they still catch .97 of the swapped ones, and .7 of the replaced. `npm run eval:name-proof`
 * reports on heap, which chose nothing.
 */
/** The name must not be beaten by any one rival on more than two pictures of three. */
const MIN_SHARE = 1 / 3;
/** And it must fit its own pictures by so many deviations better than it fits the other albums'. */
const MIN_FIT = 0.5;

/**
 * One verdict an album. Some texts fit every picture better than others do, whatever is on it ("people", "photo"), so
 * a text's mean over all albums is taken off first: what counts is where it fits better than it usually does.
 */
export function proveNames(albums: readonly TestedAlbum[]): NameProof[] {
  const count = albums.length;
  const named = albums.flatMap(({ name }, i) => (name === null ? [] : i));
  const means = Array.from({ length: count }, (_, column) =>
    Float64Array.from(albums, (album) => meanOfColumn(album, column, count)),
  );
  const full = albums.flatMap(({ pictures }, i) => (pictures > 0 ? i : []));
  const usual = means.map((column) => mean(full.map((i) => column[i]!)));
  return albums.map((album, own): NameProof => {
    const { name, pictures, fits } = album;
    if (name === null) return { kind: "untested", because: "It claims nothing of what is to be seen." };
    const others = full.filter((i) => i !== own);
    if (pictures === 0 || others.length === 0)
      return { kind: "untested", because: "There is no other album to tell this one from." };

    const fit = fitOf(own, others, albums, means[own]!);
    const key = foldName(spokenName(name));
    let share = 1;
    let rival = -1;
    for (const other of named) {
      // Numbers tell albums of one name apart for a person, not for a picture.
      if (other === own || foldName(spokenName(albums[other]!.name!)) === key) continue;
      let won = 0;
      for (let row = 0; row < pictures; row++)
        if (
          fits[row * count + own]! - usual[own]! >=
          fits[row * count + other]! - usual[other]! - Number.EPSILON
        )
          won++;
      if (won / pictures < share) {
        share = won / pictures;
        rival = other;
      }
    }
    if (share < MIN_SHARE)
      return {
        kind: "unproven",
        share,
        because: `“${albums[rival]!.name!}” fits ${pictures - Math.round(share * pictures)} of ${pictures} of its pictures better.`,
      };
    if (fit < MIN_FIT)
      return {
        kind: "unproven",
        share,
        because: `It fits these pictures no better than it fits those of other albums.`,
      };
    return { kind: "proven", share };
  });
}

/** How much better a text fits its own pictures than the other albums', in deviations over all pictures. */
function fitOf(
  own: number,
  others: readonly number[],
  albums: readonly TestedAlbum[],
  means: Float64Array,
): number {
  const count = albums.length;
  let pictures = 0;
  let sum = 0;
  let squares = 0;
  for (const album of albums)
    for (let row = 0; row < album.pictures; row++) {
      const value = album.fits[row * count + own]!;
      pictures++;
      sum += value;
      squares += value * value;
    }
  const deviation = Math.sqrt(Math.max(0, squares / pictures - (sum / pictures) ** 2));
  if (!(deviation > 1e-9)) return 0;
  const elsewhere = others.reduce((total, other) => total + means[other]!, 0) / others.length;
  return (means[own]! - elsewhere) / deviation;
}

function meanOfColumn({ pictures, fits }: TestedAlbum, column: number, count: number): number {
  let sum = 0;
  for (let row = 0; row < pictures; row++) sum += fits[row * count + column]!;
  return pictures > 0 ? sum / pictures : 0;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

/** The name without the number that keeps it apart from another one: `Dogs 2` → `Dogs`. */
export function spokenName(name: string): string {
  return name.replace(/ \d{1,3}$/, "");
}

/**
 * The text that stands for a name. Encoders of pictures and texts were trained on sentences about pictures, and read
 * them better than bare words: on the tuning packs this loses up to .12 fewer right names at the same share of caught
 * ones (the same phrase as in Radford et al., "Learning Transferable Visual Models …", 2021, section 3.1.4).
 */
export function textOfName(name: string): string {
  return `a photo of ${spokenName(name).toLowerCase()}`;
}

/** Words for things that have nothing to do with each other; how alike their texts are says what is usual in a space. */
export const UNRELATED_NAMES = [
  "Dogs",
  "Food",
  "Cars",
  "Mountains",
  "People",
  "Documents",
  "Flowers",
  "Buildings",
  "Sports",
  "Clothes",
  "Music",
  "Sea",
  "Furniture",
  "Night",
  "Trees",
  "Toys",
] as const;

/**
 * Two names mean the same from so many deviations above the likeness of unrelated ones. Of 378 to 19,900 pairs of
 * labels a pack (caltech_a, dreambooth, tinyval2000) two are taken for the same from here on, both of 200 fine kinds
 * (two lobsters, two slugs); of 25 pairs of synonyms 13 are found. At 5.5, 21 are found, and boots are shoes.
 */
const SAME_MEANING = 6.5;

/**
 * The cosine of two names' texts from which on they mean the same.
 *
 * @param likenesses cosine of the texts of every pair of `UNRELATED_NAMES`
 */
export function sameMeaningFrom(likenesses: readonly number[]): number {
  const usual = mean(likenesses);
  return usual + SAME_MEANING * Math.sqrt(mean(likenesses.map((value) => (value - usual) ** 2)));
}
