/** Albums as people see them: the words shared by clustering, naming, planning and export. Pure. */

/** The id of the album that is none: images too unlike everything. */
export const UNSORTED = "unsorted";

/** Who named an album; `neutral`: no word fitted well enough. */
export type NameSource = "user" | "llm" | "concepts" | "neutral";

/** What the test of a name on the album's own pictures said. */
export type NameProof =
  /** `share`: on this part of the pictures it fits at least as well as any one other album's name, in [0, 1] */
  | { readonly kind: "proven"; readonly share: number }
  | { readonly kind: "unproven"; readonly share: number; readonly because: string }
  /** nothing to test it against, or nothing to test it with */
  | { readonly kind: "untested"; readonly because: string };

/** Why an album is called what it is called. */
export interface NameEvidence {
  /** concept words, best first; `fit` is the mean cosine, `lead` what it leads the siblings' by, in deviations */
  readonly words: readonly { readonly text: string; readonly fit: number; readonly lead: number }[];
  /** words that captions of this album share, with the number of captions that hold each */
  readonly captionWords: readonly { readonly text: string; readonly count: number }[];
  /** one sentence: why this name, or why only a neutral one */
  readonly reason: string;
  /** recipe of the namer, e.g. `llm:llama3.1:8b@1`; absent for the encoder's own words */
  readonly namer?: string;
  /** what the test of the name on the pictures said; absent when it was made before there was one */
  readonly proof?: NameProof;
  /** the English name, which is the one that was tested, where another language is shown */
  readonly english?: string;
}

/** What an album is called, by whom, and why. */
export interface AlbumName {
  /** 1–4 words */
  readonly text: string;
  readonly source: NameSource;
  /** confidence, in [0, 1]; null for a user's name and a neutral one */
  readonly score: number | null;
  readonly evidence: NameEvidence | null;
}

/** One image of an album. */
export interface Member {
  /** SHA-256 of the image's bytes, lower-case hex */
  readonly image: string;
  /** cosine to the album's centroid, in [-1, 1] */
  readonly similarity: number;
  /** 0 for the medoid, 1, 2 … for the spread; -1 for all others */
  readonly representativeRank: number;
  /** put here by the user; the program never moves it */
  readonly isPinned: boolean;
}

/** A group of images that keeps its id when the grouping changes. */
export interface Album {
  /** stable from run to run; `unsorted` for the one that is none */
  readonly id: string;
  readonly name: AlbumName;
  readonly parentId: string | null;
  /** mean cosine of members to the centroid, in [-1, 1]; null for a parent without images of its own */
  readonly cohesion: number | null;
  /**
   * How far its images' nearest neighbours are in it too, in [0, 1]; null where that is not known: Unsorted, a parent
   * without images of its own, a single image, or members changed by hand since.
   */
  readonly trust: number | null;
  /** best similarity first */
  readonly members: readonly Member[];
}

/** Mean trust over the images in albums, in [0, 1]; albums of unknown trust do not count. Null where none is known. */
export function trustOfAll(
  albums: readonly { readonly trust: number | null; readonly members: { readonly length: number } }[],
): number | null {
  let sum = 0;
  let images = 0;
  for (const { trust, members } of albums) {
    if (trust === null) continue;
    sum += trust * members.length;
    images += members.length;
  }
  return images > 0 ? sum / images : null;
}
