/** Models that write a sentence about one image. */
import type { Call } from "./call.ts";
import type { DecodedImage, InputSpec } from "./image-decoder.ts";

export interface Caption {
  readonly text: string;
  /** length-normalised log-probability, <= 0, comparable within one captioner only */
  readonly score: number;
}

export interface Captioner {
  /** `starter-captioner@1`: the recipe under which captions are kept */
  readonly id: string;
  readonly maxBatch: number;
  /** the geometry of the images it is given; the decoder delivers exactly this */
  readonly input: InputSpec;
  /** One caption an image, input order. */
  caption(images: readonly DecodedImage[], call: Call): Promise<Caption[]>;
  dispose(): Promise<void>;
}
