/** Turns evidence about albums into names. */
import type {
  AlbumEvidence,
  AlbumToName,
  NamedSibling,
  NamerAnswer,
  NamingRequest,
  RejectedName,
} from "../core/naming/evidence.ts";
import type { Call } from "./call.ts";

export type { AlbumEvidence, AlbumToName, NamedSibling, NamerAnswer, NamingRequest, RejectedName };

export interface Namer {
  /** `concepts@1`, `llm:llama3.1:8b@1`: the recipe of its names; the number counts changes of the words or the prompt */
  readonly id: string;
  /**
   * One answer for each of `albums`, in order, in English; `siblings` are context and get none. The answers do not
   * depend on each other's order of arrival. What is `named` has 1 to 4 words and is safe as a folder's name. Whether
   * it is taken, and whether it fits, is the naming stage's to test; it may ask again, with what was wrong.
   * Errors: `ABORTED`; what goes wrong with a model is an answer, `unnamed`.
   */
  name(request: NamingRequest, call: Call): Promise<NamerAnswer[]>;
  /**
   * The same names in another language (BCP 47), in order; null where it could not be done. Absent when the namer
   * knows English only.
   */
  translate?(names: readonly string[], language: string, call: Call): Promise<(string | null)[]>;
  dispose(): Promise<void>;
}
