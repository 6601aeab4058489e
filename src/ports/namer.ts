/** Turns evidence about albums into names. One call sees all siblings, so that no two are equal. */
import type { AlbumName } from "../core/albums.ts";
import type { AlbumEvidence, NamingRequest } from "../core/naming/evidence.ts";
import type { Call } from "./call.ts";

export type { AlbumEvidence, NamingRequest };

export interface Namer {
  /** `concepts@1`: the recipe under which names are kept */
  readonly id: string;
  /** One name an album, in order; unique among themselves and against `takenNames`. */
  name(request: NamingRequest, call: Call): Promise<AlbumName[]>;
  dispose(): Promise<void>;
}
