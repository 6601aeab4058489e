/** What a namer may know. Pure data. */
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
  /** ISO dates of the images that have one */
  readonly dates: readonly string[];
  /** degrees; images that have a place */
  readonly places: readonly { readonly latitude: number; readonly longitude: number }[];
  /** mean colour of the images, sRGB 0..255 */
  readonly meanColors: readonly (readonly [number, number, number])[];
  /** width / height of the images */
  readonly aspectRatios: readonly number[];
}

export interface NamingRequest {
  /** vectors of all images that are named together, unit rows */
  readonly vectors: Vectors;
  readonly concepts: ConceptTable | null;
  readonly albums: readonly AlbumEvidence[];
  /** names in use (a user's, kept albums') that must not be given again; compared folded */
  readonly takenNames: readonly string[];
}
