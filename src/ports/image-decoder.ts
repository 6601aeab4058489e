/** From the bytes of a file to pixels and facts. Backends never trust a file's name or header. */
import type { ImageFormat } from "../core/image-format.ts";
import type { DecodedImage, InputSpec } from "../core/resample.ts";
import type { Call } from "./call.ts";

export type { DecodedImage, ImageFormat, InputSpec };

/** What is known of one image beside its pixels; all of it derived from its bytes. */
export interface ImageFacts {
  /** pixels, after orientation */
  readonly width: number;
  readonly height: number;
  readonly format: ImageFormat;
  /** ISO 8601 local time without zone, from EXIF, XMP or IPTC; null when there is none */
  readonly takenAt: string | null;
  /** degrees, WGS 84 */
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly camera: string | null;
  /** what a person wrote into the file; null when nobody did */
  readonly title: string | null;
  /** in the file's order, each once */
  readonly keywords: readonly string[];
  /** share of the rows that could be decoded, in (0, 1]; below 1 the rest of the file is missing */
  readonly readable: number;
  /** null for images that an older Albumen recorded */
  readonly looks: PictureLooks | null;
  /** mean colour, sRGB 0..255 */
  readonly meanColor: readonly [number, number, number];
}

/** What the pixels alone say; see core/perceptual-hash.ts for each. */
export interface PictureLooks {
  /** 16 hexadecimal digits */
  readonly perceptualHash: string;
  /** >= 0, comparable between shots of one scene */
  readonly sharpness: number;
  /** in (0, 1], likewise */
  readonly exposure: number;
  /** a blurred likeness in about 25 bytes, base64 (https://evanw.github.io/thumbhash/) */
  readonly thumbhash: string;
}

export interface DecodeRequest {
  /** the geometry of the model's input; the image comes back in exactly this size */
  readonly input: InputSpec;
  /** false saves the time of encoding one */
  readonly thumbnail: boolean;
}

export interface Decoded {
  readonly image: DecodedImage;
  readonly facts: ImageFacts;
  /** WebP, longest side 256 px or the original's, sRGB, without metadata; null when not asked for */
  readonly thumbnail: Uint8Array | null;
}

/**
 * Runs off the main thread: ONNX Runtime's `run` blocks it, and decoding the next batch is to overlap.
 * The caller bounds how many calls are in flight; `parallelism` says how many the backend works on at once.
 */
export interface ImageDecoder {
  readonly parallelism: number;
  /** Errors: every `IMAGE_*` code; nothing else escapes for bad bytes. May detach `bytes`. */
  decode(bytes: Uint8Array, request: DecodeRequest, call: Call): Promise<Decoded>;
  dispose(): Promise<void>;
}
