/** Models that write a sentence about one image. */
import type { AlbumenError } from "../errors.ts";
import type { Call } from "./call.ts";
import type { DecodedImage, InputSpec } from "./image-decoder.ts";

export interface Caption {
  readonly text: string;
  /** length-normalised log-probability, <= 0, comparable within one captioner only; 0 where the captioner tells none */
  readonly score: number;
}

export interface Captioner {
  /** `starter-captioner@1`: the recipe under which captions are kept */
  readonly id: string;
  readonly maxBatch: number;
  /** the geometry of the images it is given; the decoder delivers exactly this */
  readonly input: InputSpec;
  /**
   * One caption an image, input order; an error in its place is that image's own and says nothing of the others.
   * Errors: `OUT_OF_MEMORY`, where fewer images may do; `LLM_UNREACHABLE`, `LLM_REFUSED` of captioners behind a network,
   * where asking again is no use; `ABORTED`.
   */
  caption(images: readonly DecodedImage[], call: Call): Promise<(Caption | AlbumenError)[]>;
  dispose(): Promise<void>;
}

/** A captioner that is not loaded yet: it is heavy, and a run in which nothing is to be written needs none. */
export interface CaptionerSource {
  /** of the captioner that `open` gives */
  readonly id: string;
  /**
   * false: it invents where it has not learned, and its captions are shown only where the picture's own words agree;
   * true: they are shown as they are
   */
  readonly isTrusted: boolean;
  /** host that small copies of the pictures are sent to; null: they stay on this machine */
  readonly sendsTo: string | null;
  open(): Promise<Captioner>;
}
