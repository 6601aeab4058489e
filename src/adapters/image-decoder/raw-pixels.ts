/** Decoded pixels on their way to sharp, from the formats that sharp itself does not read. */

export interface RawPixels {
  /** interleaved RGB or RGBA, 8 bits a channel */
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
}

/** Called with a picture's size before its pixels are decoded; throws when there are too many. */
export type CheckSize = (width: number, height: number) => void;
