/** What a namer is told and what it may answer. Pure data. */
import type { AlbumName } from "../albums.ts";
import type { ConceptTable } from "../concepts.ts";
import type { Vectors } from "../vectors.ts";

/** Everything a namer may know of one album; built by the naming stage. */
export interface AlbumEvidence {
  readonly albumId: string;
  readonly size: number;
  /** indices of the album's images in `NamingRequest.vectors` */
  readonly rows: Int32Array;
  /** captions that passed the gate, representatives' order */
  readonly captions: readonly string[];
  /** as strangers called them; of representatives, without folders */
  readonly fileNames: readonly string[];
  /** ISO dates of the images that have one */
  readonly dates: readonly string[];
  /** degrees; images that have a place */
  readonly places: readonly { readonly latitude: number; readonly longitude: number }[];
  /** mean colour of the images, sRGB 0..255 */
  readonly meanColors: readonly (readonly [number, number, number])[];
  /** width / height of the images */
  readonly aspectRatios: readonly number[];
}

/** A name that was proposed for an album and not taken. */
export interface RejectedName {
  /** as it was answered; null when there was none to read */
  readonly text: string | null;
  /** one sentence, told to the namer when it is asked again */
  readonly because: string;
}

export interface AlbumToName extends AlbumEvidence {
  /** what the encoder's own words call it; null while that is what is asked */
  readonly draft: AlbumName | null;
  /** earlier answers in this run */
  readonly rejected: readonly RejectedName[];
}

/** An album that keeps its name: it says what does not tell another album apart, and its name is taken. */
export interface NamedSibling extends AlbumEvidence {
  /** in English */
  readonly name: string;
}

export interface NamingRequest {
  /** vectors of all images, unit rows */
  readonly vectors: Vectors;
  readonly concepts: ConceptTable | null;
  /** those that need a name */
  readonly albums: readonly AlbumToName[];
  readonly siblings: readonly NamedSibling[];
  /** further names in use (of parents, of Unsorted) that must not be given again; compared folded */
  readonly takenNames: readonly string[];
}

/** What a namer says to one album. */
export type NamerAnswer =
  | { readonly kind: "named"; readonly name: AlbumName }
  | ({
      readonly kind: "unnamed";
      /** false when the next question would meet the same fault, e.g. a server that is down */
      readonly mayAskAgain: boolean;
    } & RejectedName);

/** The names that a request says are in use. */
export function namesInUse({ siblings, takenNames }: NamingRequest): string[] {
  return [...siblings.map(({ name }) => name), ...takenNames].filter((name) => name !== "");
}
